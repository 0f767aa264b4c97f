"""What became of the requests, by kind of client."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from time import monotonic

FAILED = "FAILED"


@dataclass(frozen=True)
class Failure:
    """Something that must not be."""

    kind: str  # of client
    what: str
    port: int  # the client's own; 0 if it did not come to have one
    when: float  # seconds, by time.monotonic, which is one clock for all processes

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


@dataclass
class KindTally:
    """The requests of one kind of client."""

    outcomes: Counter[str] = field(default_factory=Counter)  # status and code, or what was done
    seconds: array[float] = field(default_factory=lambda: array("d"))  # of the answers 200
    received: int = 0  # bytes of the bodies of answers 200


@dataclass
class Tally:
    """All requests of one process."""

    kinds: defaultdict[str, KindTally] = field(default_factory=lambda: defaultdict(KindTally))
    failures: list[Failure] = field(default_factory=list)

    def count(self, kind: str, outcome: str) -> None:
        """Count how a request, or a connection that was no request, ended."""
        self.kinds[kind].outcomes[outcome] += 1

    @property
    def outcomes(self) -> Counter[str]:
        """How all requests ended."""
        return sum((kind.outcomes for kind in self.kinds.values()), Counter())

    def right(self, kind: str, seconds: float, received: int) -> None:
        """Count an answer 200 of so many bytes that came after so many seconds."""
        self.count(kind, "200")
        self.kinds[kind].seconds.append(seconds)
        self.kinds[kind].received += received

    def failed(self, kind: str, what: str, port: int) -> None:
        """Count what must not be."""
        self.count(kind, FAILED)
        self.failures.append(Failure(kind, what, port, monotonic()))
