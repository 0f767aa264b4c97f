"""pixelferry inspect: what the first 33 bytes of a PNG say."""

import json
from typing import Any

import click

from pixelferry import Header
from pixelferry import inspect as inspect_png
from pixelferry.cli.report import FAILURES, tell_failure
from pixelferry.files import read_head

_COLOR_TYPES = {0: "gray", 2: "RGB", 3: "palette", 4: "gray + alpha", 6: "RGBA"}


@click.command()
@click.argument("sources", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each file, on a line.")
def inspect(sources: tuple[str, ...], as_json: bool) -> int:
    """Print what the header of each PNG says.

    The file - is standard input. Only 33 bytes are read.
    """
    failed = 0
    for source in sources:
        try:
            header = inspect_png(read_head(source))
        except FAILURES as error:
            tell_failure(source, error)
            failed += 1
        else:
            click.echo(json.dumps(_members(source, header)) if as_json else _line(source, header))
    return 1 if failed else 0


def _members(source: str, header: Header) -> dict[str, Any]:
    """The names are those of the HTTP service."""
    return {
        "file": source,
        "width": header.width,
        "height": header.height,
        "color_type": header.color_type,
        "bit_depth": header.bit_depth,
        "interlace": header.interlace,
        "bmp_bytes": header.output_size,
        "working_set_bytes": header.working_set,
    }


def _line(source: str, header: Header) -> str:
    interlace = ", Adam7" if header.interlace else ""
    return (
        f"{source}: {header.width} x {header.height}, "
        f"{header.bit_depth}-bit {_COLOR_TYPES[header.color_type]}{interlace}; "
        f"as BMP {header.output_size} bytes"
    )
