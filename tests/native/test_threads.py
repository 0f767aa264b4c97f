"""Conversions run without the GIL: others go on meanwhile, and a flag stops one under way."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

import pixelferry
from deflate_blocks import dynamic_block, equal_codes, repeated
from endless_png import endless_png
from pixelferry._native import pool_stats
from png_writer import RGBA, Chunk, encode, ihdr, small_png

LIMITS = pixelferry.Limits(max_pixels=10**9)
# A conversion that is never stopped would take seconds; this bounds a broken test, not a good one.
PATIENCE = 60


def wait_until(reached: Callable[[], bool], running: list[Future[pixelferry.Bitmap]]) -> None:
    """Spin until `reached`, failing at once when a conversion ends before."""
    while not reached():
        assert not any(future.done() for future in running)


def test_two_conversions_overlap_and_are_cancelled_under_way() -> None:
    png = endless_png()
    before = pool_stats().used_blocks
    flags = [pixelferry.CancelFlag(), pixelferry.CancelFlag()]
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(pixelferry.convert, png, limits=LIMITS, cancel=f) for f in flags]
        wait_until(lambda: pool_stats().used_blocks == before + 2, running)
        for flag in flags:
            flag.set()
        for future in running:
            with pytest.raises(pixelferry.Cancelled):
                future.result(PATIENCE)
    assert pool_stats().used_blocks == before


@pytest.mark.parametrize("expands", [0.5, 1.5], ids=["zlib-ng", "ISA-L first"])
def test_a_stream_that_yields_nothing_is_cancelled_under_way(expands: float) -> None:
    size = 64 << 20
    header = ihdr(2048, round(expands * size / (1 + 8 * 2048)), RGBA, 16)
    blocks = Chunk(b"IDAT", b"\x78\xda" + repeated(dynamic_block(equal_codes(4)), size))
    png = encode([header, blocks, Chunk(b"IEND")])
    before = pool_stats().used_blocks
    flag = pixelferry.CancelFlag()
    with ThreadPoolExecutor(1) as pool:
        running = [pool.submit(pixelferry.convert, png, limits=LIMITS, cancel=flag)]
        wait_until(lambda: pool_stats().used_blocks == before + 1, running)
        flag.set()
        with pytest.raises(pixelferry.Cancelled):
            running[0].result(PATIENCE)
    assert pool_stats().used_blocks == before


def test_input_is_borrowed_while_a_conversion_runs() -> None:
    png = bytearray(endless_png())
    before = pool_stats().used_blocks
    flag = pixelferry.CancelFlag()
    with ThreadPoolExecutor(1) as pool:
        running = [pool.submit(pixelferry.convert, png, limits=LIMITS, cancel=flag)]
        wait_until(lambda: pool_stats().used_blocks == before + 1, running)
        with pytest.raises(BufferError):
            png.append(0)
        flag.set()
        with pytest.raises(pixelferry.Cancelled):
            running[0].result(PATIENCE)
        png.append(0)


def test_input_may_be_rewritten_while_a_conversion_runs() -> None:
    png = bytearray(small_png(width=1500, height=1000))
    good = bytes(png)
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for at in range(8, len(png), 997):
                png[at] ^= 0xFF
            png[:] = good

    thread = threading.Thread(target=rewrite)
    thread.start()
    try:
        for _ in range(20):
            try:
                bitmap = pixelferry.convert(png)
            except pixelferry.PixelferryError:
                continue
            assert bitmap.nbytes > 0
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert pixelferry.convert(good).width == 1500


async def test_cancelling_the_task_stops_the_conversion() -> None:
    before = pool_stats().used_blocks
    task = asyncio.create_task(pixelferry.convert_async(endless_png(), limits=LIMITS))
    while pool_stats().used_blocks == before:
        assert not task.done()
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The thread ends by itself, within a few rows.
    while pool_stats().used_blocks != before:  # noqa: ASYNC110 - the core sends no event
        await asyncio.sleep(0)


async def test_convert_async_equals_convert() -> None:
    png = small_png(width=7, height=5)
    assert bytes(await pixelferry.convert_async(png)) == bytes(pixelferry.convert(png))


async def test_convert_async_raises_as_convert_does() -> None:
    with pytest.raises(pixelferry.InvalidPng):
        await pixelferry.convert_async(b"no png")
