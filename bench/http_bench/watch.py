"""Looks at a server's processes while it is under load: memory, and who holds the connections."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from soak.process_tree import (
    client_ports,
    forget_peaks,
    peak_bytes,
    proportional_bytes,
    resident_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from http_bench.server import Server

PERIOD = 0.05  # seconds
COSTLY = 5  # every so many looks also at PSS, for which the kernel walks the page tables


@dataclass(frozen=True)
class Watched:
    """The most that was seen."""

    workers: frozenset[int]
    rss: int
    pss: int
    worker_peak: int
    connections: Sequence[int]


class Watch:
    """Looks whenever it is told to."""

    def __init__(self, server: Server, connections: int) -> None:
        """Begin; no process may come or go until the end, and so many connections will come."""
        self._expected = connections
        self.processes, self.workers = server.tree, server.workers
        self._rss = self._pss = 0
        self._connections: list[int] = []
        self._looks = count()
        forget_peaks(self.processes)

    def look(self) -> None:
        """Look once."""
        self._rss = max(self._rss, resident_bytes(self.processes))
        if next(self._looks) % COSTLY == 0:
            self._pss = max(self._pss, proportional_bytes(self.processes))
        if sum(self._connections) < self._expected:
            held = [len(client_ports(worker)) for worker in sorted(self.workers)]
            self._connections = max(held, self._connections, key=sum)

    def ended(self) -> Watched:
        """Sum it up."""
        peak = peak_bytes(self.workers)
        return Watched(self.workers, self._rss, self._pss, peak, tuple(self._connections))
