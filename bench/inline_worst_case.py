"""The longest conversions within the inline limits: what the event loop may have to wait for.

Two attacks on time bound the limits. Input: deflate blocks that each bring Huffman codes, for which
tables are made, and no data, in one IDAT or two, for they go to different inflaters. Output:
one-pixel rows of 16-bit RGBA, Paeth, Adam7.

Usage: PYTHONPATH=tests python bench/inline_worst_case.py
"""

import time
import zlib

import pixelferry
from pixelferry.settings import Settings
from png_writer import RGBA, Chunk, Picture, encode, ihdr, scanlines

PAETH = 4
ROUNDS = 50
# RFC 1951, 3.2.7: the order of the code length codes.
CODE_LENGTH_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
ZEROS, REPEAT = 18, 16  # 11 to 138 lengths of 0; the last length 3 to 6 times more


class BitWriter:
    """Collects bits, least significant first, as deflate does."""

    def __init__(self) -> None:
        self.value = 0
        self.size = 0

    def put(self, value: int, bits: int) -> None:
        """Append the lowest `bits` bits of `value`."""
        self.value |= value << self.size
        self.size += bits


def empty_dynamic_block(length: int) -> BitWriter:
    """Return a block of 2^`length` codes of that length, the last of which ends it at once."""
    symbols = sorted({ZEROS, REPEAT, length, 17 if length == 1 else 1})
    codes = dict(zip(symbols, (0b00, 0b10, 0b01, 0b11), strict=True))  # highest bit first
    bits = BitWriter()

    def put(symbol: int, extra: int = 0, extra_bits: int = 0) -> None:
        bits.put(codes[symbol], 2)
        bits.put(extra, extra_bits)

    bits.put(0b100, 3)  # not final, dynamic codes
    bits.put(0, 5)  # 257 literal/length codes
    bits.put(0, 5)  # 1 distance code
    described = max(map(CODE_LENGTH_ORDER.index, symbols)) + 1
    bits.put(described - 4, 4)
    for symbol in CODE_LENGTH_ORDER[:described]:
        bits.put(2 if symbol in symbols else 0, 3)
    zeros = 257 - 2**length
    while zeros > 0:
        count = min(zeros, 138)
        count = zeros // 2 if 0 < zeros - count < 11 else count
        put(ZEROS, count - 11, 7)
        zeros -= count
    put(length)
    again = 2**length - 1
    while again >= 3:
        count = min(again, 6)
        put(REPEAT, count - 3, 2)
        again -= count
    for _ in range(again):
        put(length)
    put(1)  # the distance code
    bits.put(2**length - 1, length)  # the last code ends the block
    return bits


def deflate_blocks(block: BitWriter, total: int) -> bytes:
    """Return about `total` bytes of such blocks, ended at a byte by an empty stored block."""
    bits = BitWriter()
    while bits.size + block.size < 8 * total:
        bits.put(block.value, block.size)
    bits.put(0, 3)
    bits.put(0, -bits.size % 8)
    return bits.value.to_bytes(bits.size // 8, "little") + b"\0\0\xff\xff"


def worst_png(max_input: int, max_output: int, length: int, idats: int) -> bytes:
    """Return a valid PNG that fills both limits."""
    height = (max_output - 54) // 4
    row = ((0, 0, 0, 0),)
    data = scanlines(Picture(RGBA, 16, (row,) * height), filters=[PAETH], interlaced=True)
    compressor = zlib.compressobj(9, wbits=-15)
    picture = compressor.compress(data) + compressor.flush()
    blocks = deflate_blocks(empty_dynamic_block(length), max_input - len(picture) - 100)
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
