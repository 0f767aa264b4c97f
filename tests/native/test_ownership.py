"""Memory that the core hands out lives exactly as long as its last export, and is reused after."""

import gc
import sys
import threading
import weakref

import numpy as np
import numpy.typing as npt
import pytest

import pixelferry
from pixelferry._native import copy_totals, pool_stats, trim_pool
from png_writer import small_png


@pytest.fixture
def png() -> bytes:
    return small_png(width=7, height=5)


def array_of(buffer: pixelferry.OwnedBuffer) -> npt.NDArray[np.uint8]:
    return np.frombuffer(buffer, dtype=np.uint8)  # type: ignore[call-overload, no-any-return]


def used_blocks() -> int:
    return pool_stats().used_blocks


def test_block_returns_when_the_bitmap_dies(png: bytes) -> None:
    before = used_blocks()
    bitmap = pixelferry.convert(png)
    assert used_blocks() == before + 1
    del bitmap
    assert used_blocks() == before


def test_view_outlives_the_bitmap(png: bytes) -> None:
    before = used_blocks()
    bitmap = pixelferry.convert(png)
    expected = bytes(bitmap)
    view = memoryview(bitmap)[10:]
    del bitmap
    gc.collect()
    assert used_blocks() == before + 1
    assert bytes(view) == expected[10:]
    view.release()
    gc.collect()
    assert used_blocks() == before


def test_release_drops_the_hold_but_never_frees_under_an_export(png: bytes) -> None:
    before = used_blocks()
    with pixelferry.convert(png) as bitmap:
        view = memoryview(bitmap)
        expected = bytes(view)
    assert used_blocks() == before + 1
    assert bytes(view) == expected
    view.release()
    assert used_blocks() == before
    with pytest.raises(BufferError, match="released"):
        memoryview(bitmap)
    with pytest.raises(BufferError, match="released"):
        len(bitmap)
    bitmap.release()  # again: nothing happens
    assert (bitmap.width, bitmap.height) == (7, 5)


def test_last_release_on_another_thread(png: bytes) -> None:
    before = used_blocks()
    views = [memoryview(pixelferry.convert(png))]
    assert used_blocks() == before + 1
    thread = threading.Thread(target=lambda: views.pop().release())
    thread.start()
    thread.join()
    assert used_blocks() == before


def test_block_is_reused(png: bytes) -> None:
    pixelferry.convert(png).release()
    before = pool_stats()
    pixelferry.convert(png).release()
    after = pool_stats()
    assert after.reused == before.reused + 1
    assert after.mapped == before.mapped


def test_trim_gives_idle_blocks_back(png: bytes) -> None:
    pixelferry.convert(png).release()
    idle = pool_stats().idle_bytes
    assert idle > 0
    assert trim_pool() == idle
    assert (pool_stats().idle_bytes, pool_stats().idle_blocks) == (0, 0)


def test_reused_block_carries_nothing_over() -> None:
    black = small_png(width=33, height=9, value=0)
    expected = bytes(pixelferry.convert(black))
    pixelferry.convert(small_png(width=33, height=9, value=255)).release()
    assert bytes(pixelferry.convert(black)) == expected


def test_borrowed_bytearray_cannot_be_resized_while_it_is_adopted(png: bytes) -> None:
    buffer = bytearray(png)
    owned = pixelferry.adopt(buffer, keep=None)
    with pytest.raises(BufferError):
        buffer.append(0)
    owned.release()
    buffer.append(0)
    assert len(buffer) == len(png) + 1


def test_export_is_read_only_contiguous_bytes(png: bytes) -> None:
    view = memoryview(pixelferry.convert(png))
    assert (view.readonly, view.format, view.ndim, view.c_contiguous) == (True, "B", 1, True)
    with pytest.raises(TypeError):
        view[0] = 0


def test_numpy_sees_the_same_memory(png: bytes) -> None:
    bitmap = pixelferry.convert(png)
    array = array_of(bitmap)
    again = array_of(bitmap)
    assert array.ctypes.data == again.ctypes.data
    assert not array.flags.owndata
    assert not array.flags.writeable


def test_rows_are_a_view_of_the_pixels(png: bytes) -> None:
    bitmap = pixelferry.convert(png)
    rows = bitmap.rows
    assert rows.shape == (bitmap.height, bitmap.stride) == (5, 24)
    assert rows.tobytes() == bytes(bitmap)[54:]
    whole = array_of(bitmap)
    assert np.asarray(rows).ctypes.data == whole.ctypes.data + 54


def test_adopt_keeps_its_keeper_until_the_last_export() -> None:
    class Keeper:
        pass

    keeper = Keeper()
    gone = weakref.ref(keeper)
    owned = pixelferry.adopt(b"foreign", keep=keeper)
    view = memoryview(owned)
    del keeper, owned
    gc.collect()
    assert gone() is not None
    assert bytes(view) == b"foreign"
    view.release()
    gc.collect()
    assert gone() is None


def test_adopt_does_not_copy() -> None:
    buffer = bytearray(b"abc")
    owned = pixelferry.adopt(buffer, keep=None)
    buffer[0] = ord("x")
    assert bytes(owned) == b"xbc"
    assert (owned.copies, owned.copied_bytes) == (0, 0)


def test_copy_of_copies_once_and_counts_it() -> None:
    passes, nbytes = copy_totals()
    buffer = bytearray(b"abc")
    owned = pixelferry.copy_of(buffer)
    buffer[0] = ord("x")
    assert bytes(owned) == b"abc"
    assert (owned.copies, owned.copied_bytes) == (1, 3)
    assert copy_totals() == (passes + 1, nbytes + 3)


def test_convert_copies_nothing(png: bytes) -> None:
    bitmap = pixelferry.convert(png)
    assert (bitmap.copies, bitmap.copied_bytes) == (0, 0)


@pytest.mark.parametrize("cls", [pixelferry.OwnedBuffer, pixelferry.Bitmap, pixelferry.Header])
def test_owners_cannot_be_made_out_of_nothing(cls: type) -> None:
    with pytest.raises(TypeError):
        cls()
    with pytest.raises(TypeError):
        object.__new__(cls)


def test_strided_input_is_refused(png: bytes) -> None:
    with pytest.raises(BufferError):
        pixelferry.convert(memoryview(png + png)[::2])


def test_request_buffer_has_its_size_and_can_be_filled() -> None:
    buffer = pixelferry.request_buffer(5)
    assert type(buffer) is bytearray
    assert len(buffer) == 5
    buffer[:] = b"12345"
    assert buffer == b"12345"
    assert pixelferry.request_buffer(0) == b""
    with pytest.raises(ValueError, match="negative"):
        pixelferry.request_buffer(-1)


def test_request_beyond_memory_is_a_memory_error_alone(capfd: pytest.CaptureFixture[str]) -> None:
    used_before = [b"\1" * size for size in [30] * 100]  # what CPython may make a bytearray from
    del used_before
    with pytest.raises(MemoryError):
        pixelferry.request_buffer(sys.maxsize - 1)
    assert capfd.readouterr().err == ""
