"""A slot is never left without a worker, whatever happens at the same moment."""

import os
import signal

import pytest

from pixelferry.control import Assignment
from pixelferry.listeners import listen
from pixelferry.reaper import Reaper
from pixelferry.settings import Settings
from pixelferry.shared_counters import CounterBlock
from pixelferry.slot import Slot
from pixelferry.supervisor_telemetry import SupervisorTelemetry
from pixelferry.worker_handle import WorkerHandle


async def test_a_successor_that_dies_as_it_becomes_ready_replaces_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counters, reaper = CounterBlock.create(slots=1), Reaper()
    with listen("127.0.0.1", 0) as listener:
        assignment = Assignment(
            settings=Settings(grace=0),
            slot=0,
            listener=listener.fileno(),
            counters=counters.fd,
            place=0,
        )
        slot = Slot(assignment, reaper, SupervisorTelemetry(counters), lambda: None)
        await slot.served.wait()

        def die(successor: WorkerHandle) -> None:
            os.kill(successor.pid, signal.SIGKILL)
            os.waitid(os.P_PID, successor.pid, os.WEXITED | os.WNOWAIT)
            reaper._reap()  # both are seen before the event loop goes on

        monkeypatch.setattr(slot, "worker_ready", die)
        assert not await slot.replace()
        slot.stop()
        await slot.wait_empty()
