"""What hostile PNGs cost: time for each byte of input and of output, and memory beside both.

Prints a table: each case by itself, worst first. Input is whatever is slow to read and yields
nothing or little; output is legitimate expansion, which costs time for what comes out of it.

Usage: PYTHONPATH=tests .venv/bin/python bench/worst_case.py [--quick]
"""

import argparse
import contextlib
import ctypes
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import pixelferry
from deflate_blocks import (
    LENGTH_3,
    BitWriter,
    dynamic_block,
    equal_codes,
    fixed_block,
    repeated,
    stored_block,
)
from png_writer import ADAM7, CHANNELS, GRAY, PALETTE, RGB, RGBA, WHOLE, Chunk, encode, ihdr

MIB = 1 << 20
PAETH = 4
ZLIB_HEADER = b"\x78\xda"
END = Chunk(b"IEND")
# ISA-L streams what expands 1 to 6 times, zlib-ng the rest: docs/conversion.md.
FOR_ISAL, FOR_ZLIB_NG = 3, 1 / 2


@dataclass(frozen=True)
class Case:
    """A file, made when its turn comes: it is large."""

    name: str
    make: Callable[[], bytes]


@dataclass(frozen=True)
class Measured:
    """One line of the table."""

    name: str
    verdict: str
    input_bytes: int
    output_bytes: int
    seconds: float
    extra_bytes: int


def image(
    header: Chunk, stream: bytes, *, idat_bytes: int | None = None, before: bytes = b""
) -> bytes:
    """Return a PNG of this zlib stream, with a palette, in IDATs of `idat_bytes`."""
    piece = idat_bytes or len(stream)
    idats = b"".join(
        Chunk(b"IDAT", stream[at : at + piece]).encoded() for at in range(0, len(stream), piece)
    )
    head = encode([header, Chunk(b"PLTE", bytes(range(6)))])
    return head + before + idats + END.encoded()


def engine(expands: float) -> str:
    """Name what inflates such data first."""
    return "ISA-L" if expands == FOR_ISAL else "zlib-ng"


def declared(bytes_filtered: float) -> Chunk:
    """Return the IHDR of a picture of about so many bytes of filtered scanlines."""
    width = 2048
    return ihdr(width, max(1, round(bytes_filtered / (1 + 8 * width))), RGBA, 16)


def blocks_case(name: str, block: BitWriter | bytes, size: int, expands: float) -> Case:
    """Return `size` bytes of such blocks behind a header that promises `expands` times as much."""

    def make() -> bytes:
        if isinstance(block, bytes):
            return image(declared(expands * size), ZLIB_HEADER + block * (size // len(block)))
        return image(declared(expands * size), ZLIB_HEADER + repeated(block, size))

    return Case(f"{name} ({engine(expands)})", make)


def input_cases(size: int) -> Iterator[Case]:
    """Return what is slow to read."""
    chain = [0] * 241 + [*range(1, 16), 15]
    long = [*range(1, 8), *[0] * 23, *[15] * 256]
    gaps = [13] * 286  # no complete code: only ISA-L takes it
    blocks: dict[str, BitWriter | bytes] = {
        "empty blocks of 2 codes": dynamic_block(equal_codes(1)),
        "empty blocks of 16 codes": dynamic_block(equal_codes(4)),
        "empty blocks of 64 codes": dynamic_block(equal_codes(6)),
        "empty blocks of 256 codes": dynamic_block(equal_codes(8)),
        "empty blocks of 257 codes, 16 distances": dynamic_block([8] * 255 + [9] * 2, [4] * 16),
        "empty blocks of 1 to 15 bits": dynamic_block(chain),
        "empty blocks of 256 codes of 15 bits": dynamic_block(long),
        "empty blocks of 286 codes of 13 bits": dynamic_block(gaps),
        "16 codes, 14 bytes each block": dynamic_block([4] * 15 + [0] * 241 + [4], body=[1] * 14),
        "286 codes of 13 bits, 540 bytes each": dynamic_block(gaps, body=[1] * 333),
        "empty fixed blocks": fixed_block(),
        "empty stored blocks": stored_block(),
    }
    for name, block in blocks.items():
        for expands in (FOR_ISAL, FOR_ZLIB_NG):
            yield blocks_case(name, block, size, expands)
    coder = zlib.compressobj(9, strategy=zlib.Z_HUFFMAN_ONLY)
    filters = bytes(Random(1).choices(range(5), k=4 * size // 13))  # literals of 2 or 3 bits
    tiny = {
        "literals": coder.compress(filters) + coder.flush(),
        "blocks of 16 codes": ZLIB_HEADER + repeated(dynamic_block(equal_codes(4)), size // 13),
    }
    for name, stream in tiny.items():
        for expands in (FOR_ISAL, FOR_ZLIB_NG):
            header = declared(expands * len(stream))
            yield Case(
                f"IDATs of 1 byte, {name} ({engine(expands)})",
                partial(image, header, stream, idat_bytes=1),
            )
    empty = zlib.compress(b"\0\0")
    pixel = ihdr(1, 1, GRAY, 8)
    for name, chunk in (
        ("IDATs without data", Chunk(b"IDAT")),
        ("ancillary chunks without data", Chunk(b"teSt")),
        ("palettes of one entry", Chunk(b"PLTE", b"abc")),
        ("one zTXt", Chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(MIB)) * (size // 1040))),
        ("one iCCP", Chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(MIB)) * (size // 1040))),
    ):
        many = chunk.encoded() * max(1, size // len(chunk.encoded()))
        yield Case(name, partial(image, pixel, empty, before=many))
    bomb = zlib.compress(bytes(16 * MIB), 9)
    yield Case("IDAT beyond IHDR", partial(image, pixel, bomb))
    yield Case("65,535 × 762 of 2 bytes", partial(image, ihdr(65_535, 762, RGB, 8), empty))


def picture(
    width: int, height: int, color_type: int, depth: int, fill: int = 0, *, adam7: bool = False
) -> Callable[[], bytes]:
    """Return a maker of one color, all Paeth, as small as deflate gets it."""

    def make() -> bytes:
        compressor = zlib.compressobj(9)
        stream = bytearray()
        for row_bytes, rows in passes(width, height, CHANNELS[color_type] * depth, adam7=adam7):
            row = bytes([PAETH]) + bytes([fill]) * row_bytes
            for at in range(0, rows, 256):
                stream += compressor.compress(row * min(256, rows - at))
        stream += compressor.flush()
        return image(ihdr(width, height, color_type, depth, interlaced=adam7), bytes(stream))

    return make


def passes(width: int, height: int, bits: int, *, adam7: bool) -> Iterator[tuple[int, int]]:
    """Yield bytes of a row and rows of each pass that has any."""
    for left, top, right, down in ADAM7 if adam7 else WHOLE:
        columns, rows = len(range(left, width, right)), len(range(top, height, down))
        if columns and rows:
            yield (columns * bits + 7) // 8, rows


def short_symbols(side: int, symbol: int, yields: int) -> Callable[[], bytes]:
    """Return a maker of 16-bit RGBA whose data is one short symbol, again and again.

    `symbol` yields so many bytes: a literal 1, LENGTH_3 three. The data ends a little too early.
    """

    def make() -> bytes:
        lengths = [0] * 258
        lengths[0], lengths[256] = 2, 2
        lengths[symbol] = 1
        block = dynamic_block(lengths, body=[0, *[symbol] * 4096])
        blocks = side * (1 + 8 * side) // (1 + 4096 * yields)
        stream = repeated(block, blocks * block.size // 8)
        return image(ihdr(side, side, RGBA, 16), ZLIB_HEADER + stream)

    return make


def output_cases(side: int) -> Iterator[Case]:
    """Return what expands as a PNG may."""
    for name, color_type, depth in (
        ("RGBA16", RGBA, 16),
        ("RGB8", RGB, 8),
        ("gray 1 bit", GRAY, 1),
        ("palette 1 bit", PALETTE, 1),
        ("palette 8 bits", PALETTE, 8),
    ):
        for adam7 in (False, True):
            yield Case(
                f"{side} × {side} {name} Paeth{' Adam7' if adam7 else ''}",
                picture(side, side, color_type, depth, adam7=adam7),
            )
    yield Case(f"{side} × {side} RGBA16, literals of 1 bit", short_symbols(side, 1, 1))
    yield Case(f"{side} × {side} RGBA16, matches of 3 bytes", short_symbols(side, LENGTH_3, 3))
    for width, height in ((1, 65_535), (65_535, 1), (3, 65_535), (side * side // 65_535, 65_535)):
        for adam7 in (False, True):
            yield Case(
                f"{width:,} × {height:,} gray 1 bit{' Adam7' if adam7 else ''}",
                picture(width, height, GRAY, 1, adam7=adam7),
            )
            yield Case(
                f"{width:,} × {height:,} RGBA16 Paeth{' Adam7' if adam7 else ''}",
                picture(width, height, RGBA, 16, adam7=adam7),
            )


def resident(field: str) -> int:
    """Return VmRSS or VmHWM of this process in bytes."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields[field].split()[0]) * 1024


def extra_memory(png: bytes) -> int:
    """Return what a conversion into memory of ours makes the process larger by at its peak."""
    out = bytearray(b"\1") * pixelferry.inspect(png).output_size  # touched
    ctypes.CDLL(None).malloc_trim(0)  # what is free now must not hide what is taken then
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    with contextlib.suppress(pixelferry.PixelferryError):
        pixelferry.convert_into(png, out)
    return max(0, resident("VmHWM") - before)


def measured(case: Case, rounds: int) -> Measured:
    """Convert the file of a case.

    Processor time, the least of some rounds: other load does not count, and noise only adds.
    """
    png = case.make()
    times = []
    for _ in range(rounds):
        output, verdict = 0, "converted"
        started = time.thread_time()
        try:
            output = pixelferry.convert(png).nbytes
        except pixelferry.InvalidPng as error:
            verdict = error.code
        times.append(time.thread_time() - started)
    return Measured(case.name, verdict, len(png), output, min(times), extra_memory(png))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small files, one round: to see that it works"
    )
    quick = parser.parse_args().quick
    rounds, size, side = (1, MIB // 4, 700) if quick else (2, 16 * MIB, 7000)
    print("| case | verdict | input B | output B | s | ns/input B | ns/output B | extra KiB |")
    print("|---|---|---|---|---|---|---|---|")
    for cases in (input_cases(size), output_cases(side)):
        for case in cases:
            row = measured(case, rounds)
            per_output = f"{row.seconds * 1e9 / row.output_bytes:.2f}" if row.output_bytes else "–"
            print(
                f"| {row.name} | {row.verdict} | {row.input_bytes:,} | {row.output_bytes:,} "
                f"| {row.seconds:.3f} | {row.seconds * 1e9 / row.input_bytes:.1f} "
                f"| {per_output} | {row.extra_bytes // 1024:,} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
