"""One turn: what a contender did under load in one window of time, and what it took."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from http_bench.watch import Watched


@dataclass(frozen=True)
class Turn:
    """Seconds and bytes. The window is the same for the requests and for processor time."""

    requests: int  # answered with 200
    failed: int
    seconds: float
    received: int  # of bodies
    p50: float
    p99: float
    most: float
    load_cpu: float  # what making the load took
    server_cpu: float  # all processes of the server
    worker_cpu: float  # without a supervisor
    rss: int  # most of all processes together, by samples; what they share counts several times
    pss: int  # the same, but what they share counts once; fewer samples
    worker_peak: int  # most of one process, as the kernel has kept it
    connections: Sequence[int]  # of each worker

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def speed(self) -> float:
        """Bytes of BMP per second."""
        return self.received / self.seconds

    @property
    def cpu(self) -> float:
        """Processor seconds of the server for each request."""
        return self.server_cpu / self.requests

    @property
    def rate_of_worker(self) -> float:
        """Requests for each processor second of the workers."""
        return self.requests / self.worker_cpu

    @property
    def server_share(self) -> float:
        """How much of a core the server had: far below 1 under load, others had it."""
        return self.server_cpu / self.seconds

    @property
    def load_share(self) -> float:
        """How much of its core the load took: near 1 it would be the bottleneck itself."""
        return self.load_cpu / self.seconds


def turn_of(line: str, watched: Watched) -> Turn:
    """Read what the load generator has printed. Raises ValueError if no request was answered."""
    said = json.loads(line)
    by_process: Mapping[str, float] = said.pop("server_cpu")
    if not said["requests"]:
        raise ValueError(f"no request was answered, {said['failed']} failed")
    return Turn(
        **said,
        server_cpu=sum(by_process.values()),
        worker_cpu=sum(by_process[str(pid)] for pid in watched.workers),
        rss=watched.rss,
        pss=watched.pss,
        worker_peak=watched.worker_peak,
        connections=watched.connections,
    )
