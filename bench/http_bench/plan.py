"""What a run shall do."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from http_bench.contender import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from convert_bench.pictures import Picture
    from http_bench.contender import Contender
    from http_bench.contenders import Places

JUDGED = 32  # connections of every bar
CONNECTIONS = (1, 8, JUDGED, 128)


@dataclass(frozen=True)
class Cores:
    """Who runs where."""

    server: int
    load: int

    @classmethod
    def of_this_process(cls) -> Cores:
        """Take the first that we may use, and the last."""
        usable = sorted(os.sched_getaffinity(0))
        return cls(usable[0], usable[-1])

    def of(self, workers: int) -> Sequence[int]:
        """Return the cores of a server."""
        return (self.server,) if workers == 1 else (self.server, self.load)


@dataclass(frozen=True)
class Plan:
    """What was asked for. The times end with the first answer after them."""

    pictures: Sequence[Picture]
    places: Places
    cores: Cores
    rounds: int
    warm_up: float  # seconds before each window
    seconds: float  # of each window
    least: int  # answers in either, or one for each connection
    curves: Collection[Kind]  # who is measured at all CONNECTIONS
    only: Collection[str] = ()  # names of contenders; all, if none is given

    @property
    def load_generator(self) -> Path:
        """The program that makes the load."""
        return self.places.native / "pixelferry_http_load"

    def connections(self, contender: Contender) -> Sequence[int]:
        """Return how many a contender gets, one number after the other."""
        return CONNECTIONS if contender.kind in self.curves else (JUDGED,)

    def wants(self, contender: Contender) -> bool:
        """Whether it was asked for."""
        return not self.only or contender.name in self.only
