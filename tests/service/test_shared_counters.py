"""Counts of several processes add up exactly, whoever reads them and however a process ends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import pytest

import counting_worker
from counting_worker import VALUES, count_request
from metric_samples import parse, value
from pixelferry.exposition import Exposition
from pixelferry.metric_layout import Family, Label, Layout
from pixelferry.shared_counters import CounterBlock, Place, State
from pixelferry.supervisor_telemetry import SupervisorTelemetry
from pixelferry.telemetry import LabelValues, Telemetry

CONVERTED = {"route": "/convert", "method": "POST", "status": "200"}


class Worker:
    """A process that counts in one place."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.orders: IO[str] = process.stdin
        self.said: IO[str] = process.stdout

    def order(self, requests: int) -> None:
        self.orders.write(f"{requests}\n")
        self.orders.flush()

    def wait_for(self, requests: int) -> None:
        while int(self.said.readline()) != requests:
            pass


@contextmanager
def worker(block: CounterBlock, place: int) -> Iterator[Worker]:
    """Start a process that counts; it is killed in the end if it still runs."""
    program = [sys.executable, counting_worker.__file__, str(block.fd), str(place)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        program, stdin=pipe, stdout=pipe, text=True, pass_fds=[block.fd]
    ) as process:
        try:
            one = Worker(process)
            one.wait_for(0)
            yield one
        finally:
            process.kill()


def shown(block: CounterBlock, sample: str, **labels: str) -> float:
    return value(parse(Exposition(block).text()), sample, **labels)


def converted(block: CounterBlock) -> float:
    return shown(block, "pixelferry_requests_total", **CONVERTED)


@pytest.fixture
def block() -> CounterBlock:
    return CounterBlock.create(slots=2)


def test_processes_that_count_at_once_add_up_exactly(block: CounterBlock) -> None:
    each = 2000
    with (
        worker(block, 0) as a,
        worker(block, 1) as b,
        worker(block, 2) as c,
        worker(block, 3) as d,
    ):
        workers = (a, b, c, d)
        for one in workers:
            one.order(each)
        seen = [converted(block) for _ in range(20)]  # meanwhile
        assert seen == sorted(seen)
        for one in workers:
            one.wait_for(each)
        families = parse(Exposition(block).text())
    total = each * len(workers)
    body, stage = {"route": "/convert"}, {"route": "/convert", "stage": "convert"}
    exact = {
        "pixelferry_requests_total": (CONVERTED, total),
        "pixelferry_request_duration_seconds_count": (body, total),
        "pixelferry_request_duration_seconds_sum": (body, total * 0.25),
        "pixelferry_stage_duration_seconds_count": (stage, total),
        "pixelferry_stage_duration_seconds_sum": (stage, total * 0.5),
        "pixelferry_copies_total": ({"route": "/convert", "stage": "stack"}, total * 2),
        "pixelferry_copied_bytes_total": ({"route": "/convert", "stage": "stack"}, total * 20),
        "pixelferry_received_bytes_total": ({}, total * 10),
        "pixelferry_sent_bytes_total": ({}, total * 100),
        "pixelferry_pixels_total": ({}, total * 7),
        "pixelferry_requests_in_progress": ({}, len(workers)),
        "pixelferry_workers": ({}, len(workers)),
    }
    for sample, (labels, expected) in exact.items():
        assert value(families, sample, **labels) == expected, sample


def test_a_killed_process_loses_nothing_that_it_counted(block: CounterBlock) -> None:
    with worker(block, 0) as one:
        one.order(10**9)
        one.wait_for(100)
        one.process.kill()
        whole_lines = one.said.read().split("\n")[:-1]
    said = int(whole_lines[-1]) if whole_lines else 100
    # It may have counted one more before it could say so.
    assert said <= converted(block) <= said + 1


def test_a_successor_counts_on_where_a_killed_process_was(block: CounterBlock) -> None:
    with worker(block, 0) as one:
        one.order(5)
        one.wait_for(5)
    block.place(0).vacate()
    assert shown(block, "pixelferry_requests_in_progress") == 0
    assert converted(block) == 5
    with worker(block, 0) as successor:
        assert converted(block) == 5
        successor.order(3)
        successor.wait_for(3)
        assert converted(block) == 8


def test_vacating_clears_what_belonged_to_the_process(block: CounterBlock) -> None:
    place = block.place(0)
    telemetry = Telemetry(VALUES, place)
    count_request(telemetry)
    telemetry.connections = 5
    telemetry.budget_limit_bytes = 1 << 40
    telemetry.queue_length["large"] = 2
    place.account_cells.cast("Q")[0] = 3
    place.vacate()
    assert not any(place.gauges)
    assert bytes(place.account_cells) == bytes(16)
    assert place.state is State.EMPTY
    assert converted(block) == 1


def test_another_layout_begins_at_zero(block: CounterBlock) -> None:
    count_request(Telemetry(VALUES, block.place(0)))
    block.place(0).vacate()
    other = LabelValues({"/convert": True}, ("POST",), (200,), (), ())
    count_request(Telemetry(other, block.place(0)))
    assert converted(block) == 1
    block.place(0).vacate()
    Telemetry(VALUES, block.place(0))
    assert converted(block) == 0


def test_places_of_different_layouts_add_up_by_label(block: CounterBlock) -> None:
    count_request(Telemetry(VALUES, block.place(0)))
    other = LabelValues({"/convert": True, "/new": False}, ("POST",), (200, 201), (), ())
    newer = Telemetry(other, block.place(1))
    count_request(newer)
    newer.routes["/new"].record("POST", 201, 0.0)
    assert converted(block) == 2
    new = {"route": "/new", "method": "POST", "status": "201"}
    assert shown(block, "pixelferry_requests_total", **new) == 1
    assert shown(
        block, "pixelferry_stage_duration_seconds_sum", route="/convert", stage="read"
    ) == (0.25)


def test_a_place_has_one_writer(block: CounterBlock) -> None:
    Telemetry(VALUES, block.place(2))
    with pytest.raises(RuntimeError, match=f"place 2 is taken by process {os.getpid()}"):
        Telemetry(VALUES, block.place(2))
    Telemetry(VALUES, block.place(2).twin)
    assert [(one.place, one.slot) for one in block.workers()] == [(2, 1), (3, 1)]


Kind = Literal["counter", "gauge", "histogram"]


def family(kind: Kind, rows: int, columns: int = 1, about: str = "") -> Family:
    """A family of so many series, named after its kind; a histogram has one bound."""
    labels = tuple(
        Label(name, tuple(map(str, range(size)))) for name, size in (("a", rows), ("b", columns))
    )
    return Family(kind, kind, about, labels, (1.0,) if kind == "histogram" else ())


@pytest.mark.parametrize(
    ("too_large", "message"),
    [
        (family("gauge", 113), "113 gauges; a place has 112"),
        (family("counter", 43, 131), "5633 counts; a place has 5632"),
        (family("histogram", 27, 19), "513 sums; a place has 512"),
        (family("gauge", 1, about="x" * 15360), "bytes of directory; a place has 15360"),
    ],
)
def test_metrics_that_do_not_fit_are_refused(
    block: CounterBlock, too_large: Family, message: str
) -> None:
    place = block.place(0)
    with pytest.raises(ValueError, match=message):
        place.take(Layout((too_large,)))
    assert place.state is State.EMPTY
    assert place.directory() == b""


def test_the_fullest_place_touches_no_other(block: CounterBlock) -> None:
    fullest = Layout(
        (family("gauge", 7, 16), family("counter", 64, 72), family("histogram", 16, 32))
    )
    place, after = block.place(0), block.place(1)
    place.take(fullest)
    for cells in (place.gauges, place.counts):
        for cell in range(len(cells)):
            cells[cell] = 1
    for cell in range(len(place.seconds)):
        place.seconds[cell] = 1.5
    families = parse(Exposition(block).text())
    # A histogram has two buckets, a count and a sum.
    for kind, series, samples in (("gauge", 112, 1), ("counter", 4608, 1), ("histogram", 512, 4)):
        assert len(families[kind].samples) == series * samples
        assert all(one.value > 0 for one in families[kind].samples)
    assert (after.state, after.directory()) == (State.EMPTY, b"")
    assert place.directory() == fullest.encode()
    assert bytes(place.account_cells) == bytes(16)


def test_what_nobody_foresaw_is_counted_as_other(block: CounterBlock) -> None:
    telemetry = Telemetry(VALUES, block.place(0))
    stats = telemetry.routes["/livez"]
    for method, status in (("GET", 418), ("BREW", 200), ("BREW", 418), ("BREW", 404)):
        stats.record(method, status, 0.0)
    telemetry.errors["unheard_of"] += 1
    telemetry.rejections["unheard_of"] += 2
    telemetry.rejections["unheard_of_too"] += 1
    families = parse(Exposition(block).text())
    answers = {
        (one.labels["method"], one.labels["status"]): one.value
        for one in families["pixelferry_requests"].samples
    }
    assert answers == {
        ("GET", "other"): 1,
        ("other", "200"): 1,
        ("other", "other"): 1,
        ("other", "404"): 1,
    }
    assert value(families, "pixelferry_errors_total", code="other") == 1
    assert value(families, "pixelferry_rejections_total", reason="other") == 3
    assert dict(telemetry.rejections) == {"other": 3}


def test_the_account_is_shown_in_bytes(block: CounterBlock) -> None:
    for index, amount in ((0, 1000), (3, 24)):
        cells = block.place(index).account_cells
        assert (cells.nbytes, cells.readonly) == (16, False)
        cells.cast("Q")[index % 2] = amount
    assert shown(block, "pixelferry_budget_used_bytes") == 1024


def test_workers_are_told_apart(block: CounterBlock) -> None:
    old = Telemetry(VALUES, block.place(1))
    SupervisorTelemetry(block)
    new = Telemetry(VALUES, block.place(0))
    Telemetry(VALUES, block.place(2))
    old.place.state = State.DRAINING
    new.place.state = State.READY
    new.place.beat(12.5)
    assert [(one.slot, one.state) for one in block.workers()] == [
        (0, State.READY),
        (0, State.DRAINING),
        (1, State.STARTING),
    ]
    assert block.workers()[0].heartbeat == 12.5
    assert {one.pid for one in block.workers()} == {os.getpid()}
    families = parse(Exposition(block).text())
    assert value(families, "pixelferry_workers") == 1
    memory = families["process_resident_memory_bytes"].samples
    assert [one.labels["worker"] for one in memory] == ["0", "0-draining", "1", "supervisor"]
    assert all(one.value > 0 for one in memory)


def test_a_process_that_is_gone_is_left_out(block: CounterBlock) -> None:
    Telemetry(VALUES, block.place(2))
    with worker(block, 0):
        pass
    memory = parse(Exposition(block).text())["process_resident_memory_bytes"].samples
    assert [one.labels["worker"] for one in memory] == ["1"]


def test_the_supervisor_counts_restarts(block: CounterBlock) -> None:
    supervisor = SupervisorTelemetry(block)
    supervisor.worker_restarted()
    supervisor.worker_restarted()
    Telemetry(VALUES, block.place(0))
    assert shown(block, "pixelferry_worker_restarts_total") == 2


READER = """
import sys
from pixelferry.exposition import Exposition
from pixelferry.shared_counters import CounterBlock

sys.stdout.buffer.write(Exposition(CounterBlock.attach(int(sys.argv[1]))).text())
assert not {"aiohttp", "uvloop"} & set(sys.modules)
"""


def test_a_process_that_has_only_the_block_shows_the_same(block: CounterBlock) -> None:
    telemetry = Telemetry(VALUES, block.place(0))
    count_request(telemetry)
    text = subprocess.run(
        [sys.executable, "-c", READER, str(block.fd)],
        pass_fds=[block.fd],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    there, here = parse(text), parse(telemetry.exposition())
    assert set(there) == set(here)
    names = {name for name in here if name.startswith("pixelferry_")}
    assert {"pixelferry_requests", "pixelferry_build_info"} <= names
    for name in names - {"pixelferry_pool_bytes"}:
        assert there[name].samples == here[name].samples


def test_a_block_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(b"x" * 100)
    fd = os.open(path, os.O_RDWR)
    with pytest.raises(ValueError, match="holds no block of counters"):
        CounterBlock.attach(fd)
    os.close(fd)


def test_a_place_that_is_being_laid_out_is_left_out(
    block: CounterBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_request(Telemetry(VALUES, block.place(0)))
    count_request(Telemetry(VALUES, block.place(1)))
    read = Place.read

    def read_late(place: Place, layout: Layout) -> object:
        reading = read(place, layout)
        if place.index == 1:
            place.vacate()
            place.take(Layout((family("gauge", 1),)))
        return reading

    monkeypatch.setattr(Place, "read", read_late)
    assert converted(block) == 1
