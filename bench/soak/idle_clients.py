"""Clients that connect and say little: kept connections, and crowds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from soak.conversation import ask
from soak.exchange import Request
from wire import request

if TYPE_CHECKING:
    from random import Random

    from soak.conversation import Load
    from soak.exchange import Source

HEALTH = request("/livez", method="GET")
HEALTHY = b"ok\n"
LONGEST_IDLE = 40.0  # seconds; KEEPALIVE_TIMEOUT is longer
BETWEEN_CROWDS = 15.0  # seconds
CROWD_STAYS = 2.0  # seconds


async def idle(load: Load, random: Random) -> None:
    """Keep a connection that is hardly used; open another when the service closes it."""
    kind = "idle"
    asked = Request(kind, (HEALTH,), HEALTHY)
    while not load.over.is_set():
        connection = await load.connect(kind)
        if connection is None:
            continue
        try:
            while not connection.closed and not load.over.is_set():
                await ask(load, connection, asked)
                await load.pause(random.uniform(1, LONGEST_IDLE))
        finally:
            connection.close()


async def crowd(load: Load, random: Random, size: int, source: Source) -> None:
    """Now and then open many connections at once: some are silent, some ask for something."""
    await load.pause(random.uniform(0, BETWEEN_CROWDS))
    while not load.over.is_set():
        await asyncio.gather(*(_one_of_many(load, random.random(), source) for _ in range(size)))
        await load.pause(BETWEEN_CROWDS)


async def _one_of_many(load: Load, chance: float, source: Source) -> None:
    kind = "crowd"
    connection = await load.connect(kind)
    if connection is None:
        return
    try:
        if chance < 0.25:
            await ask(load, connection, Request(kind, (HEALTH,), HEALTHY))
        elif chance < 0.5:
            await ask(load, connection, source())
        else:
            load.tally.count(kind, "silent")
        await load.pause(CROWD_STAYS)
    finally:
        connection.close()
