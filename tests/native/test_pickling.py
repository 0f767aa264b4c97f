"""Protocol 5 hands the bytes over out of band, without a copy; older ones copy, and count it."""

import pickle

import numpy as np
import pytest

import pixelferry
from pixelferry._native import Account, copy_totals, pool_stats, request_buffer
from png_writer import small_png


@pytest.fixture
def bitmap() -> pixelferry.Bitmap:
    return pixelferry.convert(small_png(width=7, height=5))


def address(buffer: pixelferry.OwnedBuffer) -> int:
    return int(np.asarray(memoryview(buffer)).ctypes.data)


def test_out_of_band_is_the_same_memory(bitmap: pixelferry.Bitmap) -> None:
    before = copy_totals()
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(bitmap, protocol=5, buffer_callback=buffers.append)
    assert len(stream) < 200
    again = pickle.loads(stream, buffers=buffers)
    assert type(again) is pixelferry.Bitmap
    assert address(again) == address(bitmap)
    assert (again.width, again.height, again.stride, again.depth) == (7, 5, 24, 24)
    assert copy_totals() == before


def test_rebuilt_bitmap_keeps_the_memory_alive(bitmap: pixelferry.Bitmap) -> None:
    expected = bytes(bitmap)
    buffers: list[pickle.PickleBuffer] = []
    again = pickle.loads(
        pickle.dumps(bitmap, protocol=5, buffer_callback=buffers.append), buffers=buffers
    )
    del bitmap, buffers
    assert bytes(again) == expected


@pytest.mark.parametrize("protocol", range(5))
def test_older_protocols_copy_and_count_it(bitmap: pixelferry.Bitmap, protocol: int) -> None:
    passes, nbytes = copy_totals()
    again = pickle.loads(pickle.dumps(bitmap, protocol=protocol))
    assert bytes(again) == bytes(bitmap)
    assert copy_totals() == (passes + 1, nbytes + bitmap.nbytes)


def test_owned_buffer_travels_too() -> None:
    owned = pixelferry.copy_of(b"some bytes")
    for protocol in (2, 5):
        again = pickle.loads(pickle.dumps(owned, protocol=protocol))
        assert type(again) is pixelferry.OwnedBuffer
        assert bytes(again) == b"some bytes"


def test_a_forged_stream_cannot_make_rows_beyond_the_buffer(bitmap: pixelferry.Bitmap) -> None:
    rebuild, (payload, width, height) = bitmap.__reduce_ex__(5)
    with pytest.raises(ValueError, match="no bitmap"):
        rebuild(payload, width, height + 1)
    with pytest.raises(pixelferry.LimitExceeded):
        rebuild(payload, 2**32 - 1, 2**32 - 1)


def test_errors_travel_with_their_members() -> None:
    with pytest.raises(pixelferry.InvalidPng) as caught:
        pixelferry.convert(b"\x89PNG\r\n\x1a\n")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.code, again.offset, str(again)) == (
        caught.value.code,
        caught.value.offset,
        str(caught.value),
    )


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_else_can_be_pickled(protocol: int) -> None:
    header = pixelferry.inspect(small_png(width=7, height=5))
    account = Account(1000)
    reservation = account.try_reserve(10)
    buffer = request_buffer(10, reservation=reservation)
    reserving = (account, reservation, buffer)
    for value in (pixelferry.Limits(), pixelferry.CancelFlag(), header, pool_stats(), *reserving):
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(value, protocol)


def test_reduce_without_a_protocol_is_refused(bitmap: pixelferry.Bitmap) -> None:
    for owned in (bitmap, pixelferry.copy_of(b"some bytes")):
        with pytest.raises(TypeError, match="cannot pickle"):
            owned.__reduce__()
