"""The soak fails whichever promise is broken, and a short one holds all that a long one does.

No time is looked at: on a busy machine even health may take long.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from apart_work import echo, fail
from convert_bench.machine import this_machine
from png_writer import small_png
from soak import rolling, slope
from soak.apart import Apart
from soak.bad_requests import BadRequests
from soak.conversation import Load, ask
from soak.exchange import Request, judge
from soak.health_probe import Health, Probed
from soak.http_client import BUFFER, Answer, LostError, connect
from soak.latency import Latency
from soak.metrics import Metrics, parse_metrics
from soak.monitor import Sample
from soak.pictures import PHOTO, Picture, converted
from soak.process_tree import children, client_ports, resident_bytes, tree
from soak.processors import processor_times
from soak.report import report
from soak.results import MEBIBYTE, Event, HealthResult, KindResult, Plan, Results
from soak.rolling import Rolled
from soak.run import idle_size
from soak.service import serving
from soak.tally import FAILED, Failure, Tally
from soak.verdict import promises

ROOT = Path(__file__).parents[2]
BEGAN, ENDED = 1000.0, 1100.0
SIGHUP = Event("SIGHUP", BEGAN + 30, BEGAN + 40)
KILL = Event("kill -9", BEGAN + 60, BEGAN + 61, frozenset({5001, 5002}))
QUIET = Metrics(
    budget_used=0,
    budget_limit=256 * MEBIBYTE,
    pool_used=0,
    pool_idle=0,
    queue=0,
    in_progress=1,
    connections=1,
    faults=0,
)


def sample(when: float, mebibytes: int, metrics: Metrics | None = QUIET) -> Sample:
    return Sample(when, mebibytes * MEBIBYTE, mebibytes * MEBIBYTE, 3, metrics)


def health(seconds: float, failures: tuple[Failure, ...] = ()) -> HealthResult:
    probed = [Probed(kept, BEGAN + 1, seconds) for kept in (True, False)]
    return HealthResult.of(Health(probed=probed, failures=list(failures)), BEGAN)


GOOD = Results(
    date="2026-11-21",
    machine=this_machine(),
    version="1",
    plan=Plan(
        seconds=100,
        idle_seconds=60,
        budget=256 * MEBIBYTE,
        pool_idle=10,
        workers=2,
        connections=64,
        idle=100,
        crowd=400,
        seed=1,
        constant=64 * MEBIBYTE,
        health_bound=0.1,
    ),
    began=BEGAN,
    ended=ENDED,
    processors=processor_times(()),
    idle_rss=100 * MEBIBYTE,
    kinds={
        "photo": KindResult({"200": 7, "503 queue_full": 1, FAILED: 1}, Latency.of([0.5]), 7),
    },
    failures=(Failure("photo", "reset without an answer", 5001, KILL.sent + 0.1),),
    health=health(0.1),
    samples=(
        sample(BEGAN + 1, 484, replace(QUIET, budget_used=256 * MEBIBYTE)),
        sample(ENDED + 30, 132),
        sample(ENDED + 60, 300),
    ),
    events=(SIGHUP, KILL),
    crashed=0,
    workers_left=2,
    exit_code=0,
)


def broken(results: Results) -> list[str]:
    return [one.what for one in promises(results) if not one.kept]


def at_the_end(**metrics: int | None) -> Results:
    return replace(
        GOOD, samples=(*GOOD.samples, sample(ENDED + 61, 100, replace(QUIET, **metrics)))
    )


def failing(failure: Failure) -> Results:
    return replace(GOOD, failures=(*GOOD.failures, failure))


def test_at_the_bounds_every_promise_is_kept() -> None:
    assert broken(GOOD) == []


PEAK, AFTER, RESERVED = (one.what for one in promises(GOOD)[:3])
HEALTH, RED, ANSWERS, LOST, RIGHT = (one.what for one in promises(GOOD)[3:8])
CRASHED, BACK, LEFT, COUNTERS, FAULTS, CODE = (one.what for one in promises(GOOD)[8:])


@pytest.mark.parametrize(
    ("results", "what"),
    [
        (replace(GOOD, samples=(sample(BEGAN, 485), *GOOD.samples)), PEAK),
        (replace(GOOD, samples=(sample(ENDED + 30, 133), *GOOD.samples)), AFTER),
        (replace(GOOD, samples=(sample(ENDED, 133),) * 2 + (sample(ENDED + 9, 133),)), AFTER),
        (replace(GOOD, samples=(sample(ENDED + 60, 1, None),)), RESERVED),
        (
            replace(
                GOOD,
                samples=(
                    sample(BEGAN, 1, replace(QUIET, budget_used=256 * MEBIBYTE + 1)),
                    *GOOD.samples,
                ),
            ),
            RESERVED,
        ),
        (replace(GOOD, samples=GOOD.samples[1:]), RESERVED),  # never more than nothing
        (replace(GOOD, health=health(0.11)), HEALTH),
        (replace(GOOD, health=HealthResult.of(Health(), BEGAN)), HEALTH),
        (replace(GOOD, health=replace(GOOD.health, draining=[SIGHUP.sent - 1])), RED),
        (replace(GOOD, health=replace(GOOD.health, draining=[KILL.sent + 0.5])), RED),
        (failing(Failure("photo", "200 with wrong bytes", 5003, KILL.sent + 1)), ANSWERS),
        (failing(Failure("photo", "closed within an answer", 5001, KILL.sent - 1)), ANSWERS),
        (
            replace(GOOD, health=health(0.1, (Failure("new", "no answer in time", 9, BEGAN),))),
            ANSWERS,
        ),
        (replace(GOOD, failures=(*GOOD.failures,) * 3), LOST),
        (replace(GOOD, kinds={}), RIGHT),
        (replace(GOOD, crashed=1), CRASHED),
        (replace(GOOD, events=(replace(SIGHUP, done=None), KILL)), BACK),
        (replace(GOOD, workers_left=1), LEFT),
        (at_the_end(budget_used=1), COUNTERS),
        (at_the_end(pool_used=1), COUNTERS),
        (at_the_end(pool_idle=1), COUNTERS),
        (at_the_end(queue=1), COUNTERS),
        (at_the_end(in_progress=2), COUNTERS),
        (at_the_end(connections=2), COUNTERS),
        (at_the_end(queue=None), COUNTERS),
        (at_the_end(faults=1), FAULTS),
        (at_the_end(faults=None), FAULTS),
        (replace(GOOD, exit_code=1), CODE),
        (replace(GOOD, exit_code=None), CODE),
    ],
)
def test_what_is_broken_is_named(results: Results, what: str) -> None:
    assert what in broken(results)


def test_report_tells_the_failures_and_the_constant_needed() -> None:
    failure = Failure("photo", "200 with wrong bytes", 5003, KILL.sent + 1)
    text = report(replace(failing(failure), health=health(0.25)))
    assert "photo: 200 with wrong bytes" in text
    assert "reset without an answer" not in text  # excused
    assert "2 connections were open, 1 requests were lost" in text
    assert "7 × 200, 1 × 503 queue_full, 1 × lost with a worker" in text
    assert GOOD.constant_needed == 64 * MEBIBYTE
    assert text.count("FAIL") == 2


KEEPING = replace(QUIET, pool_idle=1)


async def test_idle_size_is_taken_when_the_pools_are_empty() -> None:
    seconds = iter([sample(1, 184, KEEPING), sample(2, 150, None), sample(3, 124), sample(4, 123)])

    async def look() -> Sample:
        return next(seconds)

    assert await idle_size(look, looks=3) == 124 * MEBIBYTE


async def test_pools_that_are_never_empty_are_told() -> None:
    async def look() -> Sample:
        return sample(1, 184, KEEPING)

    with pytest.raises(RuntimeError, match="keep"):
        await idle_size(look, looks=3)


def test_percentiles_are_nearest_ranks() -> None:
    assert Latency.of([]) is None
    assert Latency.of([3.0]) == Latency(1, 3.0, 3.0, 3.0)
    hundred = Latency.of([float(value) for value in range(100, 0, -1)])
    assert hundred == Latency(100, 50.0, 99.0, 100.0)
    assert Latency.of([1.0, 2.0, 3.0]) == Latency(3, 2.0, 3.0, 3.0)


def test_metrics_are_summed_over_labels_and_absent_ones_are_none() -> None:
    text = """\
# TYPE pixelferry_requests counter
pixelferry_requests_total{route="/convert",method="POST",status="500"} 2.0
pixelferry_requests_total{route="/rotate",method="POST",status="500"} 1.0
pixelferry_requests_total{route="/rotate",method="POST",status="200"} 9.0
# TYPE pixelferry_pool_bytes gauge
pixelferry_pool_bytes{state="idle"} 4096.0
pixelferry_pool_bytes{state="used"} 8192.0
# TYPE pixelferry_queue_length gauge
pixelferry_queue_length{lane="small"} 1.0
pixelferry_queue_length{lane="large"} 2.0
"""
    metrics = parse_metrics(text)
    assert (metrics.faults, metrics.queue) == (3, 3)
    assert (metrics.pool_idle, metrics.pool_used) == (4096, 8192)
    assert metrics.budget_used is metrics.connections is None


HOLDS = 64 * MEBIBYTE


@contextmanager
def holding_process() -> Iterator[int]:
    """A process whose child holds HOLDS bytes."""
    child = f"data = b'x' * {HOLDS}; print(flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate(b"\n")


def test_memory_of_a_tree_holds_that_of_the_children() -> None:
    with holding_process() as parent:
        (child,) = children(parent)
        assert tree(parent) == {parent, child}
        assert parent in children(os.getpid())
        assert HOLDS < resident_bytes([child]) < 2 * HOLDS
        assert resident_bytes(tree(parent)) > resident_bytes([child])
    assert tree(parent) == {parent}
    assert resident_bytes([parent, child]) == 0


def test_connections_of_a_process_are_known_by_the_other_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        address = listener.getsockname()
        for _ in range(3):
            client = stack.enter_context(socket.create_connection(address))
            before = client_ports(os.getpid())
            stack.enter_context(listener.accept()[0])
            assert client_ports(os.getpid()) - before == {client.getsockname()[1]}


async def test_work_apart_returns_whatever_its_size() -> None:
    text = "x" * MEBIBYTE
    apart = Apart(echo, text)
    apart.stop()
    assert await apart.result() == text


async def test_work_apart_that_fails_is_noticed() -> None:
    with pytest.raises(RuntimeError):
        await Apart(fail, "").result()


PROBLEM = {"content-type": "application/problem+json"}


def problem(status: int, code: str, **headers: str) -> Answer:
    document = json.dumps({"code": code}).encode()
    return Answer(status, {**PROBLEM, **headers}, document, as_expected=False)


def asked(*codes: str, body: bytes | None = None) -> Request:
    return Request("test", (b"",), body, frozenset(codes))


BUSY = {"retry-after": "2"}


@pytest.mark.parametrize(
    ("request_", "answer", "right"),
    [
        (asked(body=b"x"), Answer(200, {}, b"", as_expected=True), True),
        (asked(body=b"x"), Answer(200, {}, b"y", as_expected=False), False),
        (asked("bad_crc"), Answer(200, {}, b"", as_expected=True), False),
        (asked("bad_crc"), problem(422, "bad_crc"), True),
        (asked("bad_crc"), problem(422, "truncated"), False),
        (asked("bad_crc"), problem(400, "bad_crc"), False),
        (asked("bad_crc"), Answer(422, {}, b'{"code": "bad_crc"}', as_expected=False), False),
        (asked(body=b"x"), problem(503, "too_many_connections", **BUSY), True),
        (asked(body=b"x"), problem(503, "too_many_connections"), False),
        (asked(body=b"x"), problem(503, "invented_here", **BUSY), False),
        (asked(body=b"x"), problem(500, "internal_error"), False),
    ],
)
def test_answers_are_judged(request_: Request, answer: Answer, right: bool) -> None:
    judgement = judge(request_, answer)
    assert (not judgement.fault) is right
    assert judgement.wait == (2.0 if answer.status == 503 and right else 0.0)


@pytest.mark.parametrize(
    ("sent", "as_expected"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nABC"], True),
        (
            [
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-",
                b"Length: 3\r\n\r\nA",
                b"BC",
            ],
            True,
        ),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nA", b"BD"], False),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nAB"], False),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nABCD"], False),
        ([b"HTTP/1.1 200 OK\r\n\r\n"], False),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nAB"], None),
        ([b""], None),
    ],
)
async def test_client_compares_every_byte(sent: list[bytes], as_expected: bool | None) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        for piece in sent:
            writer.write(piece)
            await asyncio.sleep(0)
        writer.close()

    async with await asyncio.start_server(reply, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = await connect(port, memoryview(bytearray(BUFFER)))
        if as_expected is None:
            with pytest.raises(LostError):
                await connection.ask(b"?", body=b"ABC")
        else:
            answer = await connection.ask(b"?", body=b"ABC")
            assert answer.as_expected is as_expected
        connection.close()
        with pytest.raises(LostError):
            await connection.ask(b"?")  # closed at once, not when the loop says so


async def test_every_bad_request_has_its_documented_answer(tmp_path: Path) -> None:
    random, max_body, budget = Random(1), 4 * MEBIBYTE, 128 * MEBIBYTE
    bad = BadRequests(Picture("photo", PHOTO.read_bytes(), b""), max_body=max_body, share=budget)
    settings = {"PIXELFERRY_MAX_BODY": str(max_body), "PIXELFERRY_MEMORY_BUDGET": str(budget)}
    with (tmp_path / "log").open("wb") as log:
        async with serving(settings, 1, log) as service:
            load = Load(service.port, asyncio.Event())
            for request in bad.one_of_each(random):
                connection = await load.connect(request.kind)
                assert connection is not None
                await ask(load, connection, request)
                connection.close()
            assert await service.stop() == 0
    assert load.tally.failures == []


def test_pictures_are_converted_by_the_command() -> None:
    assert converted("one", small_png()).bmp[:2] == b"BM"
    with pytest.raises(ValueError, match="broken"):
        converted("broken", b"no PNG")


ROLLED = Rolled(Counter({"200": 9}), Counter(), 1.0, [0.5, 0.5], exit_code=0)


@pytest.mark.parametrize(
    ("rolled", "kept"),
    [
        (ROLLED, True),
        (replace(ROLLED, outcomes=Counter({"200": 8})), False),
        (replace(ROLLED, outcomes=Counter({"200": 9, FAILED: 1})), False),
        (replace(ROLLED, outcomes=Counter({"200": 9, "503 queue_full": 1})), False),
        (replace(ROLLED, replacements=[0.5]), False),
        (replace(ROLLED, exit_code=1), False),
    ],
)
def test_a_rolling_replacement_is_judged(rolled: Rolled, kept: bool) -> None:
    plan = rolling.Plan(posts=9, replacements=2, workers=2, seed=1)
    assert all(one.kept for one in rolling.promises(plan, rolled)) is kept


@pytest.mark.parametrize(
    ("sizes", "failures", "kept"),
    [
        ([100, 100, 100, 100, 100, 100, 100, 100], 0, True),
        ([50, 90, 100, 101, 100, 101, 100, 101], 0, True),  # the first two do not count
        ([100, 100, 100, 101, 102, 103, 104, 105], 0, False),
        ([100, 100, 100, 100, 100, 100, 100, 100], 1, False),
    ],
)
def test_memory_at_rest_is_judged(sizes: list[int], failures: int, kept: bool) -> None:
    tally = Tally(failures=[Failure("icon", "wrong", 1, 0.0)] * failures)
    rounds = [slope.Round(tally, size * MEBIBYTE) for size in sizes]
    assert all(one.kept for one in slope.promises(2, rounds)) is kept


def run_module(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "bench:tests"},
        check=False,
        capture_output=True,
        text=True,
    )


def test_no_post_fails_in_a_short_rolling_replacement(tmp_path: Path) -> None:
    few = ("--posts", 200, "--replacements", 1)
    done = run_module("soak.rolling", *few, "--out", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = tmp_path.glob("*-rolling.md")
    assert file.read_text().count("PASS") == 4


def test_a_short_soak_keeps_all_promises(tmp_path: Path) -> None:
    brief = ("--minutes", 0.1, "--rest", "4s", "--pool-idle", "1s")
    few = ("--connections", 4, "--idle", 5, "--crowd", 20, "--photo", PHOTO)
    done = run_module("soak", *brief, *few, "--health", "60s", "--out", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = tmp_path.glob("*-soak.json")
    results = json.loads(file.read_text())
    assert [event["signal"] for event in results["events"]] == ["kill -9", "SIGHUP"]
    for kind in ("photo", "icon", "middle", "rotate"):
        assert results["kinds"][kind]["outcomes"]["200"] > 0
    assert results["health"]["all"]["count"] > 0


def test_a_short_slope_is_drawn(tmp_path: Path) -> None:
    brief = ("--rounds", 2, "--seconds", 1, "--rest", 0.1)
    done = run_module("soak.slope", *brief, "--out", tmp_path)
    assert done.returncode in {0, 1}, done.stderr  # what so short a run says of memory is chance
    (file,) = tmp_path.glob("*-slope.md")
    text = file.read_text()
    assert re.search(r"requests that failed \| +0 \| +0 \| +PASS", text)
    assert re.search(r"after each round: \d+\.\d, \d+\.\d\.$", text.strip())
