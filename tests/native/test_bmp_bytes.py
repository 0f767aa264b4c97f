"""Every byte of the BMP is right for every kind of PNG: header, pixels, padding, size.

What is expected comes from the samples that the PNG was written from, not from another decoder.
"""

import zlib
from pathlib import Path

import pytest

import pixelferry
from bmp_reader import Bmp, read_bmp
from png_writer import (
    GRAY,
    KINDS,
    PALETTE,
    RGB,
    Chunk,
    Picture,
    chunks,
    encode,
    expected_rgb,
    noise,
    phys,
    png,
    scanlines,
    small_png,
)
from readers import READERS, Reader

WIDTHS = range(1, 18)
EVERY_FILTER = (0, 1, 2, 3, 4)


def converted(file: bytes) -> Bmp:
    return read_bmp(bytes(pixelferry.convert(file)))


def test_whole_file_of_two_pixels() -> None:
    pixels = (((1, 2, 3),), ((4, 5, 6),))
    assert bytes(pixelferry.convert(png(Picture(RGB, 8, pixels)))) == bytes.fromhex(
        "42 4d 3e 00 00 00 00 00 00 00 36 00 00 00"  # BM, bfSize 62, bfOffBits 54
        "28 00 00 00 01 00 00 00 02 00 00 00 01 00 18 00"  # 40, 1 × 2, one plane, 24 bits
        "00 00 00 00 08 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
        "06 05 04 00 03 02 01 00"  # bottom row first, B G R, padded to 4
    )


@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "adam7"])
@pytest.mark.parametrize(("color_type", "bit_depth"), KINDS)
def test_pixels_of_every_kind_and_width(color_type: int, bit_depth: int, interlaced: bool) -> None:
    for width in WIDTHS:
        picture = noise(width, 11, color_type, bit_depth)
        bmp = converted(png(picture, filters=EVERY_FILTER, interlaced=interlaced))
        assert (bmp.width, bmp.height) == (width, 11)
        assert bmp.rgb == expected_rgb(picture), f"width {width}"


@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "adam7"])
@pytest.mark.parametrize("filter_type", EVERY_FILTER)
@pytest.mark.parametrize(("color_type", "bit_depth"), KINDS)
def test_pixels_of_every_filter(
    color_type: int, bit_depth: int, filter_type: int, interlaced: bool
) -> None:
    picture = noise(37, 9, color_type, bit_depth, seed=filter_type)
    bmp = converted(png(picture, filters=(filter_type,), interlaced=interlaced))
    assert bmp.rgb == expected_rgb(picture)


@pytest.mark.parametrize("height", range(1, 10))
def test_adam7_passes_that_are_empty(height: int) -> None:
    for width in range(1, 10):
        picture = noise(width, height, RGB, 8)
        assert converted(png(picture, interlaced=True)).rgb == expected_rgb(picture)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("width", WIDTHS)
def test_independent_readers_agree(width: int, reader: Reader) -> None:
    picture = noise(width, 5, RGB, 8)
    bitmap = pixelferry.convert(png(picture))
    assert reader(bytes(bitmap)) == (width, 5, expected_rgb(picture))


@pytest.mark.parametrize("width", WIDTHS)
def test_padding_is_zero_in_a_reused_block(width: int) -> None:
    pixelferry.convert(small_png(width=64, height=8, value=255)).release()
    converted(small_png(width=width, height=8, value=255))  # the reader looks at the padding


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ([], (0, 0)),
        ([phys(2835, 5669)], (2835, 5669)),
        ([phys(3, 2, unit=0)], (0, 0)),  # an aspect ratio only
        ([phys(2**31 - 1, 1)], (2**31 - 1, 1)),
    ],
    ids=["none", "metre", "ratio", "largest"],
)
def test_pixels_per_metre(extra: list[Chunk], expected: tuple[int, int]) -> None:
    assert converted(png(noise(3, 2, RGB, 8), extra=extra)).pixels_per_metre == expected


def test_index_beyond_the_palette_is_black() -> None:
    picture = noise(16, 16, PALETTE, 8, colors=100)
    assert any(pixel[0] >= 100 for row in picture.rows for pixel in row)
    assert converted(png(picture)).rgb == expected_rgb(picture)


@pytest.mark.parametrize(
    ("color_type", "trns"),
    [(GRAY, b"\0\x07"), (RGB, b"\0\x01\0\x02\0\x03"), (PALETTE, bytes(range(256)))],
)
def test_transparency_leaves_colors_alone(color_type: int, trns: bytes) -> None:
    picture = noise(8, 8, color_type, 8)
    bmp = converted(png(picture, extra=[Chunk(b"tRNS", trns)]))
    assert bmp.rgb == expected_rgb(picture)


@pytest.mark.parametrize("idat_size", [1, 2, 3, 7, 64])
def test_image_data_in_many_chunks(idat_size: int) -> None:
    picture = noise(13, 7, RGB, 8)
    assert converted(png(picture, idat_size=idat_size)).rgb == expected_rgb(picture)


def test_image_data_with_empty_chunks() -> None:
    picture = noise(13, 7, RGB, 8)
    first, *rest = chunks(picture, zlib.compress(scanlines(picture)), idat_size=20)
    empty = Chunk(b"IDAT")
    spread = [
        part for chunk in rest for part in ((empty, chunk) if chunk.type == b"IDAT" else (chunk,))
    ]
    assert converted(encode([first, *spread])).rgb == expected_rgb(picture)


@pytest.mark.parametrize("level", [0, 1, 9])
def test_image_data_of_every_deflate_block_type(level: int) -> None:
    picture = noise(64, 64, RGB, 8)
    file = encode(chunks(picture, zlib.compress(scanlines(picture), level)))
    assert converted(file).rgb == expected_rgb(picture)


def test_bytes_after_iend_are_ignored() -> None:
    picture = noise(5, 5, RGB, 8)
    assert converted(png(picture) + b"junk").rgb == expected_rgb(picture)


def test_layout_is_told(photo: Path) -> None:
    bitmap = pixelferry.convert(photo.read_bytes())
    assert (bitmap.width, bitmap.height, bitmap.stride, bitmap.depth) == (600, 400, 1800, 24)
    assert bitmap.nbytes == len(bitmap) == 54 + 1800 * 400
