"""One listening socket and the workers on it: the one that serves, and for a while the one before.

The socket stays open while workers come and go, so whoever connects meanwhile waits in its backlog.
"""

import asyncio
import dataclasses
import logging
import math
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from pixelferry.control import Assignment
from pixelferry.reaper import Reaper
from pixelferry.supervisor_telemetry import SupervisorTelemetry
from pixelferry.worker_handle import WorkerHandle

MOST_DEATHS: Final = 5
DEATHS_WITHIN: Final = 30.0  # seconds
PAUSE: Final = 5.0  # seconds until the next try when no process can be started
MOST_TRIES: Final = 7

_log = logging.getLogger(__name__)


class Slot:
    """Keeps a worker alive.

    Until there have been MOST_DEATHS in DEATHS_WITHIN, or as many without a worker that was ready,
    or no process can be started in MOST_TRIES.
    """

    def __init__(
        self,
        assignment: Assignment,
        reaper: Reaper,
        telemetry: SupervisorTelemetry,
        failed: Callable[[], None],
    ) -> None:
        """Start a worker; `failed` is called when there will be no more.

        `assignment` has the first of the slot's places; workers take turns with both.
        """
        self.served = asyncio.Event()  # a worker has been ready
        self._assignment = assignment
        self._reaper = reaper
        self._telemetry = telemetry
        self._failed = failed
        self._draining = False
        self._leaving = False
        self._deaths: deque[float] = deque(maxlen=MOST_DEATHS)  # times
        self._last_ready = -math.inf
        self._not_started = 0  # times in a row
        self._replacing = asyncio.Lock()
        self._relieving: set[asyncio.Task[None]] = set()
        self._workers: set[WorkerHandle] = set()  # all that have not ended
        self._current: WorkerHandle | None = None
        self._predecessor: WorkerHandle | None = None
        self._restart()

    async def replace(self) -> bool:
        """Start a successor on the same socket; when it is ready the worker of now leaves.

        Wait first until the one before has gone. Return False if the successor does not become
        ready, or ends at once: then the worker of now stays.
        """
        async with self._replacing:
            return await self._replace()

    def drain(self) -> None:
        """Turn unready; connections are still accepted."""
        self._draining = True
        for relieving in self._relieving:
            relieving.cancel()
        for worker in self._workers:
            worker.drain()

    def leave(self) -> None:
        """Let all workers end when their clients have left; none is started any more."""
        self._leaving = True
        for worker in self._workers:
            worker.leave()

    def stop(self) -> None:
        """Let all workers end at once; none is started any more."""
        self._leaving = True
        for worker in self._workers:
            worker.stop()

    async def wait_empty(self) -> None:
        """Return when no worker is left."""
        for worker in tuple(self._workers):
            await worker.ended.wait()

    def worker_ready(self, worker: WorkerHandle) -> None:
        """Serve."""
        self._last_ready = asyncio.get_running_loop().time()
        _log.info("worker %d is ready: %s", self._assignment.slot, worker)
        self.served.set()

    def worker_asked_to_end(self, worker: WorkerHandle) -> None:
        """Replace it, unless all are about to end anyway."""
        if not self._draining:
            relieving = asyncio.create_task(self._relieve(worker))
            self._relieving.add(relieving)
            relieving.add_done_callback(self._relieving.discard)

    def worker_ended(self, worker: WorkerHandle) -> None:
        """Start another if it was the one that serves."""
        self._workers.discard(worker)
        self._telemetry.worker_ended(worker.place)
        is_missed = worker is self._current and not self._leaving
        if is_missed or worker.exit_code != 0:
            _log.error("worker %d died: %s", self._assignment.slot, worker)
        if not is_missed:
            return
        self._telemetry.worker_restarted()
        self._current = None
        if not self._died_too_often():
            self._restart()

    def _restart(self) -> None:
        if self._current is not None or self._leaving:
            return
        self._current = self._start_worker()
        if self._current is not None:
            self._not_started = 0
            return
        self._not_started += 1
        if self._not_started < MOST_TRIES:
            asyncio.get_running_loop().call_later(PAUSE, self._restart)
        else:
            _log.error("worker %d cannot be started; the service ends", self._assignment.slot)
            self._failed()

    def _died_too_often(self) -> bool:
        """Count a death; if it was one too many, tell that there will be no more workers."""
        deaths = self._deaths
        deaths.append(asyncio.get_running_loop().time())
        seconds = deaths[-1] - deaths[0]
        if len(deaths) < MOST_DEATHS or (seconds > DEATHS_WITHIN and self._last_ready > deaths[0]):
            return False
        _log.error(
            "worker %d died %d times in %.1f seconds; the service ends",
            *(self._assignment.slot, MOST_DEATHS, seconds),
        )
        self._failed()
        return True

    def _start_worker(self) -> WorkerHandle | None:
        try:
            worker = self._start_process()
        except OSError as error:
            _log.error("worker %d cannot be started: %s", self._assignment.slot, error)
            return None
        self._workers.add(worker)
        if self._draining:
            worker.drain()
        return worker

    def _start_process(self) -> WorkerHandle:
        assignment = self._next_assignment()
        heartbeat = partial(self._telemetry.heartbeat, assignment.place)
        return WorkerHandle(assignment, self._reaper, self, heartbeat)

    def _next_assignment(self) -> Assignment:
        place = self._assignment.place
        if any(worker.place == place for worker in self._workers):
            place += 1
        return dataclasses.replace(self._assignment, place=place)

    async def _replace(self) -> bool:
        if self._predecessor is not None:
            await self._predecessor.ended.wait()
        successor = self._start_worker()
        if successor is None:
            return False
        await successor.settled.wait()
        if not successor.ready:
            _log.error(
                "worker %d is not replaced, its successor is not ready: %s",
                *(self._assignment.slot, successor),
            )
            return False
        self._predecessor, self._current = self._current, successor
        if self._predecessor is not None:
            self._predecessor.leave()
        return True

    async def _relieve(self, worker: WorkerHandle) -> None:
        async with self._replacing:
            if worker is self._current and not await self._replace():
                worker.leave()
