"""The counter sees what copies, counts the bytes of the body alone, and names the place.

Each test copies in a process of its own, in which `body` is what is looked for.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit.board import Board, Copied
from audit.bodies import Body, picture, raw_body
from audit.build import built_counter

PREAMBLE = """
import sys
from ctypes import CDLL, PyDLL, addressof, c_char, c_size_t, c_void_p
from pathlib import Path

libc, unlocked = PyDLL(None), CDLL(None)
libc.malloc.restype = libc.realloc.restype = c_void_p

def at(buffer, offset=0):
    return c_void_p(addressof(c_char.from_buffer(buffer)) + offset)

body = bytearray(Path(sys.argv[1]).stat().st_size)
with open(sys.argv[1], "rb", buffering=0) as file:
    file.readinto(body)
to = bytearray(len(body) + 1000)
"""


def copied(tmp_path: Path, body: Body, code: str) -> list[Copied]:
    """Run code in a process that is counted."""
    board, file = Board(tmp_path / "board"), tmp_path / "body"
    file.write_bytes(body.data)
    with board.watching(body, body):
        subprocess.run(
            [sys.executable, "-c", PREAMBLE + code, str(file)],
            env=os.environ
            | {"LD_PRELOAD": str(built_counter()), "COPY_AUDIT_BOARD": str(board.path)},
            check=True,
            timeout=60,
        )
    return board.copied()


def counted(tmp_path: Path, body: Body, code: str) -> tuple[int, int]:
    """Return copies and bytes."""
    seen = copied(tmp_path, body, code)
    return sum(one.copies for one in seen), sum(one.nbytes for one in seen)


@pytest.mark.parametrize(
    "call",
    [
        "libc.memcpy(at(to), at(body), c_size_t(1000))",
        "libc.memmove(at(to), at(body), c_size_t(1000))",
        "libc.mempcpy(at(to), at(body), c_size_t(1000))",
        "libc.__memcpy_chk(at(to), at(body), c_size_t(1000), c_size_t(1000))",
        "libc.__memmove_chk(at(to), at(body), c_size_t(1000), c_size_t(1000))",
        "libc.__mempcpy_chk(at(to), at(body), c_size_t(1000), c_size_t(1000))",
        "memoryview(to)[:1000] = memoryview(body)[:1000]",
        "bytes(memoryview(body)[:1000])",
        "b''.join([memoryview(body)[:400], memoryview(body)[400:1000]])",
    ],
)
def test_whatever_copies_is_seen(tmp_path: Path, call: str) -> None:
    copies, nbytes = counted(tmp_path, raw_body(5000), call)
    assert (copies, nbytes) == (2 if "join" in call else 1, 1000)


@pytest.mark.parametrize(("start", "size"), [(0, 16), (3, 15), (1, 4999), (4985, 15), (4977, 23)])
def test_bytes_at_both_ends_count_as_well(tmp_path: Path, start: int, size: int) -> None:
    code = f"libc.memcpy(at(to), at(body, {start}), c_size_t({size}))"
    assert counted(tmp_path, raw_body(5000), code) == (1, size)


def test_what_is_around_a_body_does_not_count(tmp_path: Path) -> None:
    code = """
around = bytearray(b"POST /\\r\\n\\r\\n".ljust(len(body) + 200, b"."))
around[100:100 + len(body)] = memoryview(body)
libc.memcpy(at(to), at(around), c_size_t(len(around)))
"""
    seen = copied(tmp_path, raw_body(5000), code)
    assert seen[-1].nbytes == 5000


def test_a_body_in_pieces_of_any_size_counts_whole(tmp_path: Path) -> None:
    code = """
place = 0
for size in (2, 3, 5, 7, 11, 13, 1700, 2, 2, 9):
    libc.memcpy(at(to), at(body, place), c_size_t(size))
    place += size
libc.memcpy(at(to), at(body, place), c_size_t(len(body) - place))
"""
    png, _ = picture(3000, 32, 16)
    assert counted(tmp_path, png, code) == (11, len(png.data))


def test_other_bytes_do_not_count(tmp_path: Path) -> None:
    code = """
other = bytearray(range(256)) * 20
libc.memcpy(at(to), at(other), c_size_t(5000))
zeros = bytearray(5000)
libc.memcpy(at(to), at(zeros), c_size_t(5000))
"""
    assert counted(tmp_path, picture(5000, 32, 16)[0], code) == (0, 0)


def test_a_block_that_realloc_moves_counts(tmp_path: Path) -> None:
    code = """
block = libc.malloc(c_size_t(5000))
libc.memcpy(c_void_p(block), at(body), c_size_t(5000))
libc.malloc(c_size_t(5000))  # behind it: there is no room to grow
moved = libc.realloc(c_void_p(block), c_size_t(20_000))
assert moved != block
"""
    copies, nbytes = counted(tmp_path, raw_body(5000), code)
    assert (copies, nbytes) == (2, 10_000)


def test_pages_that_realloc_moves_do_not_count(tmp_path: Path) -> None:
    code = """
block = libc.malloc(c_size_t(1_000_000))
libc.memcpy(c_void_p(block), at(body), c_size_t(1_000_000))
libc.realloc(c_void_p(block), c_size_t(50_000_000))
"""
    assert counted(tmp_path, raw_body(1_000_000), code) == (1, 1_000_000)


def test_the_place_is_named(tmp_path: Path) -> None:
    code = "class Some:\n def probe(self):\n  return bytes(memoryview(body))\nSome().probe()"
    (site,) = copied(tmp_path, raw_body(5000), code)
    assert site.python == "<string>:Some.probe"
    assert "PyBuffer_ToContiguous" in site.place


def test_without_the_lock_only_the_library_is_named(tmp_path: Path) -> None:
    code = "unlocked.memcpy(at(to), at(body), c_size_t(1000))"
    (site,) = copied(tmp_path, raw_body(5000), code)
    assert (site.python, site.nbytes) == ("", 1000)
    assert site.place.startswith("(without the interpreter's lock) (libffi")
