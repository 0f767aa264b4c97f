"""A slot is never left without a worker, whatever happens at the same moment."""

import asyncio
import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pixelferry import slot as slots
from pixelferry import worker_handle
from pixelferry.control import Assignment
from pixelferry.listeners import listen
from pixelferry.reaper import Reaper
from pixelferry.settings import Settings
from pixelferry.shared_counters import CounterBlock
from pixelferry.slot import Slot
from pixelferry.supervisor_telemetry import SupervisorTelemetry
from pixelferry.worker_handle import WorkerHandle
from served import in_each_worker
from serving import until


@pytest.fixture
def assignment(counters: CounterBlock) -> Iterator[Assignment]:
    """Of a worker of one slot, with a socket that listens."""
    with listen("127.0.0.1", 0) as listener:
        yield Assignment(
            settings=Settings(grace=0),
            slot=0,
            listener=listener.fileno(),
            file=None,
            counters=counters.fd,
            place=0,
        )


@pytest.fixture
def counters() -> CounterBlock:
    """For one slot."""
    return CounterBlock.create(slots=1)


def start(assignment: Assignment, counters: CounterBlock, failed: asyncio.Event) -> Slot:
    return Slot(assignment, Reaper(), SupervisorTelemetry(counters), failed.set)


async def test_a_successor_that_dies_as_it_becomes_ready_replaces_nobody(
    assignment: Assignment, counters: CounterBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = start(assignment, counters, asyncio.Event())
    await slot.served.wait()

    def die(successor: WorkerHandle) -> None:
        os.kill(successor.pid, signal.SIGKILL)
        os.waitid(os.P_PID, successor.pid, os.WEXITED | os.WNOWAIT)
        slot._reaper._reap()  # both are seen before the event loop goes on

    monkeypatch.setattr(slot, "worker_ready", die)
    assert not await slot.replace()
    slot.stop()
    await slot.wait_empty()


async def test_workers_that_hang_as_they_start_are_not_started_for_ever(
    assignment: Assignment,
    counters: CounterBlock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in in_each_worker(tmp_path, "import time; time.sleep(60)").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(worker_handle, "PATIENCE_AT_START", 0.1)
    monkeypatch.setattr(slots, "DEATHS_WITHIN", 0.2)  # five take longer
    failed = asyncio.Event()
    slot = start(assignment, counters, failed)
    await until(failed.is_set)
    await slot.wait_empty()
    assert caplog.text.count("is not ready; it is killed") == slots.MOST_DEATHS


def without_processes(monkeypatch: pytest.MonkeyPatch, tries: int) -> list[float]:
    """Let the first `tries` processes not be started; returns when each was tried."""
    tried: list[float] = []
    begin = worker_handle._start

    def refuse(channel: int, assignment: Assignment) -> object:
        tried.append(asyncio.get_running_loop().time())
        if len(tried) <= tries:
            raise BlockingIOError("Resource temporarily unavailable")
        return begin(channel, assignment)

    monkeypatch.setattr(worker_handle, "_start", refuse)
    return tried


async def test_a_process_that_cannot_be_started_is_tried_again_after_a_pause(
    assignment: Assignment, counters: CounterBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "PAUSE", 0.1)
    tried = without_processes(monkeypatch, tries=2)
    slot = start(assignment, counters, asyncio.Event())
    await slot.served.wait()
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert len(pauses) == 2
    assert min(pauses) >= 0.1
    slot.stop()
    await slot.wait_empty()


async def test_processes_that_can_never_be_started_end_the_service(
    assignment: Assignment, counters: CounterBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "PAUSE", 0.01)
    tried = without_processes(monkeypatch, tries=1000)
    failed = asyncio.Event()
    start(assignment, counters, failed)
    await until(failed.is_set)
    assert len(tried) == slots.MOST_TRIES


async def test_a_death_that_is_made_up_for_late_counts_once(
    assignment: Assignment, counters: CounterBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "PAUSE", 0.01)
    monkeypatch.setattr(slots, "MOST_DEATHS", 2)
    failed = asyncio.Event()
    slot = start(assignment, counters, failed)
    await slot.served.wait()
    slot.served.clear()
    tried = without_processes(monkeypatch, tries=slots.MOST_TRIES - 1)
    (worker,) = slot._workers
    os.kill(worker.pid, signal.SIGKILL)
    await slot.served.wait()
    assert len(tried) == slots.MOST_TRIES
    assert not failed.is_set()
    slot.stop()
    await slot.wait_empty()


async def test_a_slot_that_is_told_to_stop_meanwhile_starts_nothing(
    assignment: Assignment, counters: CounterBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "PAUSE", 0.01)
    tried = without_processes(monkeypatch, tries=1)
    slot = start(assignment, counters, asyncio.Event())
    slot.stop()
    passed = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, passed.set)  # behind the slot's own clock
    await passed.wait()
    assert len(tried) == 1
