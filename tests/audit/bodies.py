"""Bodies whose every part can be told from its bytes, and the answers they lead to.

They are made of words of 8 bytes: a magic number and the word's index. The counter finds a word in
anything that is copied, and knows from its index where in the body it stands.
"""

import struct
import zlib
from array import array
from dataclasses import dataclass

from png_writer import RGB, Chunk, encode, ihdr

WORD = 8
MAGIC_IN, MAGIC_OUT = b"\xe3\x91\xd5\xb7", b"\xc9\xf1\xa7\x8d"
BMP_HEAD = 54  # bytes


@dataclass(frozen=True, eq=False)
class Body:
    """A payload, and where its words are."""

    data: bytes
    first_word: int
    words: int
    magic: bytes
    added: int = 0
    """What was added to each byte of the words since."""

    def plus(self, number: int) -> "Body":
        """Return what /rotate makes of it."""
        added = (self.added + number) % 256
        table = bytes((byte + number) % 256 for byte in range(256))
        translated = self.data.translate(table)
        return Body(translated, self.first_word, self.words, self.magic.translate(table), added)


def numbered(magic: bytes, count: int) -> bytes:
    """Return `count` words."""
    halves = array("I", bytes(WORD * count))
    halves[0::2] = array("I", struct.unpack("<I", magic) * count)
    halves[1::2] = array("I", range(count))
    return halves.tobytes()


def raw_body(size: int) -> Body:
    """Return bytes that are no picture: words, and what is left of `size`."""
    count = size // WORD
    data = numbered(MAGIC_IN, count) + b"\xee\xdd\xcc\xbb\xaa\x99\x88"[: size % WORD]
    return Body(data, 0, count, MAGIC_IN)


def picture(size: int, width: int, height: int) -> tuple[Body, Body]:
    """Return a PNG of about `size` bytes and the BMP it becomes; `width` is a multiple of 8.

    Most of the PNG is a private chunk of words, the pixels of the BMP are words.
    """
    pixels = numbered(MAGIC_OUT, 3 * width * height // WORD)
    stride = 3 * width
    rows = [pixels[at : at + stride] for at in range(0, len(pixels), stride)][::-1]
    scanlines = b"".join(b"\0" + _swapped(row) for row in rows)
    head, idat, end = (
        ihdr(width, height, RGB, 8),
        Chunk(b"IDAT", zlib.compress(scanlines)),
        Chunk(b"IEND"),
    )
    around = len(encode([head, idat, end])) + 12
    count = max(1, (size - around) // WORD)
    data = encode([head, Chunk(b"woRd", numbered(MAGIC_IN, count)), idat, end])
    png = Body(data, data.index(b"woRd") + 4, count, MAGIC_IN)
    return png, Body(_bmp_head(width, height) + pixels, BMP_HEAD, len(pixels) // WORD, MAGIC_OUT)


def _swapped(row: bytes) -> bytes:
    """Return pixels with red and blue exchanged."""
    swapped = bytearray(row)
    swapped[0::3], swapped[2::3] = row[2::3], row[0::3]
    return bytes(swapped)


def _bmp_head(width: int, height: int) -> bytes:
    pixels = 3 * width * height
    return struct.pack("<2sIHHI", b"BM", BMP_HEAD + pixels, 0, 0, BMP_HEAD) + struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, 24, 0, pixels, 0, 0, 0, 0
    )
