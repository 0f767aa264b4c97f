"""Asks for the health of the service twenty times a second, as a balancer and an operator would."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Final

from soak.http_client import Connection, LostError, connect
from soak.tally import Failure
from wire import request

PERIOD: Final = 0.05  # seconds
EXPECTED: Final = (
    (request("/livez", method="GET"), b"ok\n"),
    (request("/readyz", method="GET"), b"ready\n"),
)
DRAINING: Final = "503 draining"


@dataclass(frozen=True)
class Probed:
    """One answer."""

    kept: bool  # the connection was one that is kept; else it was new
    when: float  # by time.monotonic
    seconds: float  # from the moment it was due, with the time to connect


@dataclass
class Health:
    """All answers, what was no answer, and how late the questions were by our own fault."""

    probed: list[Probed] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    draining: list[float] = field(default_factory=list)  # when /readyz was red
    late: list[float] = field(default_factory=list)  # seconds


async def run_health_probe(port: int, over: asyncio.Event) -> Health:
    """Probe until it is over."""
    probe = _Probe(port)
    await asyncio.gather(probe.on_new_connections(over), probe.on_a_kept_connection(over))
    return probe.health


class _Probe:
    def __init__(self, port: int) -> None:
        self.health = Health()
        self._port = port
        self._buffer = memoryview(bytearray(4096))
        self._began = monotonic()

    async def on_new_connections(self, over: asyncio.Event) -> None:
        """Ask on time, whether or not the answers before have come."""
        asking = set()
        for number in count():
            due = await self._until_due(number)
            if over.is_set():
                break
            self.health.late.append(monotonic() - due)
            task = asyncio.create_task(self._ask_once(number, due))
            asking.add(task)
            task.add_done_callback(asking.discard)
        await asyncio.gather(*asking)

    async def on_a_kept_connection(self, over: asyncio.Event) -> None:
        """Ask one after the other: at the next time that is due when there is an answer."""
        connection: Connection | None = None
        number = 0
        while not over.is_set():
            due = await self._until_due(number)
            if connection is None or connection.closed:
                connection = await self._connect("kept")
            if connection is not None:
                await self._ask(connection, number, due, kept=True)
            number = max(number, int((monotonic() - self._began) / PERIOD)) + 1
        if connection is not None:
            connection.close()

    async def _until_due(self, number: int) -> float:
        due = self._began + number * PERIOD
        await asyncio.sleep(due - monotonic())
        return due

    async def _ask_once(self, number: int, due: float) -> None:
        connection = await self._connect("new")
        if connection is not None:
            await self._ask(connection, number, due, kept=False)
            connection.close()

    async def _connect(self, kind: str) -> Connection | None:
        try:
            return await connect(self._port, self._buffer)
        except (OSError, TimeoutError) as error:
            self._failed(kind, f"no connection: {type(error).__name__}", 0)
            return None

    async def _ask(self, connection: Connection, number: int, due: float, *, kept: bool) -> None:
        question, expected = EXPECTED[number % len(EXPECTED)]
        kind = "kept" if kept else "new"
        try:
            answer = await connection.ask(question, body=expected)
        except (LostError, TimeoutError) as error:
            connection.close()
            self._failed(kind, str(error) or "no answer in time", connection.port)
            return
        now = monotonic()
        self.health.probed.append(Probed(kept, now, now - due))
        if answer.closes:
            connection.close()
        if answer.status == 503 and answer.body == b"draining\n":
            self.health.draining.append(now)
        elif not answer.as_expected:
            self._failed(kind, f"{answer.status} for health", connection.port)

    def _failed(self, kind: str, what: str, port: int) -> None:
        self.health.failures.append(Failure(kind, what, port, monotonic()))
