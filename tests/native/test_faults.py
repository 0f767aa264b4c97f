"""Whatever is wrong with a file is named, with the byte where it shows; none of it is converted."""

import zlib
from dataclasses import dataclass

import pytest

import pixelferry
from pixelferry._native import pool_stats
from png_writer import (
    PALETTE,
    RGB,
    RGBA,
    SIGNATURE,
    Chunk,
    chunks,
    encode,
    ihdr,
    noise,
    png,
    scanlines,
)

PICTURE = noise(4, 3, RGB, 8)
LINES = scanlines(PICTURE)
DATA = zlib.compress(LINES)
FILE = png(PICTURE)
IHDR, IDAT, IEND = chunks(PICTURE, DATA)
IDAT_AT = 33
IEND_AT = IDAT_AT + 12 + len(DATA)


@dataclass(frozen=True)
class Fault:
    name: str
    file: bytes
    code: str
    offset: int


def header_fault(name: str, at: int, value: bytes, code: str) -> Fault:
    """One field of IHDR is wrong, its CRC is right; `at` is the field's place in the file."""
    data = bytearray(IHDR.data)
    data[at - 16 : at - 16 + len(value)] = value
    return Fault(name, encode([Chunk(b"IHDR", bytes(data)), IDAT, IEND]), code, at)


def chunk_fault(name: str, extra: Chunk, code: str, offset: int = IDAT_AT) -> Fault:
    """One chunk too many, between IHDR and IDAT."""
    return Fault(name, encode([IHDR, extra, IDAT, IEND]), code, offset)


def data_fault(name: str, data: bytes, code: str) -> Fault:
    """The chunks are right, what IDAT holds is not."""
    return Fault(name, encode([IHDR, Chunk(b"IDAT", data), IEND]), code, IDAT_AT)


PALETTE_HEADER = ihdr(4, 3, PALETTE, 8)
RGBA_HEADER = ihdr(4, 3, RGBA, 8)

FAULTS = [
    Fault("empty", b"", "not_a_png", 0),
    Fault("half a signature", SIGNATURE[:7], "not_a_png", 0),
    Fault("a JPEG", b"\xff\xd8\xff\xe0" + bytes(40), "not_a_png", 0),
    Fault("signature alone", SIGNATURE, "truncated", 8),
    Fault("ends in IHDR", FILE[:32], "truncated", 8),
    Fault(
        "IHDR not first",
        encode([Chunk(b"tEXt", bytes(13)), *(IHDR, IDAT, IEND)]),
        "missing_ihdr",
        8,
    ),
    Fault("long IHDR", encode([Chunk(b"IHDR", bytes(14)), IDAT, IEND]), "bad_ihdr_length", 8),
    Fault("IHDR's CRC", encode([Chunk(b"IHDR", IHDR.data, crc=0), IDAT, IEND]), "bad_crc", 29),
    header_fault("no width", 16, bytes(4), "bad_dimensions"),
    header_fault("height of 2^31", 20, b"\x80\0\0\0", "bad_dimensions"),
    header_fault("depth 3", 24, b"\x03", "bad_bit_depth"),
    header_fault("depth 4 in RGB", 24, b"\x04", "bad_bit_depth"),
    header_fault("color type 5", 25, b"\x05", "bad_color_type"),
    header_fault("compression method", 26, b"\x01", "bad_compression_method"),
    header_fault("filter method", 27, b"\x40", "bad_filter_method"),
    header_fault("interlace method", 28, b"\x02", "bad_interlace_method"),
    Fault("length of 2^31", FILE[:33] + b"\x80\0\0\0" + FILE[37:], "bad_chunk_length", IDAT_AT),
    Fault("ends in IDAT", FILE[: IDAT_AT + 20], "truncated", IDAT_AT),
    Fault("ends before IEND", FILE[:IEND_AT], "missing_iend", IEND_AT),
    Fault("no IDAT", encode([IHDR, IEND]), "missing_idat", IDAT_AT),
    chunk_fault("unknown critical", Chunk(b"ABCD"), "unknown_critical_chunk"),
    chunk_fault("second IHDR", IHDR, "unknown_critical_chunk"),
    chunk_fault("ancillary CRC", Chunk(b"tEXt", b"abc", crc=0), "bad_crc", IDAT_AT + 11),
    chunk_fault("palette of 0", Chunk(b"PLTE"), "bad_palette"),
    chunk_fault("palette of 257", Chunk(b"PLTE", bytes(771)), "bad_palette"),
    chunk_fault("key of one sample", Chunk(b"tRNS", bytes(2)), "bad_transparency"),
    Fault("no palette", encode([PALETTE_HEADER, IDAT, IEND]), "missing_palette", IEND_AT),
    Fault(
        "more alpha than palette",
        encode([PALETTE_HEADER, Chunk(b"PLTE", bytes(3)), Chunk(b"tRNS", bytes(2)), IDAT, IEND]),
        "bad_transparency",
        IDAT_AT + 15,
    ),
    Fault(
        "key beside alpha",
        encode([RGBA_HEADER, Chunk(b"tRNS", bytes(6)), IDAT, IEND]),
        "bad_transparency",
        IDAT_AT,
    ),
    data_fault("no zlib", b"\x79" + DATA[1:], "bad_zlib_header"),
    data_fault("no deflate", DATA[:2] + b"\xff" + DATA[3:], "bad_deflate"),
    data_fault("Adler-32", DATA[:-1] + bytes([DATA[-1] ^ 1]), "bad_adler"),
    data_fault("filter type 5", zlib.compress(b"\x05" + LINES[1:]), "bad_filter_type"),
    data_fault("a byte too much", zlib.compress(LINES + b"\0"), "too_much_data"),
    data_fault("a byte too little", zlib.compress(LINES[:-1]), "too_little_data"),
    data_fault("after the stream", DATA + b"\0", "trailing_data"),
    data_fault("empty", b"", "too_little_data"),
    Fault(
        "IDAT's CRC",
        encode([IHDR, Chunk(b"IDAT", DATA, crc=0), IEND]),
        "bad_crc",
        IEND_AT - 4,
    ),
    Fault("IEND's CRC", encode([IHDR, IDAT, Chunk(b"IEND", crc=0)]), "bad_crc", IEND_AT + 8),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.code}: {fault.name}")
def test_fault_is_named(fault: Fault) -> None:
    with pytest.raises(pixelferry.InvalidPng) as refused:
        pixelferry.convert(fault.file)
    assert (refused.value.code, refused.value.offset) == (fault.code, fault.offset)


@pytest.mark.parametrize("size", range(len(FILE)))
def test_no_part_of_a_file_is_converted(size: int) -> None:
    with pytest.raises(pixelferry.InvalidPng):
        pixelferry.convert(FILE[:size])


def test_a_failed_conversion_holds_no_memory() -> None:
    used = pool_stats().used_bytes
    for fault in FAULTS:
        with pytest.raises(pixelferry.InvalidPng):
            pixelferry.convert(fault.file)
    assert pool_stats().used_bytes == used
