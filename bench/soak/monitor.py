"""Looks at the service once a second: its memory from outside, its counters from inside."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from soak.http_client import BUFFER, Connection, LostError, connect
from soak.metrics import QUESTION, Metrics, parse_metrics
from soak.process_tree import proportional_bytes, resident_bytes

if TYPE_CHECKING:
    from soak.service import Service

PERIOD = 1.0  # seconds
LOOKS = 10  # at memory in that time; the most counts


@dataclass(frozen=True)
class Sample:
    """One second of the service."""

    when: float  # its end, by time.monotonic
    rss: int  # bytes, all processes; what they share counts several times
    pss: int  # bytes; what they share counts once
    processes: int
    metrics: Metrics | None  # None if it did not answer in time


class Monitor:
    """Takes samples until it is stopped, and notes which workers end without being told to."""

    def __init__(self, service: Service) -> None:
        """Start watching."""
        self.samples: list[Sample] = []
        self.crashed: set[int] = set()
        self._excused: set[int] = set()
        self._known: frozenset[int] = frozenset()
        self._service = service
        self._connection: Connection | None = None
        self._buffer = memoryview(bytearray(BUFFER))

    def excuse(self, workers: frozenset[int]) -> None:
        """Expect these to end."""
        self._excused |= workers

    async def run(self) -> None:
        """Take samples until cancelled."""
        while True:
            self.samples.append(await self.sample())

    async def sample(self) -> Sample:
        """Look for a second."""
        asked = asyncio.create_task(self.metrics())
        end = monotonic() + PERIOD
        processes = self._service.tree  # once: it means to look at all of the machine
        self._note_crashes(self._service.workers)
        most = 0
        for look in range(1, LOOKS + 1):
            most = max(most, resident_bytes(processes))
            await asyncio.sleep(end - PERIOD * (1 - look / LOOKS) - monotonic())
        pss = proportional_bytes(processes)
        return Sample(monotonic(), most, pss, len(processes), await asked)

    async def metrics(self) -> Metrics | None:
        """Ask on a connection that is kept; once more on another if that fails."""
        for _ in range(2):
            with suppress(OSError, LostError, TimeoutError):
                return await self._ask()
            self.close()
        return None

    async def _ask(self) -> Metrics | None:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._service.port, self._buffer)
        answer = await self._connection.ask(QUESTION, patience=PERIOD)
        if answer.closes:
            self._connection.close()
        return parse_metrics(answer.body.decode()) if answer.status == 200 else None

    def close(self) -> None:
        """Give the connection up."""
        if self._connection is not None:
            self._connection.close()

    def _note_crashes(self, workers: frozenset[int]) -> None:
        self.crashed |= self._known - workers - self._excused
        self._known = workers
