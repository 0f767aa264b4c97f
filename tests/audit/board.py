"""The board on which the preloaded counter finds what to look for, and leaves what it has seen.

The layout is that of counter/counter.h.
"""

import ctypes
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.bodies import Body

VERSION, PATTERNS, SITES = 1, 2, 256
ROOM = 48 * 2**20  # bytes for the bodies


class _Pattern(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_uint64),
        ("at", ctypes.c_uint64),
        ("first_word", ctypes.c_uint64),
        ("words", ctypes.c_uint64),
        ("magic", ctypes.c_uint8 * 4),
        ("added", ctypes.c_uint8),
        ("unused", ctypes.c_uint8 * 3),
    )


class _Count(ctypes.Structure):
    _fields_ = (
        ("copies", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("next", ctypes.c_uint64),
    )


class _Site(ctypes.Structure):
    _fields_ = (
        ("object", ctypes.c_char * 64),
        ("symbol", ctypes.c_char * 96),
        ("python", ctypes.c_char * 288),
        ("counts", _Count * PATTERNS),
    )


class _Board(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_uint32),
        ("active", ctypes.c_uint32),
        ("lock", ctypes.c_uint32),
        ("used", ctypes.c_uint32),
        ("lost", ctypes.c_uint32),
        ("unused", ctypes.c_uint32),
        ("patterns", _Pattern * PATTERNS),
        ("sites", _Site * SITES),
    )


@dataclass(frozen=True)
class Copied:
    """Payload that was copied at one place."""

    object: str
    """The library that called memcpy or its kin."""
    symbol: str
    """Its function; empty if that has no name."""
    python: str
    """file:function of the innermost Python frame; empty without the interpreter's lock."""
    outgoing: bool
    """Whether it is the answer's payload; else it is the request's."""
    copies: int
    nbytes: int

    @property
    def place(self) -> str:
        """Where, for people."""
        where = "/".join(self.python.rsplit("/", 2)[-2:]) or "(without the interpreter's lock)"
        return f"{where} ({self.object}:{self.symbol or '?'})"


class Board:
    """One file, mapped here and in every process of the service."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("wb+") as file:
            file.truncate(ctypes.sizeof(_Board) + ROOM)
            self._memory = mmap.mmap(file.fileno(), 0)
        self._board = _Board.from_buffer(self._memory)
        self._board.version = VERSION

    @contextmanager
    def watching(self, incoming: Body, outgoing: Body) -> Iterator[None]:
        """Count copies of these while the block runs; what was counted before is forgotten."""
        at = ctypes.sizeof(_Board)
        ctypes.memset(self._board.sites, 0, ctypes.sizeof(self._board.sites))
        self._board.used = self._board.lost = 0
        for pattern, body in zip(self._board.patterns, (incoming, outgoing), strict=True):
            # What goes out unchanged is what came in: then all is looked for as that.
            pattern.length = (
                0 if body is incoming and at > ctypes.sizeof(_Board) else len(body.data)
            )
            pattern.at, pattern.first_word, pattern.words = at, body.first_word, body.words
            pattern.magic[:], pattern.added = body.magic, body.added
            self._memory[at : at + len(body.data)] = body.data
            at += len(body.data)
        self._board.active = 1
        try:
            yield
        finally:
            self._board.active = 0

    def copied(self) -> list[Copied]:
        """Return what was counted."""
        assert not self._board.lost, "more places copy payload than the board has room for"
        return [
            Copied(
                site.object.decode(),
                site.symbol.decode(),
                site.python.decode(),
                outgoing,
                count.copies,
                count.bytes,
            )
            for site in self._board.sites[: self._board.used]
            for outgoing, count in zip((False, True), site.counts, strict=True)
            if count.copies
        ]
