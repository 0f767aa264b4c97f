"""The pixels of a 24-bit BMP file: what everybody who writes one must agree on."""

import struct


def pixels_of_bmp(bmp: bytes) -> bytes:
    """Return RGB triples, top row first, unpadded. Raises ValueError for another kind of BMP."""
    offset, _, width, height, _, depth, compression = struct.unpack("<IIiiHHI", bmp[10:34])
    if bmp[:2] != b"BM" or depth != 24 or compression != 0 or height < 0:
        raise ValueError("not a bottom-up 24-bit BMP")
    row, stride = 3 * width, (3 * width + 3) // 4 * 4
    if len(bmp) != offset + stride * height:
        raise ValueError("the size is wrong")
    bgr = b"".join(
        bmp[start : start + row] for start in range(len(bmp) - stride, offset - 1, -stride)
    )
    rgb = bytearray(len(bgr))
    rgb[0::3], rgb[1::3], rgb[2::3] = bgr[2::3], bgr[1::3], bgr[0::3]
    return bytes(rgb)
