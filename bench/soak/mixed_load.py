"""All clients at once, and how many there are of each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from soak.bad_requests import BadRequests
from soak.conversation import Load, converse
from soak.good_requests import Rotations, raw_pictures, wrapped_pictures
from soak.idle_clients import crowd, idle
from soak.leaving_clients import leave_early
from soak.slow_clients import crawl, read_nothing, read_slowly, stall, stall_in_head, trickle

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from soak.pictures import Pictures
    from soak.tally import Tally

ICONS, ICON_PERIOD = 8, 0.4  # clients, and seconds from one request to the next: 20 per second
MIDDLE, MIDDLE_PERIOD = 4, 0.8  # 5 per second
ROTATING, ROTATE_PERIOD = 4, 0.4
BAD, BAD_PERIOD = 4, 0.4
LEAVING = 4


@dataclass(frozen=True)
class MixedLoad:
    """What to send where."""

    port: int
    seed: int
    connections: int  # that post photos, one after the other
    idle: int  # connections that are hardly used
    crowd: int  # connections that are opened at once
    pictures: Pictures
    max_body: int  # bytes
    share: int  # bytes of the budget that one worker has


async def run_mixed_load(plan: MixedLoad, over: asyncio.Event) -> Tally:
    """Be all clients until it is over; requests that have begun then are still answered."""
    load = Load(plan.port, over)
    finishing = [asyncio.create_task(one) for one in _conversations(plan, load)]
    endless = [asyncio.create_task(one) for one in _others(plan, load)]
    ended = asyncio.create_task(over.wait())
    done, _ = await asyncio.wait((ended, *finishing, *endless), return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*done)  # a client that failed is a fault of this program
    await asyncio.gather(*finishing)
    for task in endless:
        task.cancel()
    for left in await asyncio.gather(*endless, return_exceptions=True):
        if isinstance(left, Exception):
            raise left
    return load.tally


def _conversations(plan: MixedLoad, load: Load) -> Iterator[Coroutine[None, None, None]]:
    """Yield the clients that finish what they have begun."""
    pictures = plan.pictures
    for number in range(plan.connections):
        random = _random(plan, "photo", number)
        yield converse(load, random, raw_pictures("photo", pictures.photos, random))
    for number in range(ICONS):
        random = _random(plan, "icon", number)
        yield converse(
            load, random, raw_pictures("icon", pictures.icons, random), period=ICON_PERIOD
        )
    for number in range(MIDDLE):
        random = _random(plan, "middle", number)
        source = wrapped_pictures("middle", pictures.middle, random)
        yield converse(load, random, source, period=MIDDLE_PERIOD)
    rotations = Rotations(_random(plan, "bytes"))
    for number in range(ROTATING):
        random = _random(plan, "rotate", number)
        yield converse(load, random, rotations.source("rotate", random), period=ROTATE_PERIOD)
    bad = BadRequests(pictures.middle[0], max_body=plan.max_body, share=plan.share)
    for number in range(BAD):
        random = _random(plan, "bad", number)
        yield converse(load, random, bad.source(random), period=BAD_PERIOD)


def _others(plan: MixedLoad, load: Load) -> Iterator[Coroutine[None, None, None]]:
    """Yield the clients that are ended wherever they stand."""
    pictures = plan.pictures
    yield from (slow(load) for slow in (trickle, crawl, stall, stall_in_head))
    yield read_slowly(load, pictures.photos[0])
    yield read_nothing(load, pictures.photos[0])
    for number in range(LEAVING):
        random = _random(plan, "leaving", number)
        yield leave_early(load, random, (*pictures.photos, *pictures.middle))
    for number in range(plan.idle):
        yield idle(load, _random(plan, "idle", number))
    random = _random(plan, "crowd")
    yield crowd(load, random, plan.crowd, raw_pictures("crowd", pictures.icons, random))


def _random(plan: MixedLoad, kind: str, number: int = 0) -> Random:
    return Random(f"{plan.seed} {kind} {number}")
