"""Everything one run found, as it is written to JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from soak.latency import Latency
from soak.tally import FAILED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convert_bench.machine import Machine
    from soak.health_probe import Health
    from soak.monitor import Sample
    from soak.processors import ProcessorTimes
    from soak.tally import Failure, KindTally

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Plan:
    """What was asked for."""

    seconds: float  # of load
    idle_seconds: float  # after it
    budget: int  # bytes
    pool_idle: float  # seconds
    workers: int
    connections: int  # that post photos
    idle: int  # connections that are hardly used
    crowd: int  # connections that are opened at once
    seed: int
    constant: int  # bytes for each worker beyond its idle size and the budget
    health_bound: float  # seconds


@dataclass(frozen=True)
class KindResult:
    """The requests of one kind of client."""

    outcomes: Mapping[str, int]
    latency: Latency | None  # of the answers 200
    received: int  # bytes of the bodies of answers 200

    @classmethod
    def of(cls, tally: KindTally) -> KindResult:
        """Sum it up."""
        outcomes = dict(tally.outcomes.most_common())
        return cls(outcomes, Latency.of(tally.seconds), tally.received)


@dataclass(frozen=True)
class HealthResult:
    """The answers about health; with those to which connecting took long."""

    new: Latency | None
    kept: Latency | None
    all: Latency | None
    by_second: Mapping[int, float]  # since the load began: p99, in seconds
    failures: Sequence[Failure]
    draining: Sequence[float]  # when /readyz was red
    late: Latency | None  # by how much the questions were, by our own fault

    @classmethod
    def of(cls, health: Health, began: float) -> HealthResult:
        """Sum it up."""
        by_second: dict[int, list[float]] = {}
        for one in health.probed:
            by_second.setdefault(int(one.when - began), []).append(one.seconds)
        return cls(
            new=Latency.of([one.seconds for one in health.probed if not one.kept]),
            kept=Latency.of([one.seconds for one in health.probed if one.kept]),
            all=Latency.of([one.seconds for one in health.probed]),
            by_second={
                second: known.p99
                for second, seconds in sorted(by_second.items())
                if (known := Latency.of(seconds))
            },
            failures=health.failures,
            draining=health.draining,
            late=Latency.of(health.late),
        )


@dataclass(frozen=True)
class Event:
    """A signal, and when all workers were there again; by time.monotonic."""

    signal: str
    sent: float
    done: float | None  # None: not in time
    ports: frozenset[int] = frozenset()  # of clients whose connections it may break


@dataclass(frozen=True)
class Results:
    """One run."""

    date: str
    machine: Machine
    version: str
    plan: Plan
    began: float  # the load, by time.monotonic, as all times
    ended: float
    processors: ProcessorTimes  # while there was load
    idle_rss: int  # bytes, before the load
    kinds: Mapping[str, KindResult]
    failures: Sequence[Failure]
    health: HealthResult
    samples: Sequence[Sample]
    events: Sequence[Event]
    crashed: int  # workers that ended and were not told to
    workers_left: int  # at the end
    exit_code: int | None  # None: it did not stop in time

    @property
    def peak_rss(self) -> int:
        """Most memory of all processes together, in bytes."""
        return max(sample.rss for sample in self.samples)

    def rss_after(self, seconds: float) -> int:
        """Return the memory so long after the load, or at the end."""
        later = [one.rss for one in self.samples if one.when >= self.ended + seconds]
        return later[0] if later else self.samples[-1].rss

    @property
    def constant_needed(self) -> int:
        """What the memory's bound had to have beyond idle size and budget, for each worker."""
        beyond = self.peak_rss - self.idle_rss - self.plan.budget
        return max(0, -(-beyond // self.plan.workers))

    def excused(self, failure: Failure) -> bool:
        """Whether it is a connection that a worker held when it was killed."""
        return any(
            failure.port in event.ports and event.sent <= failure.when for event in self.events
        )

    @property
    def all_failures(self) -> list[Failure]:
        """Those of the load and those of the questions for health."""
        return [*self.failures, *self.health.failures]

    @property
    def unexcused(self) -> Counter[str]:
        """What must not be, and how often it was."""
        return Counter(str(one) for one in self.all_failures if not self.excused(one))

    def outcomes(self, kind: str) -> Counter[str]:
        """Tell how the requests of one kind of client ended, excused failures apart."""
        excused = sum(one.kind == kind and self.excused(one) for one in self.failures)
        ended = Counter(self.kinds[kind].outcomes)
        return ended - Counter({FAILED: excused}) + Counter({"lost with a worker": excused})

    def to_json(self) -> str:
        """Return it all, seconds and bytes."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, default=sorted) + "\n"
