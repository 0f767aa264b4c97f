"""Reserved bytes end exactly when the memory they stand for does, wherever and however it ends."""

import gc
import mmap
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

import pixelferry
from pixelferry._native import (
    Account,
    RequestBuffer,
    Reservation,
    convert,
    output_capacity,
    pool_stats,
    request_buffer,
    rotate_split,
    set_pool_limit,
    trim_pool,
)
from png_writer import small_png

MIB = 1 << 20
DEFAULT_POOL_LIMIT = 64 * MIB


@pytest.fixture
def account() -> Account:
    return Account(MIB, kept=MIB // 8)


@pytest.fixture
def png() -> bytes:
    return small_png(width=70, height=50)


@pytest.fixture
def no_gc() -> Iterator[None]:
    """What ends, ends by its last reference alone."""
    gc.disable()
    yield
    gc.enable()


def reserve(account: Account, nbytes: int, output: int = 0) -> Reservation:
    reservation = account.try_reserve(nbytes, output)
    assert reservation is not None
    return reservation


def reserve_output(account: Account, png: bytes) -> Reservation:
    output = pixelferry.inspect(png).output_size
    return reserve(account, output_capacity(output), output)


def is_readable(account: Account) -> bool:
    return bool(select.select([account], [], [], 0)[0])


def test_two_parts_of_one_limit() -> None:
    account = Account(1000, kept=125)
    assert (account.limit, account.kept, account.held) == (1000, 125, 0)
    assert account.try_reserve(876) is None
    large = reserve(account, 875)
    assert account.try_reserve(1) is None
    small = account.try_reserve(125, small=True)
    assert small is not None
    assert account.try_reserve(1, small=True) is None
    assert account.held == 1000
    del large
    assert account.held == 125
    rest = account.try_reserve(875, small=True)
    assert rest is not None
    small.release()
    small.release()
    assert (account.held, small.nbytes) == (875, 0)


def test_a_reservation_grows_and_splits(account: Account) -> None:
    whole = reserve(account, 100)
    assert whole.try_grow(50)
    assert not whole.try_grow(MIB)
    part = whole.split(30)
    assert (whole.nbytes, part.nbytes, account.held) == (120, 30, 150)
    with pytest.raises(ValueError, match="less"):
        part.split(31)
    whole.release()
    assert account.held == 30
    del part
    assert account.held == 0


def test_nonsense_is_refused(account: Account) -> None:
    with pytest.raises(ValueError, match="kept"):
        Account(8, kept=9)
    with pytest.raises(ValueError, match="limit"):
        Account(2**63)
    with pytest.raises(TypeError):
        account.try_reserve(-1)
    with pytest.raises(ValueError, match="output"):
        account.try_reserve(100, output=100)
    assert account.try_reserve(2**63) is None
    with pytest.raises(TypeError):
        Reservation()
    with pytest.raises(TypeError):
        RequestBuffer(b"bytes")


def test_what_comes_back_wakes_who_waits(account: Account) -> None:
    assert not os.get_blocking(account.fileno())
    assert not os.get_inheritable(account.fileno())
    reserve(account, 100).release()
    assert not is_readable(account)
    account.wanted = True
    assert account.wanted
    reserve(account, 100).release()
    assert is_readable(account)
    account.drain_wakeups()
    assert not is_readable(account)
    account.drain_wakeups()


def test_a_release_on_another_thread_wakes(account: Account, png: bytes) -> None:
    views = [memoryview(convert(png, reservation=reserve_output(account, png)))]
    account.wanted = True
    assert account.try_reserve(account.limit - account.kept) is None
    thread = threading.Thread(target=lambda: views.pop().release())
    thread.start()
    assert select.select([account], [], [], 60)[0]
    thread.join()
    assert account.try_reserve(account.limit - account.kept) is not None


def test_slices_keep_the_bytes_of_the_output(account: Account, png: bytes, no_gc: None) -> None:
    given = reserve_output(account, png)
    held = account.held
    bitmap = convert(png, reservation=given)
    assert (given.nbytes, account.held) == (0, held)
    piece = memoryview(bitmap)[10:20]
    del bitmap, given
    assert account.held == held
    used = pool_stats().used_blocks
    del piece
    assert account.held == 0
    assert pool_stats().used_blocks == used - 1


def test_the_given_reservation_can_go_on(account: Account, png: bytes) -> None:
    given = reserve_output(account, png)
    output = account.held
    assert given.try_grow(1000)
    bitmap = convert(png, reservation=given.split(output))
    assert (given.nbytes, account.held) == (1000, output + 1000)
    bitmap.release()
    assert account.held == 1000


def test_an_error_leaves_the_bytes_where_they_were(account: Account, png: bytes) -> None:
    given = reserve_output(account, png)
    nbytes = given.nbytes
    with pytest.raises(pixelferry.InvalidPng):
        convert(png[:-30], reservation=given)
    cancelled = pixelferry.CancelFlag()
    cancelled.set()
    with pytest.raises(pixelferry.Cancelled):
        convert(png, cancel=cancelled, reservation=given)
    with pytest.raises(BufferError):
        rotate_split(b"read-only", 1, reservation=given)
    assert given.nbytes == account.held == nbytes
    with convert(png, reservation=given) as bitmap:
        assert bytes(bitmap) == bytes(convert(png))
    assert account.held == 0


def test_rotated_bytes_hold_their_reservation(account: Account, no_gc: None) -> None:
    given = reserve(account, output_capacity(5000), 5000)
    owned = rotate_split(bytearray(5000), 1, reservation=given)
    assert given.nbytes == 0
    view = memoryview(owned)
    del owned
    assert account.held == output_capacity(5000)
    view.release()
    assert account.held == 0


def test_a_request_buffer_ends_its_reservation(account: Account, no_gc: None) -> None:
    given = reserve(account, 5000)
    buffer = request_buffer(5000, reservation=given)
    assert isinstance(buffer, RequestBuffer)
    assert isinstance(buffer, bytearray)
    assert buffer.reservation is given
    buffer[:] = bytes(range(250)) * 20
    view = memoryview(buffer)[100:]
    assert view[0] == 100
    del buffer
    assert account.held == 5000
    del view
    assert account.held == 0
    assert given.nbytes == 0


def test_a_request_buffer_dies_on_another_thread(account: Account, no_gc: None) -> None:
    buffers = [request_buffer(5000, reservation=reserve(account, 5000))]
    thread = threading.Thread(target=buffers.clear)
    thread.start()
    thread.join()
    assert account.held == 0


def test_a_request_buffer_is_a_bytearray_that_can_grow(account: Account) -> None:
    buffer = request_buffer(0, reservation=reserve(account, 10))
    assert isinstance(buffer, RequestBuffer)
    assert len(buffer) == 0
    assert buffer.reservation.try_grow(1000)
    buffer += bytes(1010)
    assert type(buffer) is RequestBuffer
    assert type(buffer[:5]) is bytearray
    assert account.held == 1010
    del buffer
    assert account.held == 0


def test_a_buffer_that_cannot_be_made_leaves_the_reservation(account: Account) -> None:
    given = reserve(account, 10)
    with pytest.raises(MemoryError):
        request_buffer(sys.maxsize - 1, reservation=given)
    with pytest.raises(ValueError, match="negative"):
        request_buffer(-1, reservation=given)
    assert given.nbytes == account.held == 10


def test_idle_blocks_make_room_but_for_the_one_to_be_reused(png: bytes) -> None:
    trim_pool()
    output = pixelferry.inspect(png).output_size
    capacity = output_capacity(output)
    account = Account(capacity)
    convert(png).release()
    assert pool_stats().idle_bytes == capacity
    before = pool_stats()
    convert(png, reservation=reserve(account, capacity, output)).release()
    assert pool_stats().reused == before.reused + 1
    other = reserve(account, 1)
    assert pool_stats().idle_bytes == 0
    assert other.nbytes == 1


def test_blocks_idle_for_a_while_are_unmapped(png: bytes) -> None:
    trim_pool()
    convert(png).release()
    idle = pool_stats().idle_bytes
    assert trim_pool(idle_for=3600) == 0
    assert trim_pool(idle_for=float("inf")) == 0
    assert trim_pool(idle, idle_for=0) == 0
    assert trim_pool(idle_for=0) == idle
    for wrong in (-1, float("nan")):
        with pytest.raises(ValueError, match="idle_for"):
            trim_pool(idle_for=wrong)


def test_the_pool_keeps_no_more_than_it_may(png: bytes) -> None:
    try:
        convert(png).release()
        set_pool_limit(0)
        assert pool_stats().idle_bytes == 0
        convert(png).release()
        assert pool_stats().idle_bytes == 0
    finally:
        set_pool_limit(DEFAULT_POOL_LIMIT)
    convert(png).release()
    assert pool_stats().idle_bytes > 0


def test_capacities_are_what_the_pool_counts(png: bytes) -> None:
    before = pool_stats().used_bytes
    bitmap = convert(png)
    assert pool_stats().used_bytes - before == output_capacity(bitmap.nbytes)
    assert all(output_capacity(a) <= output_capacity(b) for a, b in pairwise(range(0, 10**6, 997)))
    with pytest.raises(pixelferry.OutOfMemory):
        output_capacity(2**64 - 1)


def test_cells_in_memory_of_others() -> None:
    memory = mmap.mmap(-1, 32)
    cells = memoryview(memory)
    account = Account(1000, kept=100, held=cells[:16], peer=cells[16:])
    words = cells.cast("Q")
    large = reserve(account, 500)
    small = account.try_reserve(10, small=True)
    assert list(words) == [10, 500, 0, 0]
    words[3] = 400
    assert account.try_reserve(1) is None
    words[3] = 399
    assert account.try_reserve(1) is not None
    assert account.held == 510
    del large, small
    assert list(words) == [0, 0, 0, 399]
    words.release()
    with pytest.raises(BufferError):
        memory.close()
    del account
    cells.release()
    memory.close()


def test_cells_stay_exported_while_bytes_are_reserved() -> None:
    cells = bytearray(16)
    account = Account(1000, held=cells)
    reservation = reserve(account, 10)
    del account
    with pytest.raises(BufferError):
        cells.append(0)
    reservation.release()
    assert bytes(cells) == bytes(16)


def test_cells_are_sixteen_aligned_writable_bytes() -> None:
    with pytest.raises(ValueError, match="16"):
        Account(1000, held=bytearray(17))
    with pytest.raises(ValueError, match="16"):
        Account(1000, peer=bytes(8))
    with pytest.raises(ValueError, match="aligned"):
        Account(1000, held=memoryview(bytearray(24))[1:17])
    with pytest.raises(BufferError):
        Account(1000, held=bytes(16))


# Reserves more than half of the limit again and again; tells the other what it surely holds.
TAKES_TURNS = """
import mmap, os, sys
from pixelferry._native import Account

LIMIT = 1000
memory = memoryview(mmap.mmap(int(sys.argv[1]), 64))
own, other = int(sys.argv[2]), 1 - int(sys.argv[2])
cells = [memory[16 * i : 16 * i + 16] for i in range(2)]
account = Account(LIMIT, kept=100, held=cells[own], peer=cells[other])
granted = memory[32:48].cast("Q")

print("ready", flush=True)
sys.stdin.readline()
successes = exceeded = 0
while successes < 20_000:
    nbytes = 501 + successes % 400
    reservation = account.try_reserve(nbytes)
    if reservation is None:
        os.sched_yield()
        continue
    granted[own] = nbytes
    exceeded += granted[own] + granted[other] > LIMIT
    successes += 1
    granted[own] = 0
    reservation.release()
print(exceeded)
"""


def test_two_processes_never_exceed_the_limit_together() -> None:
    fd = os.memfd_create("cells")
    os.ftruncate(fd, 64)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TAKES_TURNS, str(fd), str(own)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[fd],
            text=True,
        )
        for own in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        exceeded, _ = process.communicate(timeout=60)
        assert exceeded == "0\n"
    with mmap.mmap(fd, 64) as memory:
        assert bytes(memory) == bytes(64)
    os.close(fd)
