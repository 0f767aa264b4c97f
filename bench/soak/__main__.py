"""Put a mixed load on `pixelferry serve`, and fail unless it stays bounded and loses nothing.

Good, bad, slow and leaving clients, one kill -9 of a worker, one SIGHUP; then a rest.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from convert_bench.result_files import write_files
from pixelferry import units
from soak.arguments import LOGS, RESULTS, Options, parsed_by
from soak.chart import draw
from soak.pictures import chosen_pictures
from soak.report import report
from soak.results import MEBIBYTE, Plan, Results
from soak.run import run
from soak.verdict import promises

if TYPE_CHECKING:
    import argparse

LOG = LOGS / "soak.log"
DEFAULTS = Plan(
    seconds=300,
    idle_seconds=60,
    budget=256 * MEBIBYTE,
    pool_idle=10,
    workers=2,
    connections=64,
    idle=100,
    crowd=400,
    seed=1,
    constant=64 * MEBIBYTE,
    health_bound=0.1,
)


def main() -> int:
    """Run it."""
    arguments = parsed()
    plan = planned(arguments)
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        pictures = chosen_pictures(arguments.photo)
        with LOG.open("wb") as log:
            results = asyncio.run(run(plan, pictures, log, say))
    except (OSError, RuntimeError, ValueError) as error:
        say(f"{error}; what the service said is in {LOG}")
        return 2
    write(results, arguments.out)
    broken = [one.what for one in promises(results) if not one.kept]
    if broken:
        say(f"broken: {', '.join(broken)}; what the service said is in {LOG}")
        return 1
    return 0


def write(results: Results, out: Path) -> None:
    """Print the report, and put it into files."""
    text = report(results)
    print(text)
    missing = write_files(
        out / f"{results.date}-soak",
        text,
        results.to_json(),
        partial(draw, results),
        "memory and health over time",
    )
    if missing:
        say(f"no chart: {missing}")


def say(what: str) -> None:
    """Tell whoever waits."""
    print(f"soak: {what}", file=sys.stderr)


def planned(arguments: argparse.Namespace) -> Plan:
    """Return what was asked for."""
    return Plan(
        seconds=60 * arguments.minutes,
        idle_seconds=arguments.rest,
        budget=arguments.budget,
        pool_idle=arguments.pool_idle,
        workers=arguments.workers,
        connections=arguments.connections,
        idle=arguments.idle,
        crowd=arguments.crowd,
        seed=arguments.seed,
        constant=arguments.constant,
        health_bound=arguments.health,
    )


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = Options(prog="scripts/soak", description=__doc__)
    size, time = parsed_by(units.size(1, 1 << 50)), parsed_by(units.seconds(0, 86400))
    add = parser.option
    add("minutes", float, DEFAULTS.seconds / 60, "of load (%(default)g)")
    add("rest", time, DEFAULTS.idle_seconds, "after it (60s)")
    add("budget", size, DEFAULTS.budget, "memory of all requests together (256MiB)")
    add("pool-idle", time, DEFAULTS.pool_idle, "before idle memory is given back (10s)")
    add("workers", int, DEFAULTS.workers, "processes that serve (%(default)s)")
    add("connections", int, DEFAULTS.connections, "that post 4K photos (%(default)s)")
    add("idle", int, DEFAULTS.idle, "connections that are hardly used (%(default)s)")
    add("crowd", int, DEFAULTS.crowd, "connections opened at once now and then (%(default)s)")
    add("seed", int, DEFAULTS.seed, "of all that is drawn (%(default)s)")
    add("constant", size, DEFAULTS.constant, "memory of a worker beyond idle and budget (64MiB)")
    add("health", time, DEFAULTS.health_bound, "longest p99 of health (100ms)")
    add("photo", Path, None, "a PNG file to post instead of a 4K photo")
    add("out", Path, RESULTS, "a folder for Markdown, JSON and SVG (bench/results)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
