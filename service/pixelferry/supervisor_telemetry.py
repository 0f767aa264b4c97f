"""What the supervisor counts, and the metrics of all that it can show."""

from pixelferry.exposition import Exposition
from pixelferry.metric_layout import Family, Layout
from pixelferry.shared_counters import CounterBlock

_RESTARTS = "pixelferry_worker_restarts"
_LAYOUT = Layout((Family(_RESTARTS, "counter", "Workers started in place of one that died."),))


class SupervisorTelemetry:
    """The numbers of a supervisor. Not thread-safe."""

    def __init__(self, block: CounterBlock) -> None:
        """Count in the supervisor's place of `block`."""
        self._place = block.supervisor_place()
        self._place.take(_LAYOUT)
        self._restarts = _LAYOUT.cells(_RESTARTS)[()]
        self._exposition = Exposition(block)

    def worker_restarted(self) -> None:
        """Count a worker started in place of one that died."""
        self._place.counts[self._restarts] += 1

    def exposition(self) -> bytes:
        """Return the metrics of all workers, and the supervisor's, as Prometheus text."""
        return self._exposition.text()
