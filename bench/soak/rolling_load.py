"""Pictures posted on kept and on new connections while workers are replaced."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from soak.conversation import Load, converse
from soak.good_requests import raw_pictures, wrapped_pictures

if TYPE_CHECKING:
    from soak.pictures import Pictures
    from soak.tally import Tally

KEPT, NEW, MIDDLE = 8, 3, 1  # clients that keep connections, that do not, that post larger ones
LOOK = 0.1  # seconds between two looks at how many there are


@dataclass(frozen=True)
class RollingLoad:
    """What to send where."""

    port: int
    seed: int
    posts: int  # at least
    pictures: Pictures


async def run_rolling_load(plan: RollingLoad, over: asyncio.Event) -> Tally:
    """Post until it is over and there have been enough."""
    load = Load(plan.port, asyncio.Event())
    clients = [asyncio.create_task(_post(plan, load, number)) for number in range(KEPT + NEW)]
    clients += [asyncio.create_task(_post_larger(plan, load, one)) for one in range(MIDDLE)]
    await over.wait()
    enough = asyncio.create_task(_wait_for(plan.posts, load))
    await asyncio.wait((enough, *clients), return_when=asyncio.FIRST_COMPLETED)
    load.over.set()
    await asyncio.gather(*clients)  # one that ended before is a fault of this program
    return load.tally


async def _wait_for(posts: int, load: Load) -> None:
    while load.tally.outcomes.total() < posts:  # noqa: ASYNC110 - an event for each costs more
        await asyncio.sleep(LOOK)


async def _post(plan: RollingLoad, load: Load, number: int) -> None:
    random, kept = Random(f"{plan.seed} {number}"), number < KEPT
    kind = "kept connections" if kept else "new connections"
    source = raw_pictures(kind, plan.pictures.icons, random)
    await converse(load, random, source, fresh=0.01 if kept else 1.0)


async def _post_larger(plan: RollingLoad, load: Load, number: int) -> None:
    random = Random(f"{plan.seed} larger {number}")
    source = wrapped_pictures("larger pictures", plan.pictures.middle, random)
    await converse(load, random, source, fresh=0.2)
