"""Measure POST /convert beside its peers: tables and bars; JSON, Markdown and a chart as files."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from convert_bench.result_files import tell_unmet, write_files
from http_bench.bars import bars
from http_bench.chart import draw
from http_bench.contender import Kind
from http_bench.contenders import Places
from http_bench.pictures import ICON, MEGAPIXEL, PHOTO, chosen_pictures
from http_bench.plan import Cores, Plan
from http_bench.run import run
from http_bench.tables import report
from soak.arguments import RESULTS, TOP

QUICK_RESULTS = TOP / "build" / "bench"  # figures of one round are none to keep
FOLDER = TOP / "build" / "bench-http"
LOG = FOLDER / "servers.log"
NATIVE = QUICK_RESULTS / "bench" / "native"


def main() -> int:
    """Run it."""
    arguments = parsed()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    try:
        with LOG.open("wb") as log:
            results = run(planned(arguments), log, say)
    except (OSError, RuntimeError, ValueError) as error:
        say(f"{error}; what the servers said is in {LOG.relative_to(TOP)}")
        return 2
    text = report(results)
    print(text)
    out: Path = arguments.out or (QUICK_RESULTS if arguments.quick else RESULTS)
    missing = write_files(
        out / f"{results.date}-http",
        text,
        results.to_json(),
        partial(draw, results),
        "requests per second",
    )
    if missing:
        say(f"no chart: {missing}")
    return int(arguments.check and tell_unmet(bars(results), say))


def say(what: str) -> None:
    """Tell whoever waits."""
    print(f"bench-http: {what}", file=sys.stderr)


def planned(arguments: argparse.Namespace) -> Plan:
    """Return what was asked for."""
    quick = arguments.quick
    curves = {Kind.OURS, Kind.CEILING}
    if arguments.all:
        curves |= {Kind.PEER, Kind.VARIANT}
    return Plan(
        pictures=[
            picture
            for picture in chosen_pictures()
            if not arguments.picture or picture.name in arguments.picture
        ],
        places=Places(native=arguments.native, modules=FOLDER),
        cores=Cores.of_this_process(),
        rounds=arguments.rounds or (1 if quick else 5),
        warm_up=0.3 if quick else 0.7,
        seconds=arguments.seconds or (0.5 if quick else 2.0),
        least=8 if quick else 32,
        curves=set() if quick else curves,
        only=arguments.only or (),
    )


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench-http", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="one short round: to see that it works")
    add("--check", action="store_true", help="exit with 1 unless all bars are met")
    add("--all", action="store_true", help="all numbers of connections for the peers, too")
    add("--rounds", type=int, help="turns of each contender (5)")
    add("--seconds", type=float, help="of each turn at least (2)")
    pictures = (ICON, MEGAPIXEL, PHOTO)
    add("--picture", action="append", choices=pictures, help="this picture (all); several times")
    add("--only", action="append", metavar="NAME", help="this contender (all); several times")
    add("--out", type=Path, help="a folder (bench/results, after --quick build/bench)")
    add("--native", type=Path, default=NATIVE, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
