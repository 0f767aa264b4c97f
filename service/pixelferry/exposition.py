"""A block of counters as Prometheus text: the sums over all places.

Needs nothing but the block: what its cells mean stands in the places themselves.
"""

from collections.abc import Iterator
from importlib.metadata import version
from itertools import accumulate
from operator import add
from platform import python_version
from typing import TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.registry import Collector

from pixelferry import _native
from pixelferry.metric_layout import Family, Layout, Series
from pixelferry.process_metrics import ProcessMetrics
from pixelferry.shared_counters import CounterBlock, Reading, State

__all__ = ["CONTENT_TYPE", "Exposition"]

# Of each series: its number, or the counts of a histogram's buckets and, last, its sum.
_Values: TypeAlias = dict[Series, list[float]]


class Exposition:
    """Shows one block. Any process that has it may; not thread-safe."""

    def __init__(self, block: CounterBlock) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_BlockCollector(block))

    def text(self) -> bytes:
        """Return all metrics of all processes."""
        return generate_latest(self._registry)


class _BlockCollector(Collector):
    def __init__(self, block: CounterBlock) -> None:
        self._block = block
        self._build_info = _build_info()
        self._processes = ProcessMetrics()

    def collect(self) -> Iterator[Metric]:
        yield from _sum_metrics(self._block)
        yield GaugeMetricFamily(
            "pixelferry_budget_used_bytes",
            "Memory that conversions hold.",
            value=sum(place.account() for place in self._block.all_places()),
        )
        yield GaugeMetricFamily(
            "pixelferry_workers",
            "Workers that are ready.",
            value=sum(worker.state is State.READY for worker in self._block.workers()),
        )
        yield self._build_info
        yield from self._processes.collect(_pids(self._block))


def _sum_metrics(block: CounterBlock) -> Iterator[Metric]:
    """Add up by the name of the family and the values of its labels."""
    families: dict[str, Family] = {}
    sums: dict[str, _Values] = {}
    for layout, reading in _readings(block):
        for family in layout.families:
            known = families.setdefault(family.name, family)
            if _like(known) == _like(family):
                _add(sums.setdefault(family.name, {}), _values(layout, family, reading))
    return (_metric(family, sums[name]) for name, family in families.items())


def _readings(block: CounterBlock) -> list[tuple[Layout, Reading]]:
    """Read all places, those laid out the same already added up: nearly always all workers'."""
    found: dict[bytes, tuple[Layout, Reading]] = {}
    for place in block.all_places():
        directory = place.directory()
        if not directory:
            continue
        if directory not in found:
            layout = Layout.decode(directory)
            reading = place.read(layout)
        else:
            layout, others = found[directory]
            reading = others + place.read(layout)
        if place.directory() == directory:  # else it began anew meanwhile, with nothing counted
            found[directory] = layout, reading
    return list(found.values())


def _like(family: Family) -> tuple[object, ...]:
    """Return what must be the same in two families that can be added."""
    return family.kind, family.bounds, tuple(label.name for label in family.labels)


def _values(layout: Layout, family: Family, reading: Reading) -> _Values:
    first, first_sum = layout.spans[family.name]
    column = reading.gauges if family.kind == "gauge" else reading.counts
    sums = reading.seconds if family.kind == "histogram" else []
    values: _Values = {}
    for i, series in enumerate(family.series()):
        cell = first + i * family.width
        own_sum = first_sum + i
        values[series] = [*column[cell : cell + family.width], *sums[own_sum : own_sum + 1]]
    return values


def _add(sums: _Values, values: _Values) -> None:
    for series, more in values.items():
        known = sums.get(series)
        sums[series] = more if known is None else list(map(add, known, more))


def _metric(family: Family, sums: _Values) -> Metric:
    name, about, labels = family.name, family.about, [label.name for label in family.labels]
    if family.kind == "histogram":
        return _histogram(family, HistogramMetricFamily(name, about, labels=labels), sums)
    kind = GaugeMetricFamily if family.kind == "gauge" else CounterMetricFamily
    metric = kind(name, about, labels=labels)
    for series, (value,) in sums.items():
        if value or not family.sparse:
            metric.add_metric(series, value)
    return metric


def _histogram(family: Family, metric: HistogramMetricFamily, sums: _Values) -> Metric:
    bounds = [*map(str, family.bounds), "+Inf"]
    for series, (*counts, total) in sums.items():
        metric.add_metric(series, list(zip(bounds, accumulate(counts), strict=True)), total)
    return metric


def _pids(block: CounterBlock) -> dict[str, int]:
    """Return the processes by their label: a slot's newest has its number alone."""
    pids = {}
    for worker in sorted(block.workers(), key=lambda worker: worker.since, reverse=True):
        name = str(worker.slot)
        pids[f"{name}-draining" if name in pids else name] = worker.pid
    supervisor = block.supervisor_place().occupant()
    return dict(sorted(pids.items())) | ({"supervisor": supervisor.pid} if supervisor else {})


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
