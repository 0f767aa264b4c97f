"""The longest conversions within the inline limits: what the event loop may have to wait for.

Two attacks on time bound the limits. Input: deflate blocks that each carry Huffman codes and no
data, 11.4 bytes a piece. Output: one-pixel rows of 16-bit RGBA, Paeth, Adam7. Together they are the
worst case found. Usage: PYTHONPATH=tests python bench/inline_worst_case.py
"""

import time
import zlib

import pixelferry
from pixelferry.settings import Settings
from png_writer import RGBA, Chunk, Picture, encode, ihdr, scanlines

PAETH = 4
ROUNDS = 50
# RFC 1951, 3.2.7: the order of the code length codes; here 18 (zeros) and 1 (one length) are used.
CODE_LENGTH_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1)


class BitWriter:
    """Collects bits, least significant first, as deflate does."""

    def __init__(self) -> None:
        self.value = 0
        self.size = 0

    def put(self, value: int, bits: int) -> None:
        """Append the lowest `bits` bits of `value`."""
        self.value |= value << self.size
        self.size += bits


def empty_dynamic_block() -> tuple[int, int]:
    """Return (bits, size) of a block that has Huffman codes and only the end-of-block symbol."""
    bits = BitWriter()
    bits.put(0b100, 3)  # not final, dynamic codes
    bits.put(0, 5)  # 257 literal/length codes
    bits.put(0, 5)  # 1 distance code
    bits.put(len(CODE_LENGTH_ORDER) - 4, 4)
    for symbol in CODE_LENGTH_ORDER:
        bits.put(symbol in {1, 18}, 3)
    for zeros in (138, 118):  # 256 literals without a code; symbol 18 has the code 1
        bits.put(1, 1)
        bits.put(zeros - 11, 7)
    bits.put(0, 3)  # end of block and distance 0 have length 1; then the end of the block
    return bits.value, bits.size


def deflate_blocks(total: int) -> bytes:
    """Return about `total` bytes of such blocks, ended at a byte by an empty stored block."""
    bits = BitWriter()
    value, size = empty_dynamic_block()
    while bits.size + size < 8 * total:
        bits.put(value, size)
    bits.put(0, 3)
    bits.put(0, -bits.size % 8)
    return bits.value.to_bytes(bits.size // 8, "little") + b"\0\0\xff\xff"


def worst_png(max_input: int, max_output: int) -> bytes:
    """Return a valid PNG that fills both limits."""
    height = (max_output - 54) // 4
    row = ((0, 0, 0, 0),)
    data = scanlines(Picture(RGBA, 16, (row,) * height), filters=[PAETH], interlaced=True)
    compressor = zlib.compressobj(9, wbits=-15)
    picture = compressor.compress(data) + compressor.flush()
    blocks = deflate_blocks(max_input - len(picture) - 100)
    stream = b"\x78\xda" + blocks + picture + zlib.adler32(data).to_bytes(4, "big")
    parts = [ihdr(1, height, RGBA, 16, interlaced=True), Chunk(b"IDAT", stream), Chunk(b"IEND")]
    return encode(parts)


def shortest_ms(png: bytes) -> float:
    """Return the best of some rounds: noise only ever adds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        pixelferry.convert(png)
        times.append(time.perf_counter() - started)
    return min(times) * 1e3


def main() -> None:
    """Print the worst case for the limits in force, and for each alone."""
    limits = Settings()
    for max_input, max_output in (
        (limits.inline_max_input, limits.inline_max_output),
        (limits.inline_max_input, 1024),
        (2048, limits.inline_max_output),
    ):
        png = worst_png(max_input, max_output)
        size = pixelferry.inspect(png).output_size
        print(f"input {len(png):7,} B, output {size:7,} B: {shortest_ms(png):.3f} ms")


if __name__ == "__main__":
    main()
