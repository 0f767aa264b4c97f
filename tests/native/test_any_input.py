"""Any bytes in any buffer give a result or an error that is documented; nothing is held after.

The examples are the same in each run; hypothesis prints how to repeat one that fails.
"""

import array
import ctypes
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import pixelferry
from pixelferry._native import pool_stats
from png_strategies import any_bytes, valid_pngs
from png_writer import small_png

bounded = settings(
    max_examples=250,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
REFUSALS = (pixelferry.PixelferryError, BufferError, ValueError, TypeError)


@contextmanager
def nothing_is_held_after() -> Iterator[None]:
    before = pool_stats()
    yield
    after = pool_stats()
    assert (after.used_blocks, after.used_bytes) == (before.used_blocks, before.used_bytes)


def limits() -> st.SearchStrategy[pixelferry.Limits]:
    pixels = st.one_of(st.integers(0, 100), st.sampled_from([1 << 20, 1 << 24]))
    sides = st.one_of(st.integers(0, 20), st.sampled_from([65_535, (1 << 32) - 1]))
    return st.builds(pixelferry.Limits, max_pixels=pixels, max_dimension=sides)


@bounded
@given(any_bytes(), limits())
@example(b"", pixelferry.Limits(max_pixels=0, max_dimension=0))
def test_any_bytes_are_converted_or_refused(data: bytes, allowed: pixelferry.Limits) -> None:
    with nothing_is_held_after():
        try:
            bitmap = pixelferry.convert(data, limits=allowed)
        except (pixelferry.InvalidPng, pixelferry.LimitExceeded) as refused:
            with pytest.raises(type(refused)) as again:
                pixelferry.convert_into(data, bytearray(1 << 16), limits=allowed)
            assert again.value.code in {refused.code, "output_too_small"}
            return
        header = pixelferry.inspect(data)
        allowed.check(header)
        assert header.output_size == bitmap.nbytes
        assert (header.width, header.height) == (bitmap.width, bitmap.height)
        out = bytearray(bitmap.nbytes)
        assert pixelferry.convert_into(data, out, limits=allowed) == len(out)
        assert out == bytes(bitmap)
        bitmap.release()


@bounded
@given(any_bytes())
def test_any_header_is_read_or_refused_by_its_33_bytes(data: bytes) -> None:
    def header(of: bytes) -> tuple[object, ...]:
        try:
            seen = pixelferry.inspect(of)
        except pixelferry.InvalidPng as refused:
            return refused.code, refused.offset
        return seen.width, seen.height, seen.color_type, seen.bit_depth, seen.output_size

    assert header(data) == header(data[:33])
    assert header(data[:32])[0] in {"not_a_png", "truncated", "missing_ihdr", "bad_ihdr_length"}


@bounded
@given(st.binary(max_size=300), st.integers(-(1 << 70), 1 << 70))
def test_any_rotation_has_its_inverse(data: bytes, by: int) -> None:
    with nothing_is_held_after():
        buffer = bytearray(data)
        inverse = pixelferry.rotate_split(buffer, by)
        assert buffer == bytes((byte + by) % 256 for byte in data)
        assert bytes(inverse) == bytes((byte - by) % 256 for byte in data)
        pixelferry.rotate_in_place(buffer, -by)
        assert buffer == data
        inverse.release()


def mapped(data: bytes) -> mmap.mmap:
    pages = mmap.mmap(-1, max(1, len(data)))
    pages.write(data)
    return pages


def released(data: bytes) -> memoryview:
    view = memoryview(data)
    view.release()
    return view


# Memory that says what it is in many ways, and what is no memory at all.
CONTAINERS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "view": memoryview,
    "writable view": lambda data: memoryview(bytearray(data)),
    "read-only view": lambda data: memoryview(bytearray(data)).toreadonly(),
    "characters": lambda data: memoryview(bytearray(data)).cast("c"),
    "signed": lambda data: memoryview(bytearray(data)).cast("b"),
    "half": lambda data: memoryview(bytearray(data))[: len(data) // 2],
    "every second": lambda data: memoryview(bytearray(data))[::2],
    "backwards": lambda data: memoryview(bytearray(data))[::-1],
    "two dimensions": lambda data: memoryview(bytearray(data * 4)).cast("B", [4, len(data)]),
    "released": released,
    "array": lambda data: array.array("B", data),
    "array of integers": lambda data: array.array("q", data),
    "mapped": mapped,
    "ctypes": lambda data: (ctypes.c_ubyte * len(data))(*data),
    "NumPy": lambda data: np.frombuffer(bytearray(data), np.uint8),
    "NumPy, read-only": lambda data: np.frombuffer(data, np.uint8),
    "NumPy, every second": lambda data: np.frombuffer(data, np.uint8)[::2],
    "NumPy, no dimension": lambda data: np.array(len(data) % 256, np.uint8),
    "NumPy, by columns": lambda data: np.asfortranarray(np.zeros((3, 4), np.uint8)),
    "NumPy, floats": lambda data: np.zeros(len(data)),
    "NumPy, records": lambda data: np.zeros(3, [("Owner", "i4"), ("b", "u1")]),
    "NumPy, objects": lambda data: np.array([None, data], object),
    "text": lambda data: data.decode("latin-1"),
    "list": list,
    "number": len,
    "None": lambda data: None,
}
CALLS: dict[str, Callable[[Any], Any]] = {
    "convert": pixelferry.convert,
    "inspect": pixelferry.inspect,
    "convert_into": lambda buffer: pixelferry.convert_into(small_png(), buffer),
    "rotate_in_place": lambda buffer: pixelferry.rotate_in_place(buffer, 13),
    "rotate_split": lambda buffer: pixelferry.rotate_split(buffer, 13),
    "copy_of": pixelferry.copy_of,
    "adopt": lambda buffer: pixelferry.adopt(buffer, keep=buffer),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("call", CALLS)
@settings(bounded, max_examples=8)
@given(st.one_of(valid_pngs(), st.binary(max_size=100)))
@example(small_png(width=9, height=9))
@example(b"\0")
def test_any_buffer_is_taken_or_refused(call: str, container: str, data: bytes) -> None:
    try:
        buffer = CONTAINERS[container](data)
    except (TypeError, ValueError):
        return  # no such view of so many bytes
    with nothing_is_held_after():
        try:
            result = CALLS[call](buffer)
        except REFUSALS:
            return
        if isinstance(result, pixelferry.OwnedBuffer):
            assert len(bytes(result)) == result.nbytes
        del result


@pytest.mark.parametrize("call", ["convert_into", "rotate_in_place", "rotate_split"])
@pytest.mark.parametrize(
    "objects",
    [
        np.array([None] * 100, object),
        np.array([(1, None)] * 100, [("a", "i8"), ("b", "O")]),
        (ctypes.py_object * 100)(),
    ],
    ids=["array", "records", "ctypes"],
)
def test_references_are_never_written_over(call: str, objects: Any) -> None:  # noqa: ANN401
    with pytest.raises(BufferError, match="Python objects"):
        CALLS[call](objects)


@pytest.mark.parametrize("name", ["max_pixels", "max_dimension"])
@bounded
@given(st.one_of(st.integers(), st.floats(), st.text(max_size=3), st.none(), st.booleans()))
def test_any_limit_is_taken_or_refused(name: str, value: Any) -> None:  # noqa: ANN401
    with nothing_is_held_after():
        try:
            allowed = pixelferry.Limits(**{name: value})
        except TypeError:
            return
        assert getattr(allowed, name) == value
        try:
            pixelferry.convert(small_png(width=3), limits=allowed).release()
        except pixelferry.LimitExceeded as refused:
            assert value < 3
            assert (refused.limit, refused.asked) == (value, 3)


@pytest.mark.parametrize("call", ["rotate_in_place", "rotate_split"])
@bounded
@given(st.one_of(st.floats(), st.text(max_size=3), st.none(), st.binary(max_size=3)))
def test_what_is_no_number_does_not_rotate(call: str, by: Any) -> None:  # noqa: ANN401
    buffer = bytearray(b"ABC")
    with pytest.raises(TypeError):
        getattr(pixelferry, call)(buffer, by)
    assert buffer == b"ABC"
