"""pixelferry rotate: every byte plus a number, in one pass and bounded memory."""

import os
from contextlib import ExitStack

import click

from pixelferry import request_buffer, rotate_in_place, rotate_split
from pixelferry.cli.report import FAILURES, tell_failure
from pixelferry.files import open_source, open_target, write_all

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
    if output == split:
        raise click.UsageError("--output and --split need different files.")
    try:
        with ExitStack() as files:
            fd = files.enter_context(open_source(source))
            plus = files.enter_context(open_target(output, force=force))
            if split is None:
                _rotate(fd, plus, by)
            else:
                _split(fd, plus, files.enter_context(open_target(split, force=force)), by)
    except FAILURES as error:
        tell_failure(source, error)
        return 1
    return 0


def _rotate(fd: int, plus: int, by: int) -> None:
    view = memoryview(request_buffer(_STEP))
    while count := os.readv(fd, [view]):
        rotate_in_place(view[:count], by)
        write_all(plus, view[:count])


def _split(fd: int, plus: int, minus: int, by: int) -> None:
    view = memoryview(request_buffer(_STEP))
    while count := os.readv(fd, [view]):
        with rotate_split(view[:count], by) as inverse:
            write_all(plus, view[:count])
            write_all(minus, memoryview(inverse))
