"""pixelferry rotate: every byte plus a number, in one pass and bounded memory."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import click

from pixelferry import request_buffer, rotate_in_place, rotate_split
from pixelferry.cli.report import FAILURES, tell_failure
from pixelferry.files import named, open_source, open_target, place_of, write_all

_STEP = 1024 * 1024  # stays in the CPU's cache between reading and writing


@click.command()
@click.argument("source", metavar="[IN]", default="-")
@click.option("--by", type=int, default=13, show_default=True, help="What is added, modulo 256.")
@click.option("-o", "--output", metavar="FILE", default="-", help="Where the bytes go.")
@click.option(
    "--split", metavar="FILE", help="Write the inverse, every byte minus N, here as well."
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def rotate(source: str, by: int, output: str, split: str | None, force: bool) -> int:
    """Add a number to every byte of a file.

    Without IN it reads standard input. This turns bytes, not pictures: by 13, ABC becomes NOP.
    """
    if split is not None and place_of(output) == place_of(split):
        raise click.UsageError("--output and --split need different files.")
    try:
        with ExitStack() as files:
            fd = files.enter_context(open_source(source))
            plus = files.enter_context(open_target(output, force=force))
            pieces = _pieces(source, fd)
            if split is None:
                _rotate(pieces, plus, by)
            else:
                minus = files.enter_context(open_target(split, force=force))
                _split(pieces, plus, minus, by, output)
    except FAILURES as error:
        tell_failure(source, error)
        return 1
    return 0


def _pieces(source: str, fd: int) -> Iterator[memoryview]:
    """The content of the file, in one buffer again and again."""
    view = memoryview(request_buffer(_STEP))
    with named(source):
        while count := os.readv(fd, [view]):
            yield view[:count]


def _rotate(pieces: Iterator[memoryview], plus: int, by: int) -> None:
    for piece in pieces:
        rotate_in_place(piece, by)
        write_all(plus, piece)


def _split(pieces: Iterator[memoryview], plus: int, minus: int, by: int, output: str) -> None:
    for piece in pieces:
        with rotate_split(piece, by) as inverse:
            with named(output):
                write_all(plus, piece)
            write_all(minus, memoryview(inverse))
