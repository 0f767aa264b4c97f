"""Where the system gives no memory, the caller is told, nothing stays held, and work goes on."""

import subprocess
import sys

# In a process of its own, for the limit is the process's.
RUNS_OUT = """
import resource
from pathlib import Path

import pixelferry
from pixelferry._native import (
    Account, convert, output_capacity, pool_stats, request_buffer, rotate_split,
)
from png_writer import small_png

png = small_png(width=2000, height=2000)
size = pixelferry.inspect(png).output_size
account = Account(100 << 20)
convert(small_png(width=2, height=2)).release()

def reserve():
    reservation = account.try_reserve(output_capacity(size), size)
    assert reservation is not None
    return reservation

def tried(make):
    reservation = reserve()
    nbytes = reservation.nbytes
    try:
        make(reservation)
    except MemoryError as error:
        assert reservation.nbytes == account.held == nbytes
        return type(error)
    return None

tries = [
    lambda reservation: convert(png, reservation=reservation),
    lambda reservation: rotate_split(buffer, 1, reservation=reservation),
    lambda reservation: request_buffer(size, reservation=reservation),
]
buffer = bytearray(size)
mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
unlimited = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (mapped + (4 << 20), unlimited[1]))
short = [tried(make) for make in tries]
held, used = account.held, pool_stats().used_bytes
resource.setrlimit(resource.RLIMIT_AS, unlimited)

assert short == [pixelferry.OutOfMemory] * 3, short
assert (held, used) == (0, 0), (held, used)
assert not any(buffer)
assert [tried(make) for make in tries] == [None, None, None]
assert (account.held, pool_stats().used_bytes) == (0, 0)
"""


def test_nothing_is_held_after_memory_ran_out() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", RUNS_OUT],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        timeout=60,
        check=False,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
