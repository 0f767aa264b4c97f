"""One picture: rounds in which everybody has a turn, in an order drawn anew."""

from __future__ import annotations

import random
from functools import partial
from typing import IO, TYPE_CHECKING

from http_bench.contender import Kind
from http_bench.conversion import conversion_cpu
from http_bench.load import put_load
from http_bench.server import serving, until_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from convert_bench.pictures import Picture
    from http_bench.contender import Contender
    from http_bench.plan import Plan
    from http_bench.turn import Turn

SEED = 1


class Rounds:
    """What they have found so far: lists with one entry a round."""

    def __init__(
        self, picture: Picture, body: Path, contenders: Sequence[Contender], plan: Plan
    ) -> None:
        """Prepare; `body` is the picture's file."""
        self.turns: dict[str, dict[int, list[Turn]]] = {
            one.name: {connections: [] for connections in plan.connections(one)}
            for one in contenders
        }
        self.conversion: list[float] = []
        self.broken: dict[str, str] = {}  # peers that failed under load, and how
        self._picture, self._body, self._plan = picture, body, plan
        self._contenders = contenders

    def run(self, log: IO[bytes], say: Callable[[str], None]) -> None:
        """Do them all. Raises RuntimeError if anybody but a peer fails."""
        takes: list[Callable[[], None]] = [self._conversion]
        takes += [partial(self._turn, contender, log) for contender in self._contenders]
        shuffle = random.Random(SEED).shuffle
        for number in range(1, self._plan.rounds + 1):
            say(f"{self._picture.name}: round {number} of {self._plan.rounds}")
            shuffle(takes)
            for take in takes:
                take()

    def _conversion(self) -> None:
        cpu = self._plan.cores.server
        self.conversion.append(conversion_cpu(self._body, self._plan.seconds / 2, cpu))

    def _turn(self, contender: Contender, log: IO[bytes]) -> None:
        if contender.name in self.broken:
            return
        try:
            self._measure(contender, log)
        except RuntimeError as error:
            if contender.kind is not Kind.PEER:
                raise RuntimeError(f"{contender.name}: {error}") from error
            self.broken[contender.name] = str(error)
            del self.turns[contender.name]

    def _measure(self, contender: Contender, log: IO[bytes]) -> None:
        cores = self._plan.cores.of(contender.workers)
        with serving(contender, self._picture, cores, log) as server:
            until_ready(server, contender.workers, self._picture.data)
            for connections, turns in self.turns[contender.name].items():
                turns.append(put_load(server, self._body, connections, self._plan))
