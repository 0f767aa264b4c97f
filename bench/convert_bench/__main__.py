"""Measure the conversion beside its peers: tables and bars; JSON, Markdown and a chart as files."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from convert_bench.bars import bars
from convert_bench.chart import draw
from convert_bench.made_pictures import made_pictures
from convert_bench.pictures import Picture, read_pictures
from convert_bench.result_files import tell_unmet, write_files
from convert_bench.run import Plan, run
from convert_bench.tables import report

TOP = Path(__file__).parents[2]
PHOTO = TOP / "tests" / "data" / "photo.png"
RESULTS = TOP / "bench" / "results"
QUICK_RESULTS = TOP / "build" / "bench"  # figures of few rounds are none to keep
LIBRARY = TOP / "build" / "bench" / "bench" / "native" / "libpixelferry_peers.so"


def main() -> int:
    """Run it."""
    arguments = parsed()
    try:
        pictures, suite = chosen(arguments.paths)
        plan = Plan(
            library=arguments.library,
            pictures=pictures,
            suite=suite,
            rounds=arguments.rounds or (2 if arguments.quick else 25),
            memory_pictures=1 if arguments.quick else len(pictures),
        )
        results = run(plan, say)
    except (OSError, ValueError) as error:
        say(str(error))
        return 2
    text = report(results)
    print(text)
    out: Path = arguments.out or (QUICK_RESULTS if arguments.quick else RESULTS)
    missing = write_files(
        out / f"{results.date}-convert",
        text,
        results.to_json(),
        partial(draw, results),
        "times as long as pixelferry",
    )
    if missing:
        say(f"no chart: {missing}")
    return int(arguments.check and tell_unmet(bars(results), say))


def say(what: str) -> None:
    """Tell whoever waits."""
    print(f"bench: {what}", file=sys.stderr)


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        help="PNG files, folders of them, or a corpus: a folder with photos/ and pngsuite/ "
        "(default: what PIXELFERRY_TEST_CORPUS names, else some made from the tests' photo)",
    )
    parser.add_argument("--quick", action="store_true", help="few rounds: to see that it works")
    parser.add_argument("--check", action="store_true", help="exit with 1 unless all bars are met")
    parser.add_argument("--rounds", type=int, help="turns of each contender (25)")
    parser.add_argument(
        "--out", type=Path, help="a folder (bench/results, after --quick build/bench)"
    )
    parser.add_argument("--library", type=Path, default=LIBRARY, help=argparse.SUPPRESS)
    return parser.parse_args()


def chosen(paths: list[Path]) -> tuple[list[Picture], list[Picture]]:
    """Return the pictures and the files of PngSuite."""
    corpus = os.environ.get("PIXELFERRY_TEST_CORPUS")
    paths = paths or ([Path(corpus)] if corpus else [])
    if not paths:
        (photo,) = read_pictures([PHOTO])
        return [photo, *made_pictures(photo)], []
    pictures: list[Picture] = []
    suite: list[Picture] = []
    for path in paths:
        is_corpus = (path / "photos").is_dir()
        pictures += read_pictures([path / "photos" if is_corpus else path])
        suite += read_pictures([path / "pngsuite"], skip_others=True) if is_corpus else []
    return pictures, suite


if __name__ == "__main__":
    sys.exit(main())
