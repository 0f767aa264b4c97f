"""What the supervisor counts, and what it clears away behind workers."""

from pixelferry.metric_layout import Family, Layout
from pixelferry.shared_counters import CounterBlock

_RESTARTS = "pixelferry_worker_restarts"
_LAYOUT = Layout((Family(_RESTARTS, "counter", "Workers started in place of one that died."),))


class SupervisorTelemetry:
    """The numbers of a supervisor. Not thread-safe."""

    def __init__(self, block: CounterBlock) -> None:
        """Count in the supervisor's place of `block`."""
        self._block = block
        self._place = block.supervisor_place()
        self._place.take(_LAYOUT)
        self._restarts = _LAYOUT.cells(_RESTARTS)[()]

    def worker_restarted(self) -> None:
        """Count a worker started in place of one that died."""
        self._place.counts[self._restarts] += 1

    def heartbeat(self, place: int) -> float:
        """Return when the process that has `place` last beat, by CLOCK_MONOTONIC; 0 if none has."""
        occupant = self._block.place(place).occupant()
        return occupant.heartbeat if occupant is not None else 0.0

    def worker_ended(self, place: int) -> None:
        """Forget what the process held that had `place`; what it counted stays."""
        self._block.place(place).vacate()
