"""Everything one run found, as it is written to JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING

from http_bench.contender import CEILING, OURS, Kind
from http_bench.plan import JUDGED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convert_bench.contender import Absent
    from convert_bench.machine import Machine
    from http_bench.turn import Turn
    from soak.processors import ProcessorTimes


@dataclass(frozen=True)
class Entrant:
    """Who took part."""

    kind: Kind
    version: str


@dataclass(frozen=True, eq=False)
class PictureResult:
    """One picture. Lists have one entry a round, so that what is compared was measured together."""

    name: str
    width: int
    height: int
    input_size: int
    output_size: int
    copies: str  # as the service's header tells
    refused: Mapping[str, str]  # why a contender was not measured
    turns: Mapping[str, Mapping[int, Sequence[Turn]]]  # by contender and connections
    conversion: Sequence[float]  # processor seconds of one, without any server

    def typical(
        self, contender: str, figure: Callable[[Turn], float], connections: int = JUDGED
    ) -> float | None:
        """Return the median over the rounds."""
        turns = self.turns.get(contender, {}).get(connections)
        return median(map(figure, turns)) if turns else None

    def most(self, contender: str, figure: Callable[[Turn], float]) -> float | None:
        """Return the most of all rounds."""
        turns = self.turns.get(contender, {}).get(JUDGED)
        return max(map(figure, turns)) if turns else None

    def ratio(
        self, one: str, other: str, figure: Callable[[Turn], float], connections: int = JUDGED
    ) -> float | None:
        """Return the median of what the ratio was in each round."""
        ours = self.turns.get(one, {}).get(connections)
        theirs = self.turns.get(other, {}).get(connections)
        if not ours or not theirs:
            return None
        return median(figure(a) / figure(b) for a, b in zip(ours, theirs, strict=True))

    def overhead_ratio(self) -> float | None:
        """Return how the request without its conversion compares with the ceiling's request."""
        ours = self.turns.get(OURS, {}).get(JUDGED)
        ceiling = self.turns.get(CEILING, {}).get(JUDGED)
        if not ours or not ceiling:
            return None
        return median(
            (request.cpu - conversion) / without.cpu
            for request, conversion, without in zip(ours, self.conversion, ceiling, strict=True)
        )


@dataclass(frozen=True)
class Results:
    """One run."""

    date: str
    machine: Machine
    versions: Mapping[str, str]
    rounds: int
    warm_up: float
    seconds: float
    one_core: bool  # shared by the server and the load: no figure means anything
    entrants: Mapping[str, Entrant]  # in the order of the tables
    absent: Sequence[Absent]
    pictures: Sequence[PictureResult]
    processors: ProcessorTimes  # the load, the servers and this process are one

    def of_kind(self, *kinds: Kind) -> list[str]:
        """Return the contenders of these kinds."""
        return [name for name, entrant in self.entrants.items() if entrant.kind in kinds]

    def to_json(self) -> str:
        """Return it all, seconds and bytes."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"
