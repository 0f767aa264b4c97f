"""A PNG that takes seconds to convert although it is small: for tests that act while one runs.

Its deflate stream repeats one compressed block of zeros, so it is made at once. It ends too early:
the conversion is meant to be cancelled and is never valid.
"""

import zlib

from png_writer import RGB, Chunk, encode, ihdr

BLOCK = 1 << 20


def endless_png(width: int = 40_000, height: int = 20_000) -> bytes:
    """An RGB PNG of width × height black pixels, a thousandth of their size."""
    compressor = zlib.compressobj(9)
    first = compressor.compress(bytes(BLOCK)) + compressor.flush(zlib.Z_FULL_FLUSH)
    again = compressor.compress(bytes(BLOCK)) + compressor.flush(zlib.Z_FULL_FLUSH)
    blocks = height * (1 + 3 * width) // BLOCK
    return encode(
        [
            ihdr(width, height, RGB, 8),
            Chunk(b"IDAT", first + again * (blocks - 1)),
            Chunk(b"IEND"),
        ]
    )
