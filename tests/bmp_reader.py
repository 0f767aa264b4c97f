"""A strict reader of the default BMP: every byte of the file is either asserted or returned.

Shares nothing with the writer it judges.
"""

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Bmp:
    width: int
    height: int
    pixels_per_metre: tuple[int, int]
    rgb: bytes  # triples, the top row first, without padding


def read_bmp(file: bytes | memoryview) -> Bmp:
    """Reads a bottom-up 24-bit BMP with BITMAPINFOHEADER; AssertionError if it is anything else."""
    file = bytes(file)
    magic, file_size, reserved_1, reserved_2, pixel_offset = struct.unpack_from("<2sIHHI", file)
    assert magic == b"BM"
    assert file_size == len(file)
    assert (reserved_1, reserved_2) == (0, 0)
    assert pixel_offset == 54

    header_size, width, height, planes, depth = struct.unpack_from("<IiiHH", file, 14)
    assert header_size == 40
    assert width > 0
    assert height > 0, "the rows stand bottom-up"
    assert (planes, depth) == (1, 24)

    compression, image_size, x_density, y_density, used, important = struct.unpack_from(
        "<IIiiII", file, 30
    )
    stride = (3 * width + 3) // 4 * 4
    assert compression == 0, "BI_RGB"
    assert image_size == stride * height == file_size - pixel_offset
    assert (used, important) == (0, 0)

    rows = []
    for start in range(file_size - stride, pixel_offset - 1, -stride):
        bgr = file[start : start + 3 * width]
        assert not any(file[start + 3 * width : start + stride]), "padding is zero"
        row = bytearray(bgr)
        row[0::3], row[2::3] = bgr[2::3], bgr[0::3]
        rows.append(row)
    assert len(rows) == height
    return Bmp(width, height, (x_density, y_density), b"".join(rows))
