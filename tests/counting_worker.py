"""A process for tests of shared counters: counts as many requests as each line of its input says.

Usage: counting_worker.py FD PLACE. It says after each request how many it has counted.
"""

import sys

from pixelferry.ledger import Ledger
from pixelferry.shared_counters import CounterBlock, State
from pixelferry.stage_times import StageTimes
from pixelferry.telemetry import LabelValues, Telemetry

VALUES = LabelValues(
    routes={"/convert": True, "/livez": False},
    methods=("GET", "POST"),
    statuses=(200, 404, 503),
    codes=("not_found", "out_of_memory"),
    reasons=("out_of_memory",),
)


def count_request(telemetry: Telemetry) -> None:
    """Count a conversion of 10 bytes into 100, with 7 pixels."""
    ledger = Ledger()
    ledger.add("stack", 20, 2)
    ledger.add("ingest", 10)
    stats = telemetry.routes["/convert"]
    stats.record("POST", 200, 0.25)
    stats.record_body(StageTimes(read=0.125, convert=0.5, write=0.0625), ledger)
    telemetry.request_began()
    telemetry.request_ended(received=10, sent=100, pixels=7)


def main() -> None:
    """Count until the input ends; then a request is still in progress."""
    fd, place = map(int, sys.argv[1:])
    telemetry = Telemetry(VALUES, CounterBlock.attach(fd).place(place))
    telemetry.place.state = State.READY
    telemetry.request_began()
    print(0, flush=True)
    counted = 0
    for line in sys.stdin:
        for _ in range(int(line)):
            count_request(telemetry)
            counted += 1
            print(counted, flush=True)


if __name__ == "__main__":
    main()
