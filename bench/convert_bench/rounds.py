"""Interleaved timing: in every round each contender has one turn, in an order drawn anew."""

from __future__ import annotations

import random
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convert_bench.contender import Job

SEED = 1


@dataclass(frozen=True)
class Timing:
    """Seconds of one run: the least and the median of the rounds. Noise only ever adds."""

    best: float
    median: float


def measure(
    turns: Mapping[str, Sequence[Job]], *, rounds: int, least_seconds: float = 0.0
) -> dict[str, list[Timing]]:
    """Time every job of every turn; short ones are repeated to take `least_seconds`."""
    counts = {
        name: [max(1, round(least_seconds / job.seconds(1))) for job in jobs]
        for name, jobs in turns.items()
    }
    seconds: dict[str, list[list[float]]] = {
        name: [[] for _ in jobs] for name, jobs in turns.items()
    }
    order = list(turns)
    shuffle = random.Random(SEED).shuffle
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            for job, count, taken in zip(turns[name], counts[name], seconds[name], strict=True):
                taken.append(job.seconds(count) / count)
    return {
        name: [Timing(min(taken), median(taken)) for taken in taken_by_job]
        for name, taken_by_job in seconds.items()
    }
