"""A large RequestBuffer lies in a block of the pool, which Python neither moves nor frees.

CPython believes that it owns the memory of every bytearray; all that would resize or free it is
tried here.
"""

import copy
import ctypes
import gc
import hashlib
import io
import operator
import pickle
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pixelferry._native import (
    Account,
    RequestBuffer,
    Reservation,
    convert,
    output_capacity,
    pool_stats,
    request_buffer,
    request_capacity,
    set_pool_limit,
    trim_pool,
)
from png_writer import small_png

MIB = 1 << 20
SIZE = 300_000

pytestmark = pytest.mark.skipif(
    request_capacity(MIB) == MIB, reason="this Python's bytearray is unknown: nothing is lent to it"
)


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """No block, and no collector that would free one."""
    trim_pool()
    set_pool_limit(64 * MIB)
    before = pool_stats().used_blocks
    gc.disable()
    yield
    gc.enable()
    assert pool_stats().used_blocks == before


@pytest.fixture
def account() -> Account:
    return Account(16 * MIB)


def reserve(account: Account, body: int, output: int = 0) -> Reservation:
    outputs = output_capacity(output) if output else 0
    reservation = account.try_reserve(request_capacity(body) + outputs, output, body=body)
    assert reservation is not None
    return reservation


def make(account: Account, n: int = SIZE) -> RequestBuffer:
    """Fill it with bytes that tell their place."""
    buffer = request_buffer(n, reservation=reserve(account, n))
    buffer[:] = (bytes(range(251)) * (n // 251 + 1))[:n]
    return buffer


def nul_behind(buffer: bytearray) -> int:
    as_string = ctypes.pythonapi.PyByteArray_AsString
    as_string.restype, as_string.argtypes = ctypes.c_void_p, [ctypes.py_object]
    return ctypes.string_at(as_string(buffer) + len(buffer), 1)[0]


def test_from_a_size_on_memory_is_a_block_of_the_pool(account: Account) -> None:
    first = next(n for n in range(4095, 2 * MIB, 4096) if request_capacity(n) != n)
    while request_capacity(first - 1) != first - 1:
        first -= 1
    for n, blocks in ((first - 1, 0), (first, 1), (MIB - 1, 1), (MIB, 1), (MIB + 1, 1)):
        before = pool_stats()
        buffer = make(account, n)
        after = pool_stats()
        assert after.used_blocks - before.used_blocks == blocks
        assert after.used_bytes - before.used_bytes == blocks * request_capacity(n)
        assert account.held == buffer.reservation.nbytes == request_capacity(n)
        assert len(buffer) == n
        assert nul_behind(buffer) == 0
        del buffer
        assert account.held == 0
        assert pool_stats().used_blocks == before.used_blocks
    assert request_capacity(first) == output_capacity(first + 1)
    used = pool_stats().used_blocks
    plain = request_buffer(MIB)  # without a reservation
    assert type(plain) is bytearray
    assert pool_stats().used_blocks == used


@pytest.mark.parametrize("n", [MIB - 1, MIB, SIZE, 5 * MIB + 3])
def test_it_is_read_and_written_as_a_bytearray(account: Account, n: int) -> None:
    for _ in range(2):  # the second one lies where the first one did
        reused = pool_stats().reused
        buffer = make(account, n)
        expected = (bytes(range(251)) * (n // 251 + 1))[:n]
        assert bytes(buffer) == bytes(memoryview(buffer)) == expected
        assert buffer == bytearray(expected)
        assert buffer.decode("latin-1") == expected.decode("latin-1")
        assert hashlib.sha256(buffer).digest() == hashlib.sha256(expected).digest()
        assert buffer.find(b"\xfa\x00", 1) == 250
        assert nul_behind(buffer) == 0
        assert sys.getsizeof(buffer) >= request_capacity(n)
        assert io.BytesIO(expected[::-1]).readinto(buffer) == n
        assert bytes(buffer) == expected[::-1]
        buffer.reverse()
        buffer[1:3] = b"\x01\x02"
        buffer[::2] = buffer[::2]
        assert bytes(buffer) == expected
        del buffer
    assert pool_stats().reused == reused + 1
    assert pool_stats().idle_bytes == request_capacity(n)


def test_what_is_made_from_it_is_an_ordinary_bytearray(account: Account) -> None:
    buffer = make(account)
    expected = bytes(buffer)
    made: list[Callable[[RequestBuffer], Any]] = [
        bytearray,
        bytearray.copy,
        operator.itemgetter(slice(None)),
        lambda b: b + b"",
        lambda b: b * 1,
        lambda b: b.replace(b"nowhere", b"to be found"),
        lambda b: b.translate(None),
        lambda b: b.ljust(1),
        lambda b: b.removeprefix(b"nowhere"),
    ]
    for one in made:
        other = one(buffer)
        assert type(other) is bytearray
        assert other == expected
        other[0] = 99
        other += b"grows"
        del other
    assert bytes(buffer) == expected


RESIZES: dict[str, Callable[[RequestBuffer], Any]] = {
    "append": lambda b: b.append(1),
    "clear": lambda b: b.clear(),
    "del all": lambda b: operator.delitem(b, slice(None)),
    "del extended slice": lambda b: operator.delitem(b, slice(0, 100, 2)),
    "del first": lambda b: operator.delitem(b, 0),
    "del last": lambda b: operator.delitem(b, -1),
    "del slice": lambda b: operator.delitem(b, slice(10, 20)),
    "del start": lambda b: operator.delitem(b, slice(0, 20)),
    "extend": lambda b: b.extend(b"more"),
    "extend by integers": lambda b: b.extend(iter([1, 2, 3])),
    "init": lambda b: b.__init__(),
    "init of the base": lambda b: bytearray.__init__(b, 5),
    "init with bytes": lambda b: b.__init__(b"bytes"),
    "init with text": lambda b: b.__init__("text", "ascii"),
    "init with integers": lambda b: bytearray.__init__(b, [1, 2]),
    "insert": lambda b: b.insert(0, 1),
    "pop": lambda b: b.pop(),
    "pop first": lambda b: b.pop(0),
    "remove": lambda b: b.remove(7),
    "set longer slice": lambda b: operator.setitem(b, slice(0, 5), b"longer"),
    "set shorter slice": lambda b: operator.setitem(b, slice(0, 5), b""),
    "set shorter to itself": lambda b: operator.setitem(b, slice(0, 5), b),
    "+=": lambda b: b.__iadd__(b"more"),
    "+= itself": lambda b: b.__iadd__(b),
    "*= 0": lambda b: b.__imul__(0),
    "*= -1": lambda b: b.__imul__(-1),
    "*= 2": lambda b: b.__imul__(2),
    "PyByteArray_Resize": lambda b: resize(b, 10),
    "PyByteArray_Resize by one": lambda b: resize(b, len(b) + 1),
}
"""All that changes the length of a bytearray."""
if hasattr(bytearray, "resize"):
    RESIZES["resize"] = lambda b: bytearray.resize(b, 10)  # type: ignore[attr-defined]


def resize(buffer: bytearray, n: int) -> None:
    function = ctypes.pythonapi.PyByteArray_Resize
    function.argtypes = [ctypes.py_object, ctypes.c_ssize_t]
    function(buffer, n)


@pytest.mark.parametrize("way", RESIZES)
def test_it_is_never_resized(account: Account, way: str) -> None:
    buffer = make(account)
    expected = bytes(buffer)
    for _ in range(3):
        with pytest.raises(BufferError):
            RESIZES[way](buffer)
        with memoryview(buffer), pytest.raises(BufferError):
            RESIZES[way](buffer)
    assert bytes(buffer) == expected
    assert nul_behind(buffer) == 0
    assert account.held == request_capacity(SIZE)
    del buffer
    assert account.held == 0


def test_every_method_of_a_bytearray_that_changes_it_was_tried() -> None:
    changing = set(vars(bytearray)) - set(vars(bytes))
    assert changing <= {
        *("append", "clear", "copy", "extend", "insert", "pop", "remove", "reverse"),
        *("__alloc__", "__delitem__", "__iadd__", "__imul__", "__init__", "__setitem__"),
        *("__hash__", "__release_buffer__", "__sizeof__"),
        *("__reduce__", "__reduce_ex__"),  # refused, see test_pickling.py
        "resize",  # from 3.14 on
    }


def test_changes_of_no_length_are_allowed(account: Account) -> None:
    buffer = make(account)
    expected = bytes(buffer)
    same = buffer
    same += b""
    same *= 1
    same.extend(b"")
    same.extend(())
    same[5:5] = b""
    del same[5:5]
    resize(same, SIZE)
    assert same is buffer
    assert bytes(buffer) == expected
    assert nul_behind(buffer) == 0


def test_its_class_stays(account: Account) -> None:
    class WithSlot(bytearray):
        __slots__ = ("reservation",)

    buffer: Any = make(account)
    for other in (bytearray, WithSlot):
        with pytest.raises(TypeError):
            buffer.__class__ = other
    with pytest.raises(TypeError):
        WithSlot(b"").__class__ = RequestBuffer  # type: ignore[assignment]
    with pytest.raises(TypeError):
        bytearray.__new__(RequestBuffer)
    with pytest.raises(TypeError):
        RequestBuffer.fromhex("00")
    with pytest.raises(TypeError):
        type("Sub", (RequestBuffer,), {})
    with pytest.raises(TypeError):
        copy.copy(buffer)
    with pytest.raises(TypeError):
        copy.deepcopy(buffer)
    with pytest.raises(TypeError):
        pickle.dumps(buffer)
    with pytest.raises(AttributeError):
        buffer.reservation = None


def test_slices_keep_the_block_and_its_bytes(account: Account) -> None:
    used = pool_stats().used_blocks
    buffer = make(account)
    piece = memoryview(buffer)[10:20][1:]
    del buffer
    assert account.held == request_capacity(SIZE)
    assert pool_stats().used_blocks == used + 1
    assert bytes(piece) == bytes(range(11, 20))
    make(account)  # in another block
    assert bytes(piece) == bytes(range(11, 20))
    piece.release()
    del piece
    assert account.held == 0
    assert pool_stats().used_blocks == used


@pytest.mark.parametrize("last", ["object", "view"])
def test_the_last_reference_may_die_on_any_thread(account: Account, last: str) -> None:
    buffer = make(account)
    kept = [buffer if last == "object" else memoryview(buffer)[5:]]
    del buffer
    thread = threading.Thread(target=kept.clear)
    thread.start()
    thread.join()
    assert account.held == 0


def test_threads_share_the_blocks(account: Account) -> None:
    wrong = []

    def work(mark: int) -> None:
        for _ in range(200):
            buffer = request_buffer(SIZE, reservation=reserve(account, SIZE))
            buffer[:] = bytes([mark]) * SIZE
            views = [memoryview(buffer)[i:] for i in range(3)]
            del buffer
            wrong.extend([mark] * (views[1].tobytes().count(mark) != SIZE - 1))

    threads = [threading.Thread(target=work, args=(mark,)) for mark in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert account.held == 0
    assert pool_stats().idle_blocks <= 8  # a thread has the last one yet when it makes the next


def test_nothing_of_it_is_left(account: Account) -> None:
    types = sys.getrefcount(RequestBuffer)
    blocks = sys.getallocatedblocks()
    for _ in range(1000):
        request_buffer(SIZE, reservation=reserve(account, SIZE))
    assert sys.getrefcount(RequestBuffer) == types
    assert sys.getallocatedblocks() - blocks < 100
    assert pool_stats().idle_blocks == 1


def test_received_from_a_socket_and_converted(account: Account) -> None:
    png = small_png(width=900, height=900) + bytes(SIZE)
    output = 54 + 3 * 900 * 900
    reservation = reserve(account, len(png), output)
    for_output = reservation.split(output_capacity(output))
    buffer = request_buffer(len(png), reservation=reservation)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=theirs.sendall, args=(png,))
        sender.start()
        filled = 0
        while filled < len(png):
            filled += ours.recv_into(memoryview(buffer)[filled:])
        sender.join()
    view = memoryview(buffer)
    del buffer
    with convert(view, reservation=for_output) as bitmap, convert(png) as expected:
        assert bytes(bitmap) == bytes(expected)
        view.release()
        del view, reservation
        assert account.held == output_capacity(output)
    assert account.held == 0


def test_idle_blocks_of_output_and_body_are_no_obstacle() -> None:
    png = small_png(width=300, height=300)
    output = 54 + 3 * 300 * 300
    for body in (MIB, output - 1):  # the latter's block is as large as the output's
        trim_pool()
        account = Account(output_capacity(output) + request_capacity(body))
        for _ in range(3):
            before = pool_stats()
            reservation = reserve(account, body, output)
            assert pool_stats().idle_bytes == before.idle_bytes
            for_output = reservation.split(output_capacity(output))
            buffer = request_buffer(body, reservation=reservation)
            bitmap = convert(png, reservation=for_output)
            assert pool_stats().idle_bytes == 0
            assert pool_stats().used_bytes == account.held == account.limit
            bitmap.release()
            del buffer, reservation
            assert (account.held, pool_stats().idle_bytes) == (0, account.limit)
        assert pool_stats().reused == before.reused + 2
        assert account.try_reserve(1) is not None  # which will make nothing of them
        assert pool_stats().idle_bytes < account.limit


def test_a_need_without_its_body_is_refused(account: Account) -> None:
    with pytest.raises(ValueError, match="body"):
        account.try_reserve(SIZE, body=SIZE)
    with pytest.raises(ValueError, match="output"):
        account.try_reserve(request_capacity(SIZE), 1 << 20, body=SIZE)
    assert account.try_reserve(10, body=1000) is not None  # no block: nothing to look after
    assert account.held == 0
