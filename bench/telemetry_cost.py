"""What counting one POST /convert costs, beside prometheus-client's own metrics.

Everything that the middleware counts for an icon; and what it takes to show it all, with the places
of some workers in use.

Usage: python bench/telemetry_cost.py
"""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from pixelferry.exposition import Exposition
from pixelferry.http.app import label_values
from pixelferry.ledger import STAGES, Ledger
from pixelferry.shared_counters import PLACES_PER_SLOT, CounterBlock
from pixelferry.stage_times import StageTimes
from pixelferry.telemetry import Telemetry
from pixelferry.worker_metrics import BUCKETS

ROUNDS, REQUESTS = 2000, 200  # so short that many rounds are not interrupted
TIMES = StageTimes(read=0.00003, queue=0.0, convert=0.0001, write=0.00004)
DURATION = 0.0003  # seconds
RECEIVED, SENT, PIXELS = 4000, 49206, 16384


def ledger() -> Ledger:
    """Return the copies of a raw body that came in one piece."""
    copies = Ledger()
    copies.add("stack", 2 * RECEIVED, 2)
    copies.add("ingest", RECEIVED)
    return copies


def shared_cells() -> Callable[[], None]:
    """Count as the middleware does."""
    telemetry, copies = Telemetry(label_values()), ledger()

    def count() -> None:
        telemetry.request_began()
        telemetry.request_ended(RECEIVED, SENT, PIXELS)
        stats = telemetry.routes["/convert"]
        stats.record("POST", 200, DURATION)
        stats.record_body(TIMES, copies)

    return count


def prometheus_client() -> Callable[[], None]:
    """Count the same with the library's counters, labels resolved before."""
    registry, copies = CollectorRegistry(), ledger()
    in_progress = Gauge("in_progress", "", registry=registry)
    received, sent, pixels = (Counter(name, "", registry=registry) for name in "abc")
    requests = Counter("requests", "", ("route", "method", "status"), registry=registry)
    answered = requests.labels("/convert", "POST", "200")
    duration = Histogram("duration", "", ("route",), registry=registry, buckets=BUCKETS)
    answered_in = duration.labels("/convert")
    stage = Histogram("stage", "", ("route", "stage"), registry=registry, buckets=BUCKETS)
    read, queue, convert, write = (stage.labels("/convert", name) for name in "rqcw")
    passes, nbytes = (Counter(name, "", ("stage",), registry=registry) for name in ("p", "n"))
    copying = [stage for stage in STAGES if copies[stage].nbytes]
    cells = {name: (passes.labels(name), nbytes.labels(name)) for name in copying}

    def count() -> None:
        in_progress.inc()
        in_progress.dec()
        received.inc(RECEIVED)
        sent.inc(SENT)
        pixels.inc(PIXELS)
        answered.inc()
        answered_in.observe(DURATION)
        read.observe(TIMES.read)
        queue.observe(TIMES.queue)
        convert.observe(TIMES.convert)
        write.observe(TIMES.write)
        for name, (pass_cell, bytes_cell) in cells.items():
            copied = copies[name]
            pass_cell.inc(copied.passes)
            bytes_cell.inc(copied.nbytes)

    return count


def shortest(call: Callable[[], object], calls: int, rounds: int) -> float:
    """Return the seconds of one call in the best round: noise only ever adds."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            call()
        times.append(time.perf_counter() - started)
    return min(times) / calls


def main() -> None:
    """Print both costs, then that of /metrics."""
    for name, count in (
        ("cells of shared memory", shared_cells()),
        ("prometheus-client", prometheus_client()),
    ):
        print(f"{name}: {shortest(count, REQUESTS, ROUNDS) * 1e9:.0f} ns a request")
    for workers in (1, 8, 64):
        block = CounterBlock.create(workers)
        for slot in range(workers):
            Telemetry(label_values(), block.place(slot * PLACES_PER_SLOT))
        text = Exposition(block).text
        print(f"/metrics of {workers} workers: {shortest(text, 1, 30) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
