"""No worker can hold its supervisor up: what takes too long is killed."""

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from pixelferry import worker_handle
from pixelferry.control import Assignment
from pixelferry.listeners import listen
from pixelferry.reaper import Reaper
from pixelferry.settings import Settings
from pixelferry.shared_counters import CounterBlock
from pixelferry.supervisor_telemetry import SupervisorTelemetry
from pixelferry.worker_handle import WorkerHandle, patience_at_start
from served import in_each_worker
from serving import until

KILLED = "(ended by signal 9)"


class Owner:
    """Wants to know nothing."""

    def worker_ready(self, worker: WorkerHandle) -> None: ...

    def worker_asked_to_end(self, worker: WorkerHandle) -> None: ...

    def worker_ended(self, worker: WorkerHandle) -> None: ...


def start() -> WorkerHandle:
    counters = CounterBlock.create(slots=1)
    with listen("127.0.0.1", 0) as listener:
        settings = Settings(grace=0, pool_idle=0)  # which makes the heart beat fast
        assignment = Assignment(
            settings=settings,
            slot=0,
            listener=listener.fileno(),
            file=None,
            counters=counters.fd,
            place=0,
        )
        telemetry = SupervisorTelemetry(counters)
        return WorkerHandle(assignment, Reaper(), Owner(), partial(telemetry.heartbeat, 0))


async def test_one_that_does_not_become_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in in_each_worker(tmp_path, "import time; time.sleep(60)").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(worker_handle, "PATIENCE_AT_START", 0.1)
    worker = start()
    await until(worker.settled.is_set)
    assert (worker.ready, worker.ended.is_set()) == (False, True)
    assert KILLED in str(worker)
    assert f"process {worker.pid} is not ready; it is killed" in caplog.text


@pytest.mark.parametrize("end", [WorkerHandle.leave, WorkerHandle.stop])
async def test_one_that_does_not_end(
    end: Callable[[WorkerHandle], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(worker_handle, "PATIENCE_AT_END", 0.1)
    worker = start()
    await until(lambda: worker.ready)
    os.kill(worker.pid, signal.SIGSTOP)
    end(worker)
    await until(worker.ended.is_set)
    assert KILLED in str(worker)
    assert f"process {worker.pid} does not end; it is killed" in caplog.text


@pytest.mark.parametrize(("workers", "times"), [(1, 1), (2, 1), (3, 2), (72, 36)])
def test_those_that_share_a_cpu_are_given_longer(
    workers: int, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_handle, "available_cpus", lambda: 2)
    assert patience_at_start(workers) == times * worker_handle.PATIENCE_AT_START


async def test_one_that_becomes_ready_only_then_and_does_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    code = """
import socket, time
supervisor = socket.socket(fileno=int(sys.orig_argv[-1]))
supervisor.recv(1 << 16)
supervisor.sendall(b'{"report": "ready"}\\n')
time.sleep(60)
"""
    for name, value in in_each_worker(tmp_path, code).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(worker_handle, "PATIENCE_AT_END", 2.0)
    worker = start()
    worker.leave()
    await until(worker.settled.is_set)
    await until(worker.ended.is_set)
    assert KILLED in str(worker)
    assert f"process {worker.pid} does not end; it is killed" in caplog.text


async def test_one_whose_event_loop_hangs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker_handle, "HEART_LOOK", 0.05)
    monkeypatch.setattr(worker_handle, "MOST_MISSED", 30)
    worker = start()
    await until(lambda: worker.ready)
    os.kill(worker.pid, signal.SIGSTOP)
    await until(worker.ended.is_set)
    assert KILLED in str(worker)
    assert f"process {worker.pid} has hung; it is killed" in caplog.text


async def test_one_that_works_is_not_taken_for_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_handle, "HEART_LOOK", 0.05)
    monkeypatch.setattr(worker_handle, "MOST_MISSED", 30)
    looks = 0

    def counted(look: Callable[[WorkerHandle], None], worker: WorkerHandle) -> None:
        nonlocal looks
        looks += 1
        look(worker)

    look = WorkerHandle._look_at_heart
    monkeypatch.setattr(WorkerHandle, "_look_at_heart", lambda one: counted(look, one))
    worker = start()
    await until(lambda: looks > 35)
    assert worker.exit_code is None
    worker.stop()
    await until(worker.ended.is_set)
    assert "(ended with 0)" in str(worker)


async def test_one_that_obeys_is_not_killed() -> None:
    worker = start()
    await until(lambda: worker.ready)
    worker.leave()
    await until(worker.ended.is_set)
    assert "(ended with 0)" in str(worker)
