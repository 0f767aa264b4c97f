"""One run: the service warms up, bears the load and two signals, rests, and is looked at."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from time import monotonic
from typing import IO, TYPE_CHECKING

import pixelferry
from convert_bench.machine import this_machine
from soak.apart import Apart
from soak.conversation import Load, ask
from soak.good_requests import Rotations, raw_pictures
from soak.health_probe import run_health_probe
from soak.mixed_load import MixedLoad, run_mixed_load
from soak.monitor import Monitor
from soak.processors import processor_times
from soak.results import Event, HealthResult, KindResult, Results
from soak.service import serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from soak.health_probe import Health
    from soak.monitor import Sample
    from soak.pictures import Pictures
    from soak.processors import ProcessorTimes
    from soak.results import Plan
    from soak.service import Service
    from soak.tally import Tally

MAX_BODY = 64 << 20  # bytes
MAX_CONNECTIONS = 512  # of which a crowd is to be too many, but not twice too many
WARM_UP = 100  # connections, so that every worker gets some
SETTLE = 30  # seconds beyond `pool_idle` until the pools must be empty
KILL_AT, SIGHUP_AT = 0.35, 0.65  # of the time under load


def settings(plan: Plan) -> dict[str, str]:
    """Return what the service is started with; all else is as it comes."""
    return {
        "PIXELFERRY_WORKERS": str(plan.workers),
        "PIXELFERRY_MEMORY_BUDGET": str(plan.budget),
        "PIXELFERRY_POOL_IDLE": str(plan.pool_idle),
        "PIXELFERRY_MAX_BODY": str(MAX_BODY),
        "PIXELFERRY_MAX_CONNECTIONS": str(MAX_CONNECTIONS),
    }


async def run(
    plan: Plan, pictures: Pictures, log: IO[bytes], say: Callable[[str], None]
) -> Results:
    """Measure it all; `say` is told what is being done, `log` gets what the service says.

    Raises RuntimeError if the service does not start or the load cannot be made.
    """
    async with serving(settings(plan), plan.workers, log) as service:
        say("warming up")
        await warm_up(service, pictures)
        monitor = Monitor(service)
        idle_rss = await idle_size(monitor.sample, looks=round(plan.pool_idle) + SETTLE)
        watching = asyncio.create_task(monitor.run())
        say(f"load for {plan.seconds:g} seconds")
        loaded = await _bear_load(plan, service, monitor, pictures, say)
        say(f"rest for {plan.idle_seconds:g} seconds")
        await asyncio.sleep(plan.idle_seconds)
        watching.cancel()
        monitor.samples.append(await monitor.sample())
        monitor.close()
        workers_left = len(service.workers)
        exit_code = None
        with suppress(TimeoutError):
            exit_code = await service.stop()
    return Results(
        date=datetime.now(UTC).date().isoformat(),
        machine=this_machine(),
        version=pixelferry.__version__,
        plan=plan,
        began=loaded.began,
        ended=loaded.ended,
        processors=loaded.processors,
        idle_rss=idle_rss,
        kinds={kind: KindResult.of(tally) for kind, tally in loaded.tally.kinds.items()},
        failures=loaded.tally.failures,
        health=HealthResult.of(loaded.health, loaded.began),
        samples=monitor.samples,
        events=loaded.events,
        crashed=len(monitor.crashed),
        workers_left=workers_left,
        exit_code=exit_code,
    )


async def warm_up(service: Service, pictures: Pictures) -> None:
    """Let every worker do a little of everything small. Raises RuntimeError if that fails."""
    random, load = Random(0), Load(service.port, asyncio.Event())
    sources = (
        raw_pictures("icon", pictures.icons, random),
        raw_pictures("middle", pictures.middle, random),
        Rotations(random).source("rotate", random),
    )
    for _ in range(WARM_UP):
        connection = await load.connect("warm-up")
        if connection is not None:
            for source in sources:
                await ask(load, connection, source())
            connection.close()
    if load.tally.failures:
        raise RuntimeError(f"the service does not work: {load.tally.failures[0]}")


async def idle_size(sample: Callable[[], Awaitable[Sample]], looks: int) -> int:
    """Return the bytes of all processes once no pool keeps blocks of the warm-up.

    Raises RuntimeError if one still does after that many samples.
    """
    for _ in range(looks):
        taken = await sample()
        if taken.metrics is not None and not taken.metrics.pool_idle:
            return taken.rss
    raise RuntimeError("the pools keep what the warm-up left there")


@dataclass(frozen=True)
class _Loaded:
    began: float
    ended: float
    processors: ProcessorTimes
    tally: Tally
    health: Health
    events: list[Event]


async def _bear_load(
    plan: Plan, service: Service, monitor: Monitor, pictures: Pictures, say: Callable[[str], None]
) -> _Loaded:
    mixed = MixedLoad(
        port=service.port,
        seed=plan.seed,
        connections=plan.connections,
        idle=plan.idle,
        crowd=plan.crowd,
        pictures=pictures,
        max_body=MAX_BODY,
        share=plan.budget // plan.workers,
    )
    began, before = monotonic(), processor_times(service.tree)
    load, health = Apart(run_mixed_load, mixed), Apart(run_health_probe, service.port)
    try:
        results = (asyncio.create_task(load.result()), asyncio.create_task(health.result()))
        signals = asyncio.create_task(_send_signals(plan, service, monitor, began, say))
        time_over = asyncio.create_task(asyncio.sleep(plan.seconds))
        done, _ = await asyncio.wait((time_over, *results), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*done)
        load.stop()
        tally = await results[0]
        health.stop()
        probed, events = await results[1], await signals
        used = processor_times(service.tree) - before
        return _Loaded(began, monotonic(), used, tally, probed, events)
    finally:
        load.kill()
        health.kill()


async def _send_signals(
    plan: Plan, service: Service, monitor: Monitor, began: float, say: Callable[[str], None]
) -> list[Event]:
    """Kill a worker, later replace all; return when both have been made up for."""
    await asyncio.sleep(began + KILL_AT * plan.seconds - monotonic())
    say("kill -9 of a worker")
    victim = Random(plan.seed).choice(sorted(service.workers))
    monitor.excuse(frozenset({victim}))
    killed = monotonic()
    ports = await service.kill(victim)
    restarted = await _done(service, frozenset({victim}))
    await asyncio.sleep(began + SIGHUP_AT * plan.seconds - monotonic())
    say("SIGHUP")
    old = service.workers
    monitor.excuse(old)
    sent = monotonic()
    service.replace_workers()
    return [
        Event("kill -9", killed, restarted, ports),
        Event("SIGHUP", sent, await _done(service, old)),
    ]


async def _done(service: Service, old: frozenset[int]) -> float | None:
    try:
        await service.replaced(old)
    except TimeoutError:
        return None
    return monotonic()
