"""Everything one run of the benchmark found, as it is written to JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convert_bench.binding import Binding
    from convert_bench.contender import Absent
    from convert_bench.machine import Machine
    from convert_bench.rounds import Timing

OURS = "pixelferry"


@dataclass(frozen=True, eq=False)
class PictureResult:
    """One picture: its kind, and by contender's name what was measured."""

    name: str
    width: int
    height: int
    bit_depth: int
    color_type: int
    interlaced: bool
    input_size: int
    output_size: int
    filtered_row: int
    roles: tuple[str, ...]  # the bars that look at it
    timings: Mapping[str, Timing]
    refused: Mapping[str, str]  # why a contender was not timed
    peak_bytes: dict[str, int]  # growth of resident memory by one conversion

    def ms(self, contender: str) -> float | None:
        """Milliseconds, the least of all rounds."""
        timing = self.timings.get(contender)
        return None if timing is None else 1e3 * timing.best

    def ratio(self, contender: str) -> float | None:
        """How many times as long as pixelferry the contender takes."""
        timing = self.timings.get(contender)
        return None if timing is None else timing.best / self.timings[OURS].best


@dataclass(frozen=True)
class SuiteResult:
    """All files of PngSuite in turn that the contender shows as pixelferry does."""

    files: int
    seconds: float
    ours: float  # pixelferry's seconds for the same files


@dataclass(frozen=True)
class Results:
    """One run."""

    date: str
    rounds: int
    machine: Machine
    versions: Mapping[str, str]
    contenders: Mapping[str, str]  # name to kind, in the order of the tables
    absent: Sequence[Absent]
    pictures: Sequence[PictureResult]
    suite: Mapping[str, SuiteResult]
    binding: Binding

    def of_kind(self, *kinds: str) -> list[str]:
        """Return the contenders of these kinds."""
        return [name for name, kind in self.contenders.items() if kind in kinds]

    def ratios(self, contender: str) -> list[float]:
        """Return the ratio of every picture that the contender reads."""
        ratios = (picture.ratio(contender) for picture in self.pictures)
        return [ratio for ratio in ratios if ratio is not None]

    def to_json(self) -> str:
        """Return it all, seconds and bytes."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def geometric_mean(values: Iterable[float]) -> float:
    """Return the geometric mean of at least one value."""
    logs = [log(value) for value in values]
    return exp(sum(logs) / len(logs))
