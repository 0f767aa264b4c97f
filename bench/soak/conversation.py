"""Clients that send requests and look at the answers: what they all do alike."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from soak.exchange import judge
from soak.http_client import BUFFER, Connection, LostError, connect
from soak.tally import Tally

if TYPE_CHECKING:
    from random import Random

    from soak.exchange import Request, Source
    from soak.http_client import Answer

AFTER_FAILURE = 0.5  # seconds: a service in trouble is not asked faster than one that works
FRESH = 0.1  # share of the answers after which a new connection is opened


@dataclass
class Load:
    """What the clients of one process share."""

    port: int
    over: asyncio.Event  # set when the clients are to end
    tally: Tally = field(default_factory=Tally)
    buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(BUFFER)))

    async def connect(self, kind: str) -> Connection | None:
        """Open a connection; None if that fails, which is counted."""
        try:
            return await connect(self.port, self.buffer)
        except (OSError, TimeoutError) as error:
            self.tally.failed(kind, f"no connection: {type(error).__name__}", 0)
            await self.pause(AFTER_FAILURE)
            return None

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), seconds)


async def converse(
    load: Load, random: Random, source: Source, *, period: float = 0.0, fresh: float = FRESH
) -> None:
    """Ask until the end, on connections that are kept for a while.

    `period` is the least time from one request to the next, in seconds.
    """
    connection: Connection | None = None
    await load.pause(random.uniform(0, period))
    try:
        while not load.over.is_set():
            due, request = monotonic() + period, source()
            if connection is None or connection.closed:
                connection = await load.connect(request.kind)
                if connection is None:
                    continue
            wait = await ask(load, connection, request)
            if random.random() < fresh:
                connection.close()
                connection = None
            await load.pause(max(wait, due - monotonic()))
    finally:
        if connection is not None:
            connection.close()


async def ask(load: Load, connection: Connection, request: Request) -> float:
    """Send a request and count the answer; return how long to wait before the next."""
    began = monotonic()
    try:
        answer = await connection.ask(*request.parts, body=request.body or b"")
    except (LostError, TimeoutError) as error:
        return lost(load, connection, request.kind, error)
    return settle(load, connection, request, answer, monotonic() - began)


def settle(
    load: Load, connection: Connection, request: Request, answer: Answer, seconds: float
) -> float:
    """Count an answer that came after so many seconds; return how long to wait."""
    judgement = judge(request, answer)
    if answer.closes:
        connection.close()
    if judgement.fault:
        load.tally.failed(request.kind, judgement.fault, connection.port)
        return AFTER_FAILURE
    if answer.status == 200:
        load.tally.right(request.kind, seconds, len(request.body or b""))
    else:
        load.tally.count(request.kind, judgement.outcome)
    return judgement.wait


def lost(load: Load, connection: Connection, kind: str, error: Exception) -> float:
    """Count a request without an answer; return how long to wait."""
    load.tally.failed(kind, str(error) or "no answer in time", connection.port)
    connection.close()
    return AFTER_FAILURE
