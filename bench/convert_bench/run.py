"""One run of the benchmark: who takes part, who agrees, how long each takes."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pixelferry
from convert_bench.binding import measure_binding
from convert_bench.contender import Kind, UnsupportedError
from convert_bench.in_python import python_contenders
from convert_bench.machine import this_machine
from convert_bench.memory import peaks
from convert_bench.native import Library
from convert_bench.results import OURS, PictureResult, Results, SuiteResult
from convert_bench.rounds import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from convert_bench.contender import Contender, Job
    from convert_bench.pictures import Picture

ORDER = (Kind.OURS, Kind.PEER, Kind.DECODER, Kind.LEVEL, Kind.LIMIT)
WHOLE = (Kind.OURS, Kind.PEER, Kind.DECODER)
TURN_SECONDS = 2e-3  # of a turn at least: above the clock's grain and a call's cost
SUITE_TURN_SECONDS = 1e-4  # the same for each of PngSuite's tiny files


@dataclass(frozen=True)
class Plan:
    """What to run over."""

    library: Path
    pictures: Sequence[Picture]
    suite: Sequence[Picture]
    rounds: int
    memory_pictures: int  # the first so many; each takes a second or two


def run(plan: Plan, say: Callable[[str], None]) -> Results:
    """Measure it all; `say` is told what is being done."""
    library = Library(plan.library)
    in_python, absent = python_contenders()
    everybody = sorted([*library.contenders(), *in_python], key=lambda c: ORDER.index(c.kind))
    (core,) = (contender for contender in everybody if contender.name == OURS)
    results = []
    for index, picture in enumerate(plan.pictures):
        say(picture.name)
        measured = _picture(picture, everybody, plan.rounds)
        if index < plan.memory_pictures:
            whole = [c.name for c in everybody if c.kind in WHOLE and c.name in measured.timings]
            measured.peak_bytes.update(peaks(plan.library, picture, whole))
        results.append(measured)
    say("PngSuite" if plan.suite else "binding")
    with quiet_stderr():  # some files make libpng, within OpenCV, and Pillow talk every time
        suite = _suite(plan.suite, everybody, plan.rounds)
    return Results(
        date=datetime.now(UTC).date().isoformat(),
        rounds=plan.rounds,
        machine=this_machine(),
        versions=_versions(library, everybody),
        contenders={contender.name: contender.kind for contender in everybody},
        absent=[*library.absent(), *absent],
        pictures=results,
        suite=suite,
        binding=measure_binding(core, plan.pictures, rounds=10 * plan.rounds),
    )


def _picture(picture: Picture, everybody: Sequence[Contender], rounds: int) -> PictureResult:
    jobs, refused = agreeing(picture, everybody)
    timings = measure(
        {name: [job] for name, job in jobs.items()}, rounds=rounds, least_seconds=TURN_SECONDS
    )
    roles = {
        "4k photo": picture.is_4k_photo,
        "plot": picture.is_plot,
        "rgb16": picture.is_rgb16,
        "adam7": picture.interlaced,
    }
    return PictureResult(
        name=picture.name,
        width=picture.width,
        height=picture.height,
        bit_depth=picture.bit_depth,
        color_type=picture.color_type,
        interlaced=picture.interlaced,
        input_size=len(picture.data),
        output_size=picture.output_size,
        filtered_row=picture.filtered_row,
        roles=tuple(role for role, is_it in roles.items() if is_it),
        timings={name: timing for name, (timing,) in timings.items()},
        refused=refused,
        peak_bytes={},
    )


def agreeing(
    picture: Picture, everybody: Sequence[Contender]
) -> tuple[dict[str, Job], dict[str, str]]:
    """Return those who show the picture as pixelferry does, and why not the others."""
    jobs: dict[str, Job] = {}
    refused: dict[str, str] = {}
    expected = b""
    for contender in everybody:
        try:
            job = contender.job(picture)
            pixels = b"" if contender.kind is Kind.LIMIT else job.pixels()
        except UnsupportedError as error:
            refused[contender.name] = str(error)
            continue
        expected = expected or pixels
        if contender.kind is Kind.LIMIT or pixels == expected:
            jobs[contender.name] = job
        else:
            refused[contender.name] = "shows other pixels"
    for name in (OURS, "article"):
        if name not in jobs:
            raise ValueError(f"{picture.name}: {name}: {refused[name]}")
    return jobs, refused


def _suite(
    files: Sequence[Picture], everybody: Sequence[Contender], rounds: int
) -> dict[str, SuiteResult]:
    turns: dict[str, dict[str, Job]] = {c.name: {} for c in everybody if c.kind in WHOLE}
    whole = [contender for contender in everybody if contender.name in turns]
    for file in files:
        try:
            pixelferry.convert(file.data)
        except pixelferry.PixelferryError:
            continue  # the suite has broken files, too
        for name, job in agreeing(file, whole)[0].items():
            turns[name][file.name] = job
    timings = measure(
        {name: list(jobs.values()) for name, jobs in turns.items()},
        rounds=rounds,
        least_seconds=SUITE_TURN_SECONDS,
    )
    best = {
        name: {file: timing.best for file, timing in zip(turns[name], found, strict=True)}
        for name, found in timings.items()
    }
    return {
        name: SuiteResult(len(own), sum(own.values()), sum(best[OURS][file] for file in own))
        for name, own in best.items()
        if own
    }


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send what the process, native code too, writes to its standard error to nowhere."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _versions(library: Library, everybody: Sequence[Contender]) -> dict[str, str]:
    versions = {c.name: c.version for c in everybody if c.version and c.kind is not Kind.LEVEL}
    versions[OURS] = f"{pixelferry.__version__} ({versions[OURS]})"
    return {**versions, "compiler": library.compiler(), "Python": platform.python_version()}
