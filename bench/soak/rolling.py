"""Replace the workers of `pixelferry serve` under load, and fail if a single POST does."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING

from soak.apart import Apart
from soak.arguments import LOGS, RESULTS, Options
from soak.pictures import PHOTO, Pictures, chosen_pictures
from soak.report import failure_table, promise_table
from soak.rolling_load import RollingLoad, run_rolling_load
from soak.service import Service, serving
from soak.verdict import Promise

if TYPE_CHECKING:
    import argparse

LOG = LOGS / "rolling.log"
BETWEEN = 3.0  # seconds from the end of one replacement to the next


@dataclass(frozen=True)
class Plan:
    """What was asked for."""

    posts: int  # at least
    replacements: int  # of all workers
    workers: int
    seed: int


@dataclass(frozen=True)
class Rolled:
    """What became of it."""

    outcomes: Counter[str]
    failures: Counter[str]
    seconds: float  # of load
    replacements: list[float]  # seconds each took, until the last of the old workers had ended
    exit_code: int


def main() -> int:
    """Run it."""
    arguments = parsed()
    plan = Plan(arguments.posts, arguments.replacements, arguments.workers, arguments.seed)
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        pictures = chosen_pictures(PHOTO)
        with LOG.open("wb") as log:
            rolled = asyncio.run(roll(plan, pictures, log))
    except (OSError, RuntimeError, ValueError) as error:
        print(f"rolling: {error}; what the service said is in {LOG}", file=sys.stderr)
        return 2
    judged = promises(plan, rolled)
    today = datetime.now(UTC).date().isoformat()
    head, tables = (
        f"# Rolling replacement, {today}",
        (promise_table(judged), failure_table(rolled.failures)),
    )
    text = "\n\n".join((head, *filter(None, map("\n".join, tables)))) + "\n"
    print(text)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / f"{today}-rolling.md").write_text(text)
    return 0 if all(one.kept for one in judged) else 1


async def roll(plan: Plan, pictures: Pictures, log: IO[bytes]) -> Rolled:
    """Post, and replace all workers again and again. Raises RuntimeError if that does not end."""
    settings = {"PIXELFERRY_WORKERS": str(plan.workers)}
    async with serving(settings, plan.workers, log) as service:
        posting = RollingLoad(service.port, plan.seed, plan.posts, pictures)
        load = Apart(run_rolling_load, posting)
        try:
            result = asyncio.create_task(load.result())
            replacing = asyncio.create_task(replace(service, plan.replacements))
            began = monotonic()
            await asyncio.wait((result, replacing), return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                await result  # before its time: it failed
            replacements = await replacing
            load.stop()
            tally = await result
            seconds, failures = monotonic() - began, Counter(map(str, tally.failures))
            return Rolled(tally.outcomes, failures, seconds, replacements, await service.stop())
        except TimeoutError:
            raise RuntimeError("the workers were not replaced") from None
        finally:
            load.kill()


async def replace(service: Service, times: int) -> list[float]:
    """Send SIGHUP so often, each time when the former replacement is complete."""
    replacements = []
    for _ in range(times):
        await asyncio.sleep(BETWEEN)
        old, began = service.workers, monotonic()
        service.replace_workers()
        await service.replaced(old)
        replacements.append(monotonic() - began)
    return replacements


def promises(plan: Plan, rolled: Rolled) -> list[Promise]:
    """Judge."""
    posts, replacements = plan.posts, plan.replacements
    done, total = rolled.outcomes["200"], rolled.outcomes.total()
    failed = [
        f"{count} × {outcome}" for outcome, count in rolled.outcomes.items() if outcome != "200"
    ]
    took = ", ".join(f"{seconds:.1f} s" for seconds in rolled.replacements)
    return [
        Promise("POSTs that failed", "0", ", ".join(failed) or "0", done == total),
        Promise(
            "POSTs", f"≥ {posts:,}", f"{total:,} in {rolled.seconds:.0f} s", total >= posts > 0
        ),
        Promise(
            "replacements of all workers",
            str(replacements),
            f"{len(rolled.replacements)} ({took})",
            len(rolled.replacements) == replacements,
        ),
        Promise("exit code", "0", str(rolled.exit_code), rolled.exit_code == 0),
    ]


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = Options(prog="scripts/rolling", description=__doc__)
    parser.option("posts", int, 50_000, "at least (%(default)s)")
    parser.option("replacements", int, 4, "of all workers, one after the other (%(default)s)")
    parser.option("workers", int, 2, "processes that serve (%(default)s)")
    parser.option("seed", int, 1, "of all that is drawn (%(default)s)")
    parser.option("out", Path, RESULTS, "a folder for the result (bench/results)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
