"""The process_* metrics of several processes, told apart by the label `worker`."""

from collections.abc import Iterator, Mapping

from prometheus_client import ProcessCollector
from prometheus_client.core import Metric


class ProcessMetrics:
    """Reads /proc. Not thread-safe."""

    def __init__(self) -> None:
        self._pid = 0
        self._collector = ProcessCollector(pid=lambda: self._pid, registry=None)

    def collect(self, pids: Mapping[str, int]) -> Iterator[Metric]:
        """Return the metrics of the processes, by name; one that is gone has none."""
        families: dict[str, Metric] = {}
        for worker, pid in pids.items():
            self._pid = pid
            for one in self._collector.collect():
                family = families.setdefault(
                    one.name, Metric(one.name, one.documentation, one.type)
                )
                for sample in one.samples:
                    family.add_sample(sample.name, {"worker": worker}, sample.value)
        return iter(families.values())
