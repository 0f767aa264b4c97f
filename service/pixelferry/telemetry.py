"""What the service has done, as numbers: plain ones, turned into metrics when somebody asks.

All are touched by the event loop's thread only. Counting costs an icon request some microseconds
with prometheus-client's locked counters and one with these.
"""

import logging
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from platform import python_version
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.registry import Collector

from pixelferry import _native
from pixelferry.ledger import STAGES, Ledger
from pixelferry.stage_times import StageTimes

__all__ = ["CONTENT_TYPE", "Histogram", "RouteStats", "Telemetry", "configure_logging"]

BUCKETS: Final = (  # seconds: 100 µs to 10 s, three a decade
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_LE: Final = (*map(str, BUCKETS), "+Inf")
_TIMES: Final = ("read", "queue", "convert", "write")


class Histogram:
    """How often a time fell into each bucket."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_LE)
        self.total = 0.0  # seconds

    def observe(self, seconds: float) -> None:
        """Count one time."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """Return (upper bound, times up to it)."""
        reached, rows = 0, []
        for bound, count in zip(_LE, self.counts, strict=True):
            reached += count
            rows.append((bound, float(reached)))
        return rows


class RouteStats:
    """What one route has done; stages and copies only if it works on whole bodies."""

    __slots__ = ("answers", "copied_bytes", "copies", "duration", "stages")

    def __init__(self, *, works_on_bodies: bool) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()  # (method, status)
        self.duration = Histogram()
        names, stages = (_TIMES, STAGES) if works_on_bodies else ((), ())
        self.stages = {name: Histogram() for name in names}
        self.copies = dict.fromkeys(stages, 0)  # passes
        self.copied_bytes = dict.fromkeys(stages, 0)

    def record(self, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.answers[method, status] += 1
        self.duration.observe(seconds)

    def record_body(self, times: StageTimes, ledger: Ledger) -> None:
        """Count what a body that came in whole cost."""
        stages = self.stages
        stages["read"].observe(times.read)
        stages["queue"].observe(times.queue)
        stages["convert"].observe(times.convert)
        stages["write"].observe(times.write)
        for stage, passes, nbytes in ledger.entries():
            self.copies[stage] += passes
            self.copied_bytes[stage] += nbytes


class Telemetry:
    """All numbers of one server."""

    def __init__(self, routes: Mapping[str, bool]) -> None:
        """Take every value the label `route` can have, and whether the route works on bodies."""
        self.routes = {route: RouteStats(works_on_bodies=works) for route, works in routes.items()}
        self.errors: Counter[str] = Counter()  # by problem code
        self.rejections: Counter[str] = Counter()  # by the limit that said no
        self.received_bytes = 0
        self.sent_bytes = 0
        self.pixels = 0
        self.requests_in_progress = 0
        self.connections = 0
        self._registry = CollectorRegistry()
        self._registry.register(_TelemetryCollector(self))
        ProcessCollector(registry=self._registry)

    def exposition(self) -> bytes:
        """Return everything as Prometheus text."""
        return generate_latest(self._registry)


class _TelemetryCollector(Collector):
    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._build_info = _build_info()

    def collect(self) -> Iterator[Metric]:
        telemetry = self._telemetry
        yield from _route_metrics(telemetry.routes)
        yield _counter("errors", "Problem documents answered.", "code", telemetry.errors)
        yield _counter("rejections", "What limits refused.", "reason", telemetry.rejections)
        for name, about, value in (
            ("received_bytes", "Bytes of request bodies read.", telemetry.received_bytes),
            ("sent_bytes", "Bytes of answers to conversions and rotations.", telemetry.sent_bytes),
            ("pixels", "Pixels converted.", telemetry.pixels),
        ):
            yield CounterMetricFamily(f"pixelferry_{name}", about, value=value)
        for name, about, value in (
            ("requests_in_progress", "Requests being answered.", telemetry.requests_in_progress),
            ("connections", "Connections open.", telemetry.connections),
        ):
            yield GaugeMetricFamily(f"pixelferry_{name}", about, value=value)
        yield _pool_bytes()
        yield self._build_info


def _route_metrics(routes: dict[str, RouteStats]) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "pixelferry_requests",
        "Requests answered; status 499 for clients that left.",
        labels=("route", "method", "status"),
    )
    duration = HistogramMetricFamily(
        "pixelferry_request_duration_seconds",
        "From the head of a request to the end of its answer.",
        labels=("route",),
    )
    stages = HistogramMetricFamily(
        "pixelferry_stage_duration_seconds",
        "Time of one stage of a request that was read whole.",
        labels=("route", "stage"),
    )
    copies = CounterMetricFamily(
        "pixelferry_copies", "Passes that copied payload.", labels=("route", "stage")
    )
    copied_bytes = CounterMetricFamily(
        "pixelferry_copied_bytes", "Bytes of payload copied.", labels=("route", "stage")
    )
    for route, stats in routes.items():
        for (method, status), count in stats.answers.items():
            requests.add_metric((route, method, str(status)), count)
        duration.add_metric((route,), stats.duration.cumulative(), stats.duration.total)
        for name, times in stats.stages.items():
            stages.add_metric((route, name), times.cumulative(), times.total)
        for stage, passes in stats.copies.items():
            copies.add_metric((route, stage), passes)
            copied_bytes.add_metric((route, stage), stats.copied_bytes[stage])
    return iter((requests, duration, stages, copies, copied_bytes))


def _counter(name: str, about: str, label: str, values: Counter[str]) -> Metric:
    family = CounterMetricFamily(f"pixelferry_{name}", about, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family


def _pool_bytes() -> Metric:
    pool = _native.pool_stats()
    family = GaugeMetricFamily(
        "pixelferry_pool_bytes", "Memory of the output pool.", labels=("state",)
    )
    family.add_metric(("used",), pool.used_bytes)
    family.add_metric(("idle",), pool.idle_bytes)
    return family


def _build_info() -> Metric:
    labels = {
        "version": _native.__version__,
        "python": python_version(),
        "aiohttp": version("aiohttp"),
        "engine": _native.engine,
        "simd": _native.simd,
    }
    family = GaugeMetricFamily("pixelferry_build_info", "What runs.", labels=tuple(labels))
    family.add_metric(tuple(labels.values()), 1)
    return family


def configure_logging(level: str) -> None:
    """Send log records of `level` and above to standard error."""
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
