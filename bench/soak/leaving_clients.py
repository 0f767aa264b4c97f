"""Clients that leave at any moment: while they send, wait, or take the answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from soak.good_requests import raw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from soak.conversation import Load
    from soak.exchange import Request
    from soak.http_client import Connection
    from soak.pictures import Picture

KIND = "leaving"
LOOK = 0.005  # seconds from one look at how much has come to the next
LONGEST = 0.5  # seconds until one leaves who has sent all
PATIENCE = 10.0  # seconds: whoever waits for bytes leaves in the end, too


async def leave_early(load: Load, random: Random, pictures: Sequence[Picture]) -> None:
    """Post pictures, and leave before the answer is complete."""
    requests = [raw(KIND, picture) for picture in pictures]
    while not load.over.is_set():
        connection = await load.connect(KIND)
        if connection is None:
            continue
        leave = random.choice((_while_sending, _while_waiting, _while_taking))
        request = random.choice(requests)
        try:
            connection.expect(request.body or b"")
            await leave(load, connection, random, request)
            random.choice((connection.close, connection.reset))()
        finally:
            connection.close()
        await load.pause(random.uniform(0, 0.2))


async def _while_sending(
    load: Load, connection: Connection, random: Random, request: Request
) -> None:
    head, body = request.parts
    connection.write(head, body[: random.randrange(len(body))])
    await asyncio.sleep(random.uniform(0, 0.1))
    load.tally.count(KIND, "left sending")


async def _while_waiting(
    load: Load, connection: Connection, random: Random, request: Request
) -> None:
    connection.write(*request.parts)
    await connection.drain()
    await asyncio.sleep(random.uniform(0, LONGEST))
    load.tally.count(KIND, "left waiting")


async def _while_taking(
    load: Load, connection: Connection, random: Random, request: Request
) -> None:
    connection.write(*request.parts)
    enough = random.randrange(len(request.body or b"-"))
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while connection.taken <= enough and not connection.closed:  # noqa: ASYNC110 - few do
                await asyncio.sleep(LOOK)
    load.tally.count(KIND, "left taking")
