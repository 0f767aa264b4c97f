"""Load and rest in turns, and fail if what `pixelferry serve` takes at rest goes on growing."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import linear_regression
from typing import IO, TYPE_CHECKING

from convert_bench.machine import this_machine
from soak.apart import Apart
from soak.arguments import LOGS, RESULTS, Options
from soak.mixed_load import MixedLoad, run_mixed_load
from soak.pictures import PHOTO, Pictures, chosen_pictures
from soak.process_tree import resident_bytes
from soak.report import failure_table, promise_table
from soak.results import MEBIBYTE
from soak.service import Service, serving
from soak.verdict import Promise

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from soak.tally import Tally

LOG = LOGS / "slope.log"
BUDGET = 256 * MEBIBYTE
MAX_BODY = 64 * MEBIBYTE
SETTINGS = {
    "PIXELFERRY_MEMORY_BUDGET": str(BUDGET),
    "PIXELFERRY_MAX_BODY": str(MAX_BODY),
    "PIXELFERRY_POOL_IDLE": "1s",
}
SETTLING = 4  # the part of the rounds, from the first, that does not count: caches fill
MOST_GROWTH = MEBIBYTE  # of each worker, in all rounds that count
HOUR = 3600


@dataclass(frozen=True)
class Round:
    """One load and the rest behind it."""

    tally: Tally
    rss: int  # bytes at rest, all processes


def main() -> int:
    """Run it."""
    arguments = parsed()
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        with LOG.open("wb") as log:
            rounds = asyncio.run(run(arguments, chosen_pictures(PHOTO), log))
    except (OSError, RuntimeError, ValueError) as error:
        print(f"slope: {error}; what the service said is in {LOG}", file=sys.stderr)
        return 2
    judged = promises(arguments.workers, rounds)
    text = "\n".join(report(arguments, rounds, judged)).rstrip() + "\n"
    print(text)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / f"{datetime.now(UTC).date()}-slope.md").write_text(text)
    return 0 if all(one.kept for one in judged) else 1


async def run(arguments: argparse.Namespace, pictures: Pictures, log: IO[bytes]) -> list[Round]:
    """Make the rounds, all with the same processes. Raises RuntimeError if one fails or ends."""
    workers = arguments.workers
    async with serving(SETTINGS | {"PIXELFERRY_WORKERS": str(workers)}, workers, log) as service:
        first, rounds = service.workers, []
        for number in range(arguments.rounds):
            load = MixedLoad(
                port=service.port,
                seed=number,
                connections=16,
                idle=20,
                crowd=100,
                pictures=pictures,
                max_body=MAX_BODY,
                share=BUDGET // workers,
            )
            rounds.append(await one_round(service, load, arguments.seconds, arguments.rest))
            print(f"slope: {rounds[-1].rss / MEBIBYTE:.1f} MiB", file=sys.stderr)
        if service.workers != first:
            raise RuntimeError("a worker has ended")
        return rounds


async def one_round(service: Service, plan: MixedLoad, seconds: float, rest: float) -> Round:
    """Load, rest, and look."""
    load = Apart(run_mixed_load, plan)
    try:
        result = asyncio.create_task(load.result())
        await asyncio.wait((result,), timeout=seconds)
        if not result.done():
            load.stop()
        tally = await result
    finally:
        load.kill()
    await asyncio.sleep(rest)
    return Round(tally, resident_bytes(service.tree))


def promises(workers: int, rounds: Sequence[Round]) -> list[Promise]:
    """Judge."""
    grown = growth([one.rss for one in rounds[len(rounds) // SETTLING :]])
    most = workers * MOST_GROWTH
    failures = sum(len(one.tally.failures) for one in rounds)
    return [
        Promise(
            "growth at rest",
            f"≤ {most / MEBIBYTE:.1f} MiB",
            f"{grown / MEBIBYTE:.2f} MiB",
            grown <= most,
        ),
        Promise("requests that failed", "0", str(failures), failures == 0),
    ]


def growth(sizes: Sequence[int]) -> float:
    """Return by how much the line through `sizes` rises from the first to the last."""
    slope, _ = linear_regression(range(len(sizes)), sizes)
    return slope * (len(sizes) - 1)


def report(
    arguments: argparse.Namespace, rounds: Sequence[Round], judged: list[Promise]
) -> Iterator[str]:
    """Tell what was done and found."""
    machine = this_machine()
    requests = sum(one.tally.outcomes.total() for one in rounds)
    answered = sum(one.tally.outcomes["200"] for one in rounds)
    yield f"# Memory at rest, {datetime.now(UTC).date()}"
    yield ""
    yield (
        f"{machine.cpus} × {machine.cpu} ({machine.cpu_family}), {machine.system}. "
        f"{arguments.workers} workers, {len(rounds)} rounds of {arguments.seconds:g} s of mixed "
        f"load and {arguments.rest:g} s of rest; the first {len(rounds) // SETTLING} do not count. "
        f"{requests:,} requests, {answered:,} of them answered with 200: an hour of "
        f"{requests / HOUR:.0f} requests a second."
    )
    yield ""
    yield from promise_table(judged)
    yield ""
    sizes = ", ".join(f"{one.rss / MEBIBYTE:.1f}" for one in rounds)
    yield f"MiB of all processes, after each round: {sizes}."
    failures = Counter(str(failure) for one in rounds for failure in one.tally.failures)
    yield from ("", *failure_table(failures))


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = Options(prog="scripts/slope", description=__doc__)
    parser.option("rounds", int, 60, "of load and rest (%(default)s)")
    parser.option("seconds", float, 10.0, "of load in each round (%(default)s)")
    about = "seconds of rest, until the memory is looked at: no block is kept so long (%(default)s)"
    parser.option("rest", float, 4.0, about)
    parser.option("workers", int, 2, "processes that serve (%(default)s)")
    parser.option("out", Path, RESULTS, "a folder for the result (bench/results)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
