"""What the commands tell people: results on standard output, all else on standard error."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from pixelferry import InvalidPng, LimitExceeded

FAILURES = (InvalidPng, LimitExceeded, MemoryError, OSError)  # of one file; the others go on


def show(line: str) -> None:
    """Print one line of a result; ends the command if standard output takes no more."""
    try:
        click.echo(line)
    except BrokenPipeError:  # click ends the command, quietly
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is still buffered
        raise click.ClickException(f"standard output: {error.strerror}") from error


def tell(line: str) -> None:
    """Say one line in the name of the program."""
    if sys.stderr is not None:  # closed: print would take standard output instead
        print(f"pixelferry: {line}", file=sys.stderr)


def tell_failure(source: str, error: Exception) -> None:
    """Say which file failed and why."""
    tell(f"{source}: {_reason(source, error)}")


@contextmanager
def progress(sources: Sequence[str]) -> Iterator[Iterator[str]]:
    """The sources one by one, with a progress bar if they are many and a person is watching."""
    if len(sources) == 1 or not sys.stderr.isatty():
        yield iter(sources)
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import, and seldom needed
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield iter(bar.track(sources, description="converting"))


def _reason(source: str, error: Exception) -> str:
    if isinstance(error, InvalidPng):
        placed = error.code != "refused_by_lodepng"
        return f"{error} (at byte {error.offset})" if placed else str(error)
    if isinstance(error, LimitExceeded):
        return f"{error} ({error.asked}, allowed are {error.limit})"
    if isinstance(error, OSError):
        where = "" if error.filename in {None, source} else f"{error.filename}: "
        return f"{where}{error.strerror}"
    return str(error) or "not enough memory"
