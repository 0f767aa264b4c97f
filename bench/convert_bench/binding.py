"""What Python adds to the conversion of an icon: the same core called from C++ and from Python."""

from __future__ import annotations

from dataclasses import dataclass
from timeit import Timer
from typing import TYPE_CHECKING

import pixelferry
from convert_bench.contender import Kind
from convert_bench.in_python import PythonJob
from convert_bench.pictures import Picture, picture_of
from convert_bench.rounds import measure
from pixelferry import _native
from png_writer import RGBA, noise, png

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert_bench.contender import Contender, Job

ICON_BYTES = 16 << 10  # of output; the smallest picture if it is no larger, else a made one
TURN_SECONDS = 2e-3


@dataclass(frozen=True)
class Binding:
    """Microseconds of one conversion."""

    picture: str
    core: float  # C++ alone
    native: float  # pixelferry._native.convert
    package: float  # pixelferry.convert
    empty_call: float  # of a Python function without a body: what no binding goes below


def icon_of(pictures: Sequence[Picture]) -> Picture:
    """Choose the picture."""
    smallest = min(pictures, key=lambda picture: picture.output_size)
    if smallest.output_size <= ICON_BYTES:
        return smallest
    return picture_of("made-icon-32", png(noise(32, 32, RGBA, 8), filters=(0, 1, 2, 3, 4)))


def measure_binding(core: Contender, pictures: Sequence[Picture], *, rounds: int) -> Binding:
    """Measure all, interleaved."""
    assert core.kind is Kind.OURS
    icon = icon_of(pictures)
    turns: dict[str, list[Job]] = {
        "core": [core.job(icon)],
        "native": [PythonJob(_native.convert, icon.data, bytes)],
        "package": [PythonJob(pixelferry.convert, icon.data, bytes)],
    }
    timings = measure(turns, rounds=rounds, least_seconds=TURN_SECONDS)
    core_us, native_us, package_us = (1e6 * timings[name][0].best for name in turns)
    empty = Timer("call(data)", "def call(data): pass", globals={"data": icon.data})
    return Binding(
        picture=icon.name,
        core=core_us,
        native=native_us,
        package=package_us,
        empty_call=1e6 * min(empty.repeat(20, 1000)) / 1000,
    )
