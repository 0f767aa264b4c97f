"""Times in brief."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class Latency:
    """Seconds."""

    count: int
    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Collection[float]) -> Latency | None:
        """Sum them up; None if there are none."""
        if not seconds:
            return None
        in_order = sorted(seconds)
        return cls(len(in_order), percentile(in_order, 50), percentile(in_order, 99), in_order[-1])


def percentile(in_order: list[float], percent: float) -> float:
    """Return the least value that so many per cent do not exceed (nearest rank)."""
    return in_order[max(0, ceil(percent / 100 * len(in_order)) - 1)]
