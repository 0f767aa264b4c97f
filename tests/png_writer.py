"""PNG files of every kind the specification knows, and the pixels that must come out of them.

Pure Python, written from the specification, so that it can judge the converter. A faulty file is
made by changing the list that chunks() returns, or the bytes that scanlines() returns.
"""

import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
DEPTHS = {
    GRAY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GRAY_ALPHA: (8, 16),
    RGBA: (8, 16),
}
KINDS = [(color_type, depth) for color_type, depths in DEPTHS.items() for depth in depths]

# Of each Adam7 pass: x and y of its first pixel, step in x and in y.
ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
WHOLE = ((0, 0, 1, 1),)

Pixel = tuple[int, ...]


@dataclass(frozen=True)
class Picture:
    """Rows of pixels, the top one first; a pixel is one sample of bit_depth bits a channel."""

    color_type: int
    bit_depth: int
    rows: tuple[tuple[Pixel, ...], ...]
    palette: tuple[Pixel, ...] = ()

    @property
    def width(self) -> int:
        return len(self.rows[0])

    @property
    def height(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Chunk:
    """One chunk; `crc` replaces the right one."""

    type: bytes
    data: bytes = b""
    crc: int | None = None

    def encoded(self) -> bytes:
        crc = zlib.crc32(self.type + self.data) if self.crc is None else self.crc
        return struct.pack(">I", len(self.data)) + self.type + self.data + struct.pack(">I", crc)


def noise(
    width: int, height: int, color_type: int, bit_depth: int, *, seed: int = 0, colors: int = 256
) -> Picture:
    """Random samples; a palette has at most `colors` entries, indices may lie beyond it."""
    source = random.Random(f"{seed} {width} {height} {color_type} {bit_depth}")
    bound = 1 << bit_depth
    rows = tuple(
        tuple(
            tuple(source.randrange(bound) for _ in range(CHANNELS[color_type]))
            for _ in range(width)
        )
        for _ in range(height)
    )
    entries = min(bound, colors) if color_type == PALETTE else 0
    palette = tuple(tuple(source.randbytes(3)) for _ in range(entries))
    return Picture(color_type, bit_depth, rows, palette)


def expected_rgb(picture: Picture) -> bytes:
    """The 8-bit RGB triples of the picture, the top row first, without padding."""
    return b"".join(_rgb(pixel, picture) for row in picture.rows for pixel in row)


def _rgb(pixel: Pixel, picture: Picture) -> bytes:
    if picture.color_type == PALETTE:
        index = pixel[0]
        return bytes(picture.palette[index]) if index < len(picture.palette) else bytes(3)
    if picture.bit_depth == 16:
        pixel = tuple(sample >> 8 for sample in pixel)
    else:
        pixel = tuple(sample * 255 // ((1 << picture.bit_depth) - 1) for sample in pixel)
    return bytes(pixel[:3] if picture.color_type in {RGB, RGBA} else pixel[:1] * 3)


def png(
    picture: Picture,
    *,
    filters: Sequence[int] = (0,),
    interlaced: bool = False,
    idat_size: int = 1 << 30,
    extra: Sequence[Chunk] = (),
) -> bytes:
    """The whole file; for the arguments see scanlines() and chunks()."""
    compressed = zlib.compress(scanlines(picture, filters=filters, interlaced=interlaced))
    parts = chunks(picture, compressed, interlaced=interlaced, idat_size=idat_size, extra=extra)
    return encode(parts)


def small_png(*, width: int = 1, height: int = 1, value: int = 128) -> bytes:
    """An RGB picture whose samples are all `value`: a small file, whatever its size in pixels."""
    data = zlib.compress((b"\0" + bytes([value]) * (3 * width)) * height)
    return encode([ihdr(width, height, RGB, 8), Chunk(b"IDAT", data), Chunk(b"IEND")])


def encode(parts: Sequence[Chunk]) -> bytes:
    """Signature and chunks."""
    return SIGNATURE + b"".join(part.encoded() for part in parts)


def chunks(
    picture: Picture,
    compressed: bytes,
    *,
    interlaced: bool = False,
    idat_size: int = 1 << 30,
    extra: Sequence[Chunk] = (),
) -> list[Chunk]:
    """IHDR, PLTE if there is a palette, `extra`, IDATs of at most `idat_size` bytes, IEND."""
    shape = picture.width, picture.height, picture.color_type, picture.bit_depth
    parts = [ihdr(*shape, interlaced=interlaced)]
    if picture.palette:
        parts.append(Chunk(b"PLTE", b"".join(map(bytes, picture.palette))))
    parts += extra
    parts += (
        Chunk(b"IDAT", compressed[start : start + idat_size])
        for start in range(0, len(compressed), idat_size)
    )
    return [*parts, Chunk(b"IEND")]


def ihdr(
    width: int, height: int, color_type: int, bit_depth: int, *, interlaced: bool = False
) -> Chunk:
    fields = (width, height, bit_depth, color_type, 0, 0, interlaced)
    return Chunk(b"IHDR", struct.pack(">IIBBBBB", *fields))


def phys(x: int, y: int, unit: int = 1) -> Chunk:
    """Pixels per unit; unit 1 is the metre."""
    return Chunk(b"pHYs", struct.pack(">IIB", x, y, unit))


def scanlines(
    picture: Picture, *, filters: Sequence[int] = (0,), interlaced: bool = False
) -> bytes:
    """What IDAT compresses: every scanline after its filter type; `filters` go round."""
    types = cycle(filters)
    return b"".join(
        filtered
        for left, top, right, down in (ADAM7 if interlaced else WHOLE)
        for filtered in _filtered_rows(
            [row[left::right] for row in picture.rows[top::down]], picture, types
        )
    )


def _filtered_rows(
    rows: Sequence[tuple[Pixel, ...]], picture: Picture, types: Iterator[int]
) -> Iterator[bytes]:
    if not rows or not rows[0]:
        return  # an empty pass has no scanlines at all
    step = max(1, CHANNELS[picture.color_type] * picture.bit_depth // 8)
    above = bytes(len(_packed(rows[0], picture.bit_depth)))
    for row in rows:
        line = _packed(row, picture.bit_depth)
        yield _filtered(next(types), line, above, step)
        above = line


def _packed(row: tuple[Pixel, ...], bit_depth: int) -> bytes:
    samples = [sample for pixel in row for sample in pixel]
    bits = len(samples) * bit_depth
    value = 0
    for sample in samples:
        value = value << bit_depth | sample
    return (value << -bits % 8).to_bytes((bits + 7) // 8, "big")


def _filtered(filter_type: int, line: bytes, above: bytes, step: int) -> bytes:
    left = bytes(step) + line
    above_left = bytes(step) + above
    predictors = {
        0: lambda _a, _b, _c: 0,
        1: lambda a, _b, _c: a,
        2: lambda _a, b, _c: b,
        3: lambda a, b, _c: (a + b) // 2,
        4: _paeth,
    }
    predict = predictors[filter_type]
    return bytes([filter_type]) + bytes(
        (x - predict(a, b, c)) & 0xFF
        for x, a, b, c in zip(line, left, above, above_left, strict=False)
    )


def _paeth(a: int, b: int, c: int) -> int:
    estimate = a + b - c
    return min((a, b, c), key=lambda neighbour: abs(estimate - neighbour))
