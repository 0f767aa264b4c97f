"""Clients that take their time: with what they send, with what they take, or for ever.

Those that are slow but fast enough must be served, the others must be told or cut off.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from soak.conversation import AFTER_FAILURE, lost, settle
from soak.exchange import Request
from soak.good_requests import raw
from soak.http_client import PATIENCE, LostError
from wire import request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from soak.conversation import Load
    from soak.http_client import Connection
    from soak.pictures import Picture

KIB, MIB = 1 << 10, 1 << 20
SLICE = 0.25  # seconds from one piece to the next
ENOUGH, TOO_LITTLE = 64 * KIB, 4 * KIB  # bytes per second; MIN_RATE is 32 KiB
TRICKLED = 640 * KIB  # bytes: 10 seconds
TAKEN = 4 * MIB  # bytes per second of a slow reader
KERNEL_HOLDS = 16 * MIB  # bytes of an answer that two sockets may buffer, and more
DEAF = 45.0  # seconds: beyond WRITE_TIMEOUT and its grain


async def trickle(load: Load) -> None:
    """Upload slowly, but faster than MIN_RATE."""
    body = bytes(TRICKLED)
    sent = (request("/rotate?by=0", length=len(body)), body)
    await _repeat(load, Request("slow: trickle", sent, body), ENOUGH)


async def crawl(load: Load) -> None:
    """Upload more slowly than MIN_RATE."""
    sent = (request("/rotate", length=MIB), bytes(MIB))
    await _repeat(
        load, Request("slow: crawl", sent, codes=frozenset({"body_too_slow"})), TOO_LITTLE
    )


async def stall(load: Load) -> None:
    """Begin a body, and say no more."""
    codes = frozenset({"body_too_slow", "body_timeout"})
    sent = (request("/rotate", b"ABC", length=MIB),)
    await _repeat(load, Request("slow: stalled body", sent, codes=codes), ENOUGH)


async def stall_in_head(load: Load) -> None:
    """Begin a head, and say no more."""
    sent = (b"POST /rotate HTTP/1.1\r\nHost: soak\r\n",)
    asked = Request("slow: stalled head", sent, codes=frozenset({"header_timeout"}))
    await _repeat(load, asked, ENOUGH)


async def read_slowly(load: Load, picture: Picture) -> None:
    """Take a large answer slowly."""
    asked = raw("slow: reader", picture)
    while not load.over.is_set():
        connection = await load.connect(asked.kind)
        if connection is not None:
            try:
                connection.take_slowly(TAKEN)
                await _send(load, connection, asked, ENOUGH * KIB)
            finally:
                connection.close()


async def read_nothing(load: Load, picture: Picture) -> None:
    """Ask for a large answer and take none of it; the service must not wait for ever."""
    asked = raw("slow: deaf", picture)
    while not load.over.is_set():
        connection = await load.connect(asked.kind)
        if connection is None:
            continue
        try:
            answer = connection.expect(asked.body or b"")
            connection.take_nothing()
            connection.write(*asked.parts)
            await asyncio.sleep(DEAF)
            connection.take_on()
            await answer
        except LostError:
            load.tally.count(asked.kind, "cut off")
        else:
            _judge_deaf(load, connection, asked, answer.result().status)
        finally:
            connection.close()
        await load.pause(AFTER_FAILURE)


def _judge_deaf(load: Load, connection: Connection, asked: Request, status: int) -> None:
    if status == 200 and len(asked.body or b"") > KERNEL_HOLDS:
        load.tally.failed(asked.kind, "not cut off", connection.port)
    else:
        load.tally.count(asked.kind, str(status))


async def _repeat(load: Load, asked: Request, rate: float) -> None:
    """Send a request again and again, so many bytes per second, each on its own connection."""
    while not load.over.is_set():
        connection = await load.connect(asked.kind)
        if connection is not None:
            try:
                await load.pause(await _send(load, connection, asked, rate))
            finally:
                connection.close()


async def _send(load: Load, connection: Connection, asked: Request, rate: float) -> float:
    began, size = monotonic(), max(1, int(rate * SLICE))
    answer = connection.expect(asked.body or b"")
    for piece in _pieces(asked.parts, size):
        if answer.done():
            break
        connection.write(piece)
        await asyncio.wait((answer,), timeout=SLICE if len(piece) == size else 0)
    try:
        got = await asyncio.wait_for(answer, PATIENCE)
    except (LostError, TimeoutError) as error:
        return lost(load, connection, asked.kind, error)
    return settle(load, connection, asked, got, monotonic() - began)


def _pieces(parts: Iterable[bytes | memoryview], size: int) -> Iterator[memoryview]:
    for part in parts:
        view = memoryview(part)
        yield from (view[at : at + size] for at in range(0, len(view), size))
