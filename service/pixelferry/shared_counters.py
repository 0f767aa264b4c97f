"""Counters of several processes in one block of anonymous shared memory.

The block is divided into places, two for each slot: while a worker is replaced its successor counts
in the other one. The last place is the supervisor's. One process writes a place at a time, without
locks; anybody who has the block reads all of them. What was counted is in memory that outlives the
process, so nothing is lost with one that is killed, and the next writer of the place counts on.

Why a reader needs no lock: a cell is 8 bytes at a multiple of 8, and is read and written by one
instruction, so its value is always one that it had. Counters only grow, and each has one writer at
a time, so a sum over places lies between the true ones before and after reading, and when nobody
counts it is exact. Cells that belong together are not read in one moment: the sum of a histogram
may be a request ahead of its buckets, or behind. A process killed between two cells of one request
leaves it counted in some and not in others.
"""

import os
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from mmap import mmap
from operator import add
from time import monotonic
from typing import Final

from pixelferry.metric_layout import Layout

# A place in bytes, in the order of its parts. The service needs at most a third of each (1580
# counts, 5 KB of directory), which leaves room for routes and codes to come. Pages that nobody
# touches take no memory.
_HEADER: Final = slice(0, 64)
_ACCOUNT: Final = slice(64, 80)  # in a cache line of its own: native threads write it
_GAUGES: Final = slice(128, 1024)
_DIRECTORY: Final = slice(1024, 16 * 1024)
_COUNTS: Final = slice(16 * 1024, 60 * 1024)
_SECONDS: Final = slice(60 * 1024, 64 * 1024)
PLACE_SIZE: Final = 64 * 1024

PLACES_PER_SLOT: Final = 2

# Cells of the header.
_STATE, _PID, _DIRECTORY_SIZE, _SINCE, _HEARTBEAT = range(5)


class State(IntEnum):
    """What the process that writes a place is doing."""

    EMPTY = 0  # there is none
    STARTING = 1
    READY = 2
    DRAINING = 3


@dataclass(frozen=True)
class Occupant:
    """The process that writes a place."""

    place: int
    pid: int
    state: State
    since: float  # CLOCK_MONOTONIC, seconds
    heartbeat: float  # CLOCK_MONOTONIC, seconds

    @property
    def slot(self) -> int:
        """The slot whose place it is."""
        return self.place // PLACES_PER_SLOT


class CounterBlock:
    """Shared memory with all places. Any thread and process may read it."""

    def __init__(self, fd: int, memory: memoryview) -> None:
        """Own `fd`, behind which `memory` is. Use `create` or `attach`."""
        self.fd = fd  # for processes that inherit it; closed with the block
        self._memory = memory
        self.places = len(memory) // PLACE_SIZE - 1  # the supervisor's not counted
        weakref.finalize(self, os.close, fd)

    @classmethod
    def create(cls, slots: int) -> "CounterBlock":
        """Make a block for `slots` workers. Raises OSError if the kernel gives no memory."""
        fd = os.memfd_create("pixelferry-counters")
        os.truncate(fd, (PLACES_PER_SLOT * slots + 1) * PLACE_SIZE)
        return cls.attach(fd)

    @classmethod
    def attach(cls, fd: int) -> "CounterBlock":
        """Map the block behind `fd` and own that. Raises ValueError or OSError."""
        size = os.fstat(fd).st_size
        if size <= PLACE_SIZE or size % PLACE_SIZE:
            raise ValueError(f"file descriptor {fd} holds no block of counters")
        return cls(fd, memoryview(mmap(fd, size)))

    def place(self, index: int) -> "Place":
        """Return a worker's place; those of slot n are 2n and 2n + 1."""
        if not 0 <= index < self.places:
            raise IndexError(f"there is no place {index}")
        return self._place(index)

    def supervisor_place(self) -> "Place":
        """Return the place that no worker has."""
        return self._place(self.places)

    def all_places(self) -> Iterator["Place"]:
        """Return the places of the workers in order, then the supervisor's."""
        return map(self._place, range(self.places + 1))

    def workers(self) -> list[Occupant]:
        """Return who has the workers' places now, in the order of the places."""
        found = (self.place(index).occupant() for index in range(self.places))
        return [one for one in found if one is not None]

    def _place(self, index: int) -> "Place":
        start = index * PLACE_SIZE
        return Place(self, index, self._memory[start : start + PLACE_SIZE])


@dataclass(frozen=True)
class Reading:
    """The cells of one place or the sums of several, column by column."""

    gauges: list[int]
    counts: list[int]
    seconds: list[float]

    def __add__(self, other: "Reading") -> "Reading":
        return Reading(
            list(map(add, self.gauges, other.gauges)),
            list(map(add, self.counts, other.counts)),
            list(map(add, self.seconds, other.seconds)),
        )


class Place:
    """The part of the block that one process writes.

    `gauges`, `counts` and `seconds` are its cells, to be written by the process that took it and
    there by one thread. `account_cells` are two unsigned numbers of 8 bytes, for native code that
    adds to them atomically.
    """

    def __init__(self, block: CounterBlock, index: int, memory: memoryview) -> None:
        """Use CounterBlock.place."""
        self.block = block
        self.index = index
        self.account_cells = memory[_ACCOUNT]
        self.gauges = memory[_GAUGES].cast("Q")
        self.counts = memory[_COUNTS].cast("Q")
        self.seconds = memory[_SECONDS].cast("d")
        self._header = memory[_HEADER].cast("Q")
        self._times = memory[_HEADER].cast("d")
        self._directory = memory[_DIRECTORY]

    @property
    def twin(self) -> "Place":
        """The other place of the slot: its worker's successor or predecessor has it."""
        return self.block.place(self.index ^ 1)

    def take(self, layout: Layout) -> None:
        """Write here from now on: counters go on if they were laid out the same, else begin at 0.

        Raises RuntimeError if a process has the place, ValueError if the layout does not fit.
        """
        if self.state is not State.EMPTY:
            raise RuntimeError(f"place {self.index} is taken by process {self._header[_PID]}")
        directory = layout.encode()
        self._check_room(layout, directory)
        if directory != self.directory():
            self._lay_out(directory)
        self._header[_PID] = os.getpid()
        self._times[_SINCE] = monotonic()
        self.beat(monotonic())
        self.state = State.STARTING

    def vacate(self) -> None:
        """Clear the gauges, the account and the state; counters stay.

        For the supervisor, when the process that had the place has ended.
        """
        for cells in (self.gauges, self.account_cells.cast("Q")):
            for cell in range(len(cells)):
                cells[cell] = 0
        self.state = State.EMPTY

    @property
    def state(self) -> State:
        """What the process that has the place is doing."""
        return State(self._header[_STATE])

    @state.setter
    def state(self, state: State) -> None:
        self._header[_STATE] = state

    def beat(self, now: float) -> None:
        """Tell that the process still works; `now` is time.monotonic()."""
        self._times[_HEARTBEAT] = now

    def occupant(self) -> Occupant | None:
        """Return who has the place, None if nobody."""
        if (state := self.state) is State.EMPTY:
            return None
        since, heartbeat = self._times[_SINCE], self._times[_HEARTBEAT]
        return Occupant(self.index, self._header[_PID], state, since, heartbeat)

    def account(self) -> int:
        """Return the bytes in the account."""
        return sum(self.account_cells.cast("Q"))

    def directory(self) -> bytes:
        """Return the encoded layout; empty if nobody has written here yet, or writes it now."""
        first, second = (bytes(self._directory[: self._header[_DIRECTORY_SIZE]]) for _ in "12")
        return first if first == second else b""

    def read(self, layout: Layout) -> Reading:
        """Return the cells that `layout` describes."""
        # Cell by cell; a copy of the bytes might read a cell in parts.
        return Reading(
            list(self.gauges[: layout.gauges]),
            list(self.counts[: layout.counts]),
            list(self.seconds[: layout.seconds]),
        )

    def _check_room(self, layout: Layout, directory: bytes) -> None:
        for part, needed, room in (
            ("gauges", layout.gauges, len(self.gauges)),
            ("counts", layout.counts, len(self.counts)),
            ("sums", layout.seconds, len(self.seconds)),
            ("bytes of directory", len(directory), len(self._directory)),
        ):
            if needed > room:
                raise ValueError(f"the metrics need {needed} {part}; a place has {room}")

    def _lay_out(self, directory: bytes) -> None:
        self._header[_DIRECTORY_SIZE] = 0  # until the cells fit the directory there is none
        for cells in (self.counts, self.seconds):
            raw = cells.cast("B")
            raw[:] = bytes(len(raw))
        self._directory[: len(directory)] = directory
        self._header[_DIRECTORY_SIZE] = len(directory)
