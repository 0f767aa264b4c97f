"""pixelferry inspect: what the first 33 bytes of a PNG say."""

import json

import click

from pixelferry import Header
from pixelferry import inspect as inspect_png
from pixelferry.cli.report import FAILURES, show, tell_failure
from pixelferry.description import describe
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
            show(_json(source, header) if as_json else _line(source, header))
    return 1 if failed else 0


def _json(source: str, header: Header) -> str:
    return json.dumps({"file": source, **describe(header)})


def _line(source: str, header: Header) -> str:
    interlace = ", Adam7" if header.interlace else ""
    return (
        f"{click.format_filename(source)}: {header.width} x {header.height}, "
        f"{header.bit_depth}-bit {_COLOR_TYPES[header.color_type]}{interlace}; "
        f"as BMP {header.output_size} bytes"
    )
