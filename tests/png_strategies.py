"""Hypothesis strategies for PNG files: valid ones of every kind, damaged ones, anything else."""

import zlib

from hypothesis import strategies as st

from png_writer import (
    CHANNELS,
    KINDS,
    SIGNATURE,
    Chunk,
    chunks,
    encode,
    ihdr,
    noise,
    png,
    scanlines,
)

SIDES = st.integers(1, 9)
CHUNK_TYPES = st.sampled_from([b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"pHYs", b"tEXt"])


@st.composite
def valid_pngs(draw: st.DrawFn) -> bytes:
    """Small pictures of every colour type and depth, interlaced or not, in one IDAT or several."""
    color_type, bit_depth = draw(st.sampled_from(KINDS))
    picture = noise(draw(SIDES), draw(SIDES), color_type, bit_depth, seed=draw(st.integers(0, 99)))
    return png(
        picture,
        filters=draw(st.lists(st.integers(0, 4), min_size=1, max_size=5)),
        interlaced=draw(st.booleans()),
        idat_size=draw(st.sampled_from([1, 7, 1 << 20])),
    )


@st.composite
def damaged_pngs(draw: st.DrawFn) -> bytes:
    """Valid ones with bytes changed, taken out, put in, or cut off; the CRCs are wrong then."""
    file = bytearray(draw(valid_pngs()))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(file)))
        file[start : start + draw(st.integers(0, 9))] = draw(st.binary(max_size=9))
    return bytes(file[: draw(st.integers(0, len(file)))] if draw(st.booleans()) else file)


@st.composite
def resealed_pngs(draw: st.DrawFn) -> bytes:
    """Chunks of any order and content with right CRCs, so that the damage lies deeper."""
    color_type, bit_depth = draw(st.sampled_from(KINDS))
    picture = noise(draw(SIDES), draw(SIDES), color_type, bit_depth)
    lines = bytearray(scanlines(picture, interlaced=draw(st.booleans())))
    at = draw(st.integers(0, len(lines)))
    lines[at : at + draw(st.integers(0, 5))] = draw(st.binary(max_size=5))
    data = bytearray(zlib.compress(bytes(lines)))
    if draw(st.booleans()):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    parts = chunks(picture, bytes(data))
    if draw(st.booleans()):
        extra = Chunk(draw(CHUNK_TYPES), draw(st.binary(max_size=40)))
        parts.insert(draw(st.integers(0, len(parts))), extra)
    if draw(st.booleans()):
        parts[0] = draw(headers())
    return encode(parts)


@st.composite
def headers(draw: st.DrawFn) -> Chunk:
    """IHDR of any size, also beyond every limit."""
    side = st.one_of(SIDES, st.integers(0, (1 << 32) - 1))
    color_type = draw(st.one_of(st.sampled_from(sorted(CHANNELS)), st.integers(0, 255)))
    depth = draw(st.one_of(st.sampled_from([1, 2, 4, 8, 16]), st.integers(0, 255)))
    return ihdr(draw(side), draw(side), color_type, depth, interlaced=draw(st.booleans()))


def any_bytes() -> st.SearchStrategy[bytes]:
    """All of these, and bytes that are no PNG."""
    return st.one_of(
        valid_pngs(),
        damaged_pngs(),
        resealed_pngs(),
        st.binary(max_size=200),
        st.binary(max_size=200).map(SIGNATURE.__add__),
    )
