"""engine="lodepng" gives the reference's BMP by the same rules: limits, errors, ownership.

lodepng decodes in a module of its own, which a build may lack.
"""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import pixelferry
from corpus_files import PHOTOS, PNGSUITE_CORRUPT, PNGSUITE_VALID, CorpusFile
from endless_png import endless_png
from pixelferry._native import convert_by, copy_totals, pool_stats
from pixelferry.engines import ENGINES, Engine
from png_writer import (
    KINDS,
    PALETTE,
    RGB,
    Chunk,
    encode,
    ihdr,
    noise,
    phys,
    png,
    small_png,
)

EVERY_FILTER = (0, 1, 2, 3, 4)
PATIENCE = 60  # seconds; bounds a broken test, not a good one
SMALL = small_png(width=7, height=5)
BROKEN = SMALL[:-12]  # IEND is missing


def both(file: bytes) -> list[bytes]:
    """The BMP of each engine."""
    return [bytes(pixelferry.convert(file, engine=engine)) for engine in ENGINES]


@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "adam7"])
@pytest.mark.parametrize(("color_type", "bit_depth"), KINDS)
def test_engines_agree_on_every_kind(color_type: int, bit_depth: int, interlaced: bool) -> None:
    for width in (1, 2, 3, 8, 37):
        picture = noise(width, 11, color_type, bit_depth)
        direct, lodepng = both(png(picture, filters=EVERY_FILTER, interlaced=interlaced))
        assert lodepng == direct, f"width {width}"


@pytest.mark.parametrize(
    "extra",
    [
        [phys(2835, 5669)],
        [phys(3, 2, unit=0)],
        [phys(2**31, 1)],
        [Chunk(b"tRNS", b"\0\x01\0\x02\0\x03")],
        [Chunk(b"tEXt", b"Title\0x"), Chunk(b"gAMA", b"\0\0\xb1\x8f")],
    ],
    ids=["metre", "ratio", "too large", "transparency", "ancillary"],
)
def test_engines_agree_on_what_other_chunks_say(extra: list[Chunk]) -> None:
    direct, lodepng = both(png(noise(5, 4, RGB, 8), extra=extra))
    assert lodepng == direct


def test_engines_agree_on_an_index_beyond_the_palette() -> None:
    direct, lodepng = both(png(noise(16, 16, PALETTE, 8, colors=100)))
    assert lodepng == direct


@pytest.mark.parametrize("file", [*PNGSUITE_VALID, *PHOTOS], ids=str)
def test_engines_agree_on_the_corpus(file: CorpusFile) -> None:
    direct, lodepng = both(file.path.read_bytes())
    assert lodepng == direct


@pytest.mark.parametrize("file", PNGSUITE_CORRUPT, ids=str)
def test_lodepng_refuses_the_corrupt_files_too(file: CorpusFile) -> None:
    with pytest.raises(pixelferry.InvalidPng):
        pixelferry.convert(file.path.read_bytes(), engine="lodepng")


def test_direct_is_the_default(photo: Path) -> None:
    file = photo.read_bytes()
    assert bytes(pixelferry.convert(file)) == bytes(pixelferry.convert(file, engine="direct"))
    # lodepng looks into pHYs, the direct engine at its CRC only.
    odd = png(noise(3, 2, RGB, 8), extra=[Chunk(b"pHYs", b"short")])
    pixelferry.convert(odd)
    with pytest.raises(pixelferry.InvalidPng):
        pixelferry.convert(odd, engine="lodepng")


def test_refusal_is_told_in_the_words_of_lodepng() -> None:
    with pytest.raises(
        pixelferry.InvalidPng, match=r"^lodepng refuses the file: .*chunk"
    ) as caught:
        pixelferry.convert(BROKEN, engine="lodepng")
    assert (caught.value.code, caught.value.offset) == ("refused_by_lodepng", 0)


def test_header_is_judged_before_lodepng_is_asked() -> None:
    bad = encode([ihdr(1, 1, RGB, 7), Chunk(b"IDAT"), Chunk(b"IEND")])
    with pytest.raises(pixelferry.InvalidPng) as caught:
        pixelferry.convert(bad, engine="lodepng")
    assert (caught.value.code, caught.value.offset) == ("bad_bit_depth", 24)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (pixelferry.Limits(max_pixels=34), "too_many_pixels"),
        (pixelferry.Limits(max_dimension=6), "dimension_too_large"),
    ],
)
def test_limits_hold(limits: pixelferry.Limits, code: str) -> None:
    with pytest.raises(pixelferry.LimitExceeded) as caught:
        pixelferry.convert(SMALL, engine="lodepng", limits=limits)
    assert caught.value.code == code
    with pytest.raises(pixelferry.LimitExceeded):
        pixelferry.convert_into(SMALL, bytearray(1000), engine="lodepng", limits=limits)


def test_a_set_flag_cancels() -> None:
    flag = pixelferry.CancelFlag()
    flag.set()
    before = pool_stats().used_blocks
    with pytest.raises(pixelferry.Cancelled):
        pixelferry.convert(SMALL, engine="lodepng", cancel=flag)
    with pytest.raises(pixelferry.Cancelled):
        pixelferry.convert_into(SMALL, bytearray(1000), engine="lodepng", cancel=flag)
    assert pool_stats().used_blocks == before


def test_convert_into_writes_the_same_and_no_more() -> None:
    expected = bytes(pixelferry.convert(SMALL))
    out = bytearray(b"\xa5" * (len(expected) + 10))
    assert pixelferry.convert_into(SMALL, out, engine="lodepng") == len(expected)
    assert out == expected + b"\xa5" * 10


def test_convert_into_has_the_same_bounds() -> None:
    needed = pixelferry.inspect(SMALL).output_size
    with pytest.raises(pixelferry.LimitExceeded) as caught:
        pixelferry.convert_into(SMALL, bytearray(needed - 1), engine="lodepng")
    error = caught.value
    assert (error.code, error.limit, error.asked) == ("output_too_small", needed - 1, needed)
    with pytest.raises(BufferError):
        pixelferry.convert_into(SMALL, bytes(1000), engine="lodepng")
    memory = bytearray(SMALL) + bytearray(1000)
    with pytest.raises(ValueError, match="overlap"):
        pixelferry.convert_into(memoryview(memory)[: len(SMALL)], memory, engine="lodepng")


def test_bitmap_owns_a_block_until_its_last_view_is_gone() -> None:
    before = pool_stats().used_blocks
    with pixelferry.convert(SMALL, engine="lodepng") as bitmap:
        assert (bitmap.width, bitmap.height, bitmap.stride, bitmap.depth) == (7, 5, 24, 24)
        view = memoryview(bitmap)
    assert pool_stats().used_blocks == before + 1  # the input's copy is gone
    assert bytes(view) == bytes(pixelferry.convert(SMALL))
    view.release()
    assert pool_stats().used_blocks == before


def test_refused_files_leave_no_block() -> None:
    before = pool_stats().used_blocks
    with pytest.raises(pixelferry.InvalidPng):
        pixelferry.convert(BROKEN, engine="lodepng")
    assert pool_stats().used_blocks == before


def test_the_copy_of_the_input_is_counted() -> None:
    passes, nbytes = copy_totals()
    bitmap = pixelferry.convert(SMALL, engine="lodepng")
    assert (bitmap.copies, bitmap.copied_bytes) == (1, len(SMALL))
    assert copy_totals() == (passes + 1, nbytes + len(SMALL))


def test_other_threads_run_while_lodepng_works() -> None:
    file = endless_png(1500, 1000)  # is refused in the end, so only work holds a block
    before = pool_stats().used_blocks

    def seen_at_work(pool: ThreadPoolExecutor) -> bool:
        running = pool.submit(pixelferry.convert, file, engine="lodepng")
        seen = False
        while not running.done():
            seen = seen or pool_stats().used_blocks > before
        assert isinstance(running.exception(PATIENCE), pixelferry.InvalidPng)
        return seen

    with ThreadPoolExecutor(1) as pool:
        assert any(seen_at_work(pool) for _ in range(50))
    assert pool_stats().used_blocks == before


def test_conversions_side_by_side_do_not_disturb_each_other() -> None:
    files = [png(noise(40, 30, *kind), filters=EVERY_FILTER) for kind in KINDS]
    expected = [bytes(pixelferry.convert(file)) for file in files]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            bitmaps = pool.map(lambda file: pixelferry.convert(file, engine="lodepng"), files)
            assert list(map(bytes, bitmaps)) == expected


def test_input_may_be_rewritten_while_lodepng_works() -> None:
    file = bytearray(small_png(width=300, height=200))
    good = bytes(file)
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for at in range(8, len(file), 97):
                file[at] ^= 0xFF
            file[:] = good

    thread = threading.Thread(target=rewrite)
    thread.start()
    try:
        for _ in range(200):
            try:
                bitmap = pixelferry.convert(file, engine="lodepng")
            except pixelferry.PixelferryError:
                continue
            assert bitmap.nbytes > 0
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert pixelferry.convert(good, engine="lodepng").width == 300


def test_unknown_engine_is_a_value_error() -> None:
    unknown: Engine = "libpng"  # type: ignore[assignment]
    with pytest.raises(ValueError, match="direct, lodepng"):
        pixelferry.convert(SMALL, engine=unknown)
    with pytest.raises(ValueError, match="libpng"):
        pixelferry.convert_into(SMALL, bytearray(1000), engine=unknown)


def test_foreign_capsules_are_no_decoders() -> None:
    from datetime import datetime_CAPI  # noqa: PLC0415

    with pytest.raises(ValueError, match="name"):
        convert_by(datetime_CAPI, SMALL)


def test_build_without_lodepng_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixelferry._lodepng", None)
    with pytest.raises(pixelferry.EngineUnavailable, match="liblodepng-dev") as caught:
        pixelferry.convert(SMALL, engine="lodepng")
    assert caught.value.code == "engine_unavailable"
    assert isinstance(caught.value, pixelferry.PixelferryError)
    assert isinstance(caught.value, ImportError)
    assert type(caught.value).__module__ == "pixelferry"
    pixelferry.convert(SMALL)  # needs none


def test_lodepng_is_loaded_only_when_it_is_asked_for() -> None:
    program = f"""
import pixelferry
mapped = lambda: "lodepng" in open("/proc/self/maps").read()
pixelferry.convert({SMALL!r})
print(mapped())
pixelferry.convert({SMALL!r}, engine="lodepng")
print(mapped())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"True"]
