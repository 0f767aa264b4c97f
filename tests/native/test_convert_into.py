"""convert_into writes the same bytes as convert, straight into memory that the caller owns."""

from multiprocessing import shared_memory

import pytest

import pixelferry
from png_writer import small_png


@pytest.fixture
def png() -> bytes:
    return small_png(width=7, height=5)


def test_into_exact_memory(png: bytes) -> None:
    out = bytearray(pixelferry.inspect(png).output_size)
    assert pixelferry.convert_into(png, out) == len(out)
    assert out == bytes(pixelferry.convert(png))


def test_into_shared_memory_larger_than_needed(png: bytes) -> None:
    memory = shared_memory.SharedMemory(create=True, size=1 << 16)
    try:
        assert memory.buf is not None
        size = pixelferry.convert_into(png, memory.buf)
        assert bytes(memory.buf[:size]) == bytes(pixelferry.convert(png))
    finally:
        memory.close()
        memory.unlink()


def test_too_small_memory_is_a_limit(png: bytes) -> None:
    needed = pixelferry.inspect(png).output_size
    with pytest.raises(pixelferry.LimitExceeded) as caught:
        pixelferry.convert_into(png, bytearray(needed - 1))
    error = caught.value
    assert (error.code, error.limit, error.asked) == ("output_too_small", needed - 1, needed)


def test_read_only_memory_is_refused(png: bytes) -> None:
    with pytest.raises(BufferError):
        pixelferry.convert_into(png, bytes(1000))


def test_overlap_with_the_input_is_refused(png: bytes) -> None:
    memory = bytearray(png) + bytearray(1000)
    with pytest.raises(ValueError, match="overlap"):
        pixelferry.convert_into(memoryview(memory)[: len(png)], memory)
    view = memoryview(memory)
    assert pixelferry.convert_into(view[: len(png)], view[len(png) :]) > 0
