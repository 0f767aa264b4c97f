"""The longest conversions within the inline limits: what the event loop may have to wait for.

Two attacks on time bound the limits. Input: deflate blocks that each bring Huffman codes, for which
tables are made, and no data, in one IDAT or two, for they go to different inflaters. Output:
one-pixel rows of 16-bit RGBA, Paeth, Adam7.

Usage: PYTHONPATH=tests python bench/inline_worst_case.py
"""

import time
import zlib

import pixelferry
from deflate_blocks import dynamic_block, equal_codes, repeated
from pixelferry.settings import Settings
from png_writer import RGBA, Chunk, Picture, encode, ihdr, scanlines

PAETH = 4
ROUNDS = 50


def worst_png(max_input: int, max_output: int, length: int, idats: int) -> bytes:
    """Return a valid PNG that fills both limits."""
    height = (max_output - 54) // 4
    row = ((0, 0, 0, 0),)
    data = scanlines(Picture(RGBA, 16, (row,) * height), filters=[PAETH], interlaced=True)
    compressor = zlib.compressobj(9, wbits=-15)
    picture = compressor.compress(data) + compressor.flush()
    blocks = repeated(dynamic_block(equal_codes(length)), max_input - len(picture) - 100)
    stream = b"\x78\xda" + blocks + picture + zlib.adler32(data).to_bytes(4, "big")
    cut = len(stream) if idats == 1 else 9
    pieces = [Chunk(b"IDAT", piece) for piece in (stream[:cut], stream[cut:]) if piece]
    header = ihdr(1, height, RGBA, 16, interlaced=True)
    return encode([header, *pieces, Chunk(b"IEND")])


def shortest_ms(png: bytes) -> float:
    """Return the best of some rounds: noise only ever adds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        pixelferry.convert(png)
        times.append(time.perf_counter() - started)
    return min(times) * 1e3


def main() -> None:
    """Print what the limits in force allow, worst first, and each limit alone."""
    limits = Settings()
    found = []
    for max_input, max_output in (
        (limits.inline_max_input, limits.inline_max_output),
        (limits.inline_max_input, 4096),
        (1024, limits.inline_max_output),
    ):
        for length in (1, 3, 4, 5, 7):
            for idats in (1, 2):
                png = worst_png(max_input, max_output, length, idats)
                found.append((shortest_ms(png), len(png), max_output, length, idats))
    for milliseconds, size, output, length, idats in sorted(found, reverse=True):
        print(
            f"{milliseconds:.3f} ms: input {size:6,} B, output {output:7,} B, "
            f"codes of {length} bits, {idats} IDAT"
        )


if __name__ == "__main__":
    main()
