"""Byte rotation: every value of by, any integer modulo 256, in place or split."""

import pytest

import pixelferry

ALL_BYTES = bytes(range(256))


@pytest.mark.parametrize("by", range(256))
def test_every_by(by: int) -> None:
    buffer = bytearray(ALL_BYTES)
    pixelferry.rotate_in_place(buffer, by)
    assert buffer == bytes((value + by) % 256 for value in ALL_BYTES)


@pytest.mark.parametrize("by", [-1, 256 + 13, -(10**30), 10**30])
def test_by_is_taken_modulo_256(by: int) -> None:
    buffer = bytearray(b"ABC")
    pixelferry.rotate_in_place(buffer, by)
    assert buffer == bytes((value + by) % 256 for value in b"ABC")


def test_split_returns_the_inverse_and_rotates_in_place() -> None:
    buffer = bytearray(b"ABC")
    inverse = pixelferry.rotate_split(buffer, 13)
    assert buffer == b"NOP"
    assert bytes(inverse) == b"456"
    assert (inverse.copies, inverse.copied_bytes) == (0, 0)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 63, 64, 65, 4097])
def test_every_tail_length(size: int) -> None:
    original = bytes(i * 7 % 256 for i in range(size))
    buffer = bytearray(original)
    inverse = pixelferry.rotate_split(buffer, 200)
    assert buffer == bytes((value + 200) % 256 for value in original)
    assert bytes(inverse) == bytes((value - 200) % 256 for value in original)


def test_a_view_of_a_part_rotates_only_the_part() -> None:
    buffer = bytearray(b"ABCDE")
    pixelferry.rotate_in_place(memoryview(buffer)[1:4], 1)
    assert buffer == b"ACDEE"


def test_read_only_is_refused() -> None:
    with pytest.raises(BufferError):
        pixelferry.rotate_in_place(b"ABC", 1)
    with pytest.raises(BufferError):
        pixelferry.rotate_split(b"ABC", 1)


async def test_async_calls_do_the_same() -> None:
    buffer = bytearray(b"ABC")
    await pixelferry.rotate_async(buffer, 13)
    assert buffer == b"NOP"
    assert bytes(await pixelferry.rotate_split_async(buffer, 13)) == b"ABC"
    assert buffer == b"[\\]"
