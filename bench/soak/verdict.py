"""What is promised, and whether this run saw it kept. What was not seen counts as broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from soak.results import MEBIBYTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soak.metrics import Metrics
    from soak.results import Results

COMES_BACK = 32 * MEBIBYTE  # bytes above the idle size
COMES_BACK_IN = 30.0  # seconds
NOT_SEEN = "not measured"


@dataclass(frozen=True)
class Promise:
    """One promise."""

    what: str
    bound: str
    measured: str
    kept: bool


def promises(results: Results) -> list[Promise]:
    """Judge a run."""
    return [*_memory(results), *_health(results), *_work(results), *_at_the_end(results)]


def _memory(results: Results) -> Iterator[Promise]:
    plan = results.plan
    constant = plan.workers * plan.constant
    bound = results.idle_rss + plan.budget + constant
    yield Promise(
        "peak memory: idle + budget + constant",
        f"≤ {_mib(results.idle_rss)} + {_mib(plan.budget)} + {_mib(constant)} MiB",
        f"{_mib(results.peak_rss)} MiB",
        results.peak_rss <= bound,
    )
    after = results.rss_after(COMES_BACK_IN)
    yield Promise(
        f"memory {COMES_BACK_IN:g} s after the load",
        f"≤ {_mib(results.idle_rss)} + {_mib(COMES_BACK)} MiB",
        f"{_mib(after)} MiB",
        after <= results.idle_rss + COMES_BACK,
    )
    seen = [sample.metrics for sample in results.samples if sample.metrics is not None]
    used = [one.budget_used for one in seen if one.budget_used is not None]
    yield Promise(
        "reserved memory",
        f"> 0, ≤ {_mib(plan.budget)} MiB",
        f"{_mib(max(used))} MiB" if used else NOT_SEEN,
        bool(used) and 0 < max(used) <= plan.budget,
    )


def _health(results: Results) -> Iterator[Promise]:
    bound, known = results.plan.health_bound, results.health.all
    yield Promise(
        "health, p99",
        f"≤ {1e3 * bound:.0f} ms",
        f"{1e3 * known.p99:.1f} ms" if known else NOT_SEEN,
        known is not None and known.p99 <= bound,
    )
    replacing = [event for event in results.events if not event.ports]
    red = [
        when
        for when in results.health.draining
        if not any(event.sent <= when <= (event.done or when) for event in replacing)
    ]
    yield Promise("/readyz red while no worker was replaced", "0", str(len(red)), not red)


def _work(results: Results) -> Iterator[Promise]:
    broken = sum(results.unexcused.values())
    yield Promise("wrong or missing answers", "0", str(broken), broken == 0)
    excused = sum(map(results.excused, results.all_failures))
    held = sum(len(event.ports) for event in results.events)
    yield Promise(
        "answers lost with the worker that was killed",
        f"≤ {held} connections it held",
        str(excused),
        excused <= held,
    )
    right = sum(result.outcomes.get("200", 0) for result in results.kinds.values())
    yield Promise("answers 200", "> 0", str(right), right > 0)


def _at_the_end(results: Results) -> Iterator[Promise]:
    yield Promise("workers that crashed", "0", str(results.crashed), results.crashed == 0)
    late = [event.signal for event in results.events if event.done is None]
    yield Promise(
        "all workers back after each signal",
        " and ".join(event.signal for event in results.events),
        f"not after {' and '.join(late)}" if late else "yes",
        bool(results.events) and not late,
    )
    wanted = results.plan.workers
    yield Promise(
        "workers at the end", str(wanted), str(results.workers_left), results.workers_left == wanted
    )
    last = results.samples[-1].metrics
    left = _left(last) if last else NOT_SEEN
    yield Promise("counters at the end", "zero", left or "zero", not left)
    faults = last.faults if last else None
    yield Promise("answers 500", "0", NOT_SEEN if faults is None else str(faults), faults == 0)
    code = results.exit_code
    yield Promise("exit code", "0", "none in time" if code is None else str(code), code == 0)


def _left(last: Metrics) -> str:
    """Tell what is not zero; one request and one connection are the question's own."""
    left = {
        "reserved": last.budget_used,
        "pool used": last.pool_used,
        "pool idle": last.pool_idle,
        "queue": last.queue,
        "in progress": _without_own(last.in_progress),
        "connections": _without_own(last.connections),
    }
    return ", ".join(
        f"{name} {NOT_SEEN if value is None else value}"
        for name, value in left.items()
        if value != 0
    )


def _without_own(value: int | None) -> int | None:
    return None if value is None else max(0, value - 1)


def _mib(size: int) -> str:
    return f"{size / MEBIBYTE:.0f}"
