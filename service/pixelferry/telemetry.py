"""What the service has done, as numbers in cells that other processes can read.

Labels are looked up once, at the start; counting is then a few stores into memory. Only the event
loop's thread counts.
"""

from collections.abc import Mapping
from time import monotonic
from typing import Final

from pixelferry import _native
from pixelferry.counts import Counts
from pixelferry.exposition import CONTENT_TYPE, Exposition
from pixelferry.ledger import Ledger
from pixelferry.metric_layout import Layout
from pixelferry.shared_counters import CounterBlock, Place
from pixelferry.stage_times import StageTimes
from pixelferry.worker_metrics import BUCKETS, OTHER, LabelValues, worker_layout

__all__ = ["CONTENT_TYPE", "OTHER", "LabelValues", "RouteStats", "Telemetry"]

_OTHER_STATUS: Final = 0  # in keys; the label says `other`


class _CellOrOther(dict[str, int]):
    def __missing__(self, _: str) -> int:
        return self[OTHER]


class _AnswerCells(dict[tuple[str, int], int]):
    def __missing__(self, key: tuple[str, int]) -> int:
        method, status = key
        nearest = ((method, _OTHER_STATUS), (OTHER, status), (OTHER, _OTHER_STATUS))
        return next(self[one] for one in nearest if one in self)


class RouteStats:
    """What one route has done; stages and copies only if it works on whole bodies."""

    __slots__ = ("_answer_cells", "_copy_cells", "_counts", "_duration", "_stages", "answers")

    def __init__(self, place: Place, layout: Layout, route: str, *, works_on_bodies: bool) -> None:
        self._counts = place.counts
        self._answer_cells = _AnswerCells(
            ((method, _OTHER_STATUS if status == OTHER else int(status)), cell)
            for (method, status), cell in layout.cells("pixelferry_requests", route).items()
        )
        self.answers = Counts(place.counts, self._answer_cells)  # by (method, status)
        self._duration = _histograms(place, layout, "request_duration_seconds", route)
        self._stages = (
            _histograms(place, layout, "stage_duration_seconds", route) if works_on_bodies else None
        )
        copies = layout.cells("pixelferry_copies", route)
        copied_bytes = layout.cells("pixelferry_copied_bytes", route)
        # In the order of STAGES.
        self._copy_cells = [(copies[stage,], copied_bytes[stage,]) for (stage,) in copies]

    def record(self, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._counts[self._answer_cells[method, status]] += 1
        self._duration.observe(seconds)

    def record_body(self, times: StageTimes, ledger: Ledger) -> None:
        """Count what a body cost if one came in whole."""
        if self._stages is None or not times.read:
            return
        self._stages.observe(times.read, times.queue, times.convert, times.write)
        counts = self._counts
        for at, (passes, nbytes) in enumerate(ledger.all()):
            if nbytes:
                passes_cell, bytes_cell = self._copy_cells[at]
                counts[passes_cell] += passes
                counts[bytes_cell] += nbytes


class _Gauge:
    """An attribute of Telemetry that is a cell."""

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, telemetry: "Telemetry", _: type) -> int:
        return int(telemetry.place.gauges[telemetry._gauge_cells[self._name]])

    def __set__(self, telemetry: "Telemetry", value: int) -> None:
        telemetry.place.gauges[telemetry._gauge_cells[self._name]] = value


class Telemetry:
    """All numbers of one worker."""

    requests_in_progress = _Gauge()
    connections = _Gauge()
    budget_limit_bytes = _Gauge()

    def __init__(self, values: LabelValues, place: Place | None = None) -> None:
        """Count in `place`, or in a block of its own. Raises what Place.take raises."""
        layout = worker_layout(values)
        self.place = place or CounterBlock.create(slots=1).place(0)
        self.place.take(layout)
        self._counts, self._gauges = counts, gauges = self.place.counts, self.place.gauges
        self.routes: Mapping[str, RouteStats] = {
            route: RouteStats(self.place, layout, route, works_on_bodies=works)
            for route, works in {**values.routes, OTHER: False}.items()
        }
        self.errors = Counts(counts, _CellOrOther(_cells(layout, "errors")))  # by problem code
        self.rejections = Counts(counts, _CellOrOther(_cells(layout, "rejections")))
        self.queue_length = Counts(gauges, _cells(layout, "queue_length"))  # by lane
        self._pool_bytes = Counts(gauges, _cells(layout, "pool_bytes"))
        self._gauge_cells = {
            name: layout.cells(f"pixelferry_{name}")[()]
            for name in ("requests_in_progress", "connections", "budget_limit_bytes")
        }
        self._in_progress = self._gauge_cells["requests_in_progress"]
        self._received, self._sent, self._pixels = (
            layout.cells(f"pixelferry_{name}")[()]
            for name in ("received_bytes", "sent_bytes", "pixels")
        )
        self._exposition = Exposition(self.place.block)

    def request_began(self) -> None:
        """Count a request in progress."""
        self._gauges[self._in_progress] += 1

    def request_ended(self, received: int, sent: int, pixels: int) -> None:
        """Count it no longer, but what it was: bytes of both bodies, and pixels converted."""
        self._gauges[self._in_progress] -= 1
        self.request_answered(received, sent, pixels)

    def request_answered(self, received: int, sent: int, pixels: int) -> None:
        """Count what a request was that was never in progress."""
        counts = self._counts
        counts[self._received] += received
        counts[self._sent] += sent
        counts[self._pixels] += pixels

    def publish(self) -> None:
        """Show others what is known here only, and that this process works.

        To be called about once a second.
        """
        pool = _native.pool_stats()
        self._pool_bytes["used"] = pool.used_bytes
        self._pool_bytes["idle"] = pool.idle_bytes
        self.place.beat(monotonic())

    def exposition(self) -> bytes:
        """Return the metrics of all workers as Prometheus text; `publish` goes before."""
        return self._exposition.text()


def _cells(layout: Layout, name: str) -> dict[str, int]:
    """Return the cells of a family with one label."""
    return {value: cell for (value,), cell in layout.cells(f"pixelferry_{name}").items()}


def _histograms(place: Place, layout: Layout, name: str, route: str) -> _native.Histograms:
    counts, sums = layout.histograms(f"pixelferry_{name}", route)
    return _native.Histograms(place.counts[counts], place.seconds[sums], BUCKETS)
