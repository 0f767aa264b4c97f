"""What the header of a PNG says, under the names that the service and the command line share."""

from typing import Final

from pixelferry._native import Header

HEADER_BYTES: Final = 33  # signature and IHDR: all that inspect() looks at


def describe(header: Header) -> dict[str, int]:
    """Return the members of a JSON object. Sizes are in bytes."""
    return {
        "width": header.width,
        "height": header.height,
        "color_type": header.color_type,
        "bit_depth": header.bit_depth,
        "interlace": header.interlace,
        "bmp_bytes": header.output_size,
        "working_set_bytes": header.working_set,
    }
