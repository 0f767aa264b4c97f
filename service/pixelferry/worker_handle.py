"""One worker process, as its supervisor sees it."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Final, Protocol

from pixelferry.control import BLOCKED_AT_START, Assignment, Channel, Message, Order, Report
from pixelferry.cpus import available_cpus
from pixelferry.reaper import Reaper
from pixelferry.settings import DECLARED, variable

PATIENCE_AT_START: Final = 30.0  # seconds until a worker must be ready that has a CPU for itself
PATIENCE_AT_END: Final = 5.0  # seconds beyond those that it was given
HEART_LOOK: Final = 1.0  # seconds between two looks at a worker's heart, which beats as often
MOST_MISSED: Final = 30  # looks in a row without a beat

# Read by glibc when a process starts. Its threshold for mapping a block grows with each large block
# that is freed, and then blocks stay in arenas: after a load the processes kept 133 MiB, with these
# 118, with jemalloc 125.
_ALLOCATOR: Final = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_ARENA_MAX": "2"}

# A worker is told its settings by the channel; these need not stand in its environment as well.
_SECRETS: Final = {variable(name) for name, setting in DECLARED.items() if setting.secret}

_log = logging.getLogger(__name__)


class Owner(Protocol):
    """Is told what becomes of a worker."""

    def worker_ready(self, worker: "WorkerHandle") -> None:
        """It answers."""

    def worker_asked_to_end(self, worker: "WorkerHandle") -> None:
        """Somebody sent it SIGTERM; it goes on."""

    def worker_ended(self, worker: "WorkerHandle") -> None:
        """Its process is gone."""


class WorkerHandle:
    """Starts a worker, and kills it if it takes too long for anything.

    Belongs to the event loop that runs.
    """

    def __init__(
        self,
        assignment: Assignment,
        reaper: Reaper,
        owner: Owner,
        heartbeat: Callable[[], float],
    ) -> None:
        """Start the process; `assignment` is only borrowed. Raises OSError if that fails.

        `heartbeat` returns when the worker last told that its event loop goes on.
        """
        self.place = assignment.place
        self.ready = False
        self.settled = asyncio.Event()  # is ready, or has ended before
        self.ended = asyncio.Event()
        self._grace = assignment.settings.grace
        self._is_to_end = False
        self._owner = owner
        self._heartbeat = heartbeat
        self._last_beat = 0.0
        self._missed = 0  # looks without a beat: a clock goes on while a container is paused
        self._loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _start(theirs.fileno(), assignment)
            except OSError:
                ours.close()
                raise
        self.pid = self._process.pid
        reaper.watch(self.pid, self._has_ended)
        self._channel = Channel(ours, self._received)
        self._channel.send(assignment.to_message())
        self._deadline = self._loop.call_later(
            patience_at_start(assignment.settings.workers), self._too_late, "is not ready"
        )
        self._heart_clock: asyncio.TimerHandle | None = None

    @property
    def exit_code(self) -> int | None:
        """Negative for a signal; None while it runs."""
        return self._process.returncode

    def drain(self) -> None:
        """Have it turn unready; it goes on accepting."""
        self._channel.send({"order": Order.DRAIN})

    def leave(self) -> None:
        """Have it accept nobody new, and end when all clients have left or GRACE is over."""
        self._order_end(Order.LEAVE, self._grace)

    def stop(self) -> None:
        """Have it end at once."""
        self._order_end(Order.STOP, 0)

    def _order_end(self, order: Order, seconds: float) -> None:
        if self.ended.is_set():
            return
        self._channel.send({"order": order})
        self._is_to_end = True
        self._deadline.cancel()
        patience = seconds + PATIENCE_AT_END
        self._deadline = self._loop.call_later(patience, self._too_late, "does not end")

    def _too_late(self, what: str) -> None:
        _log.error("process %d %s; it is killed", self.pid, what)
        os.kill(self.pid, signal.SIGKILL)

    def _look_at_heart(self) -> None:
        beat = self._heartbeat()
        self._missed = 0 if beat != self._last_beat else self._missed + 1
        self._last_beat = beat
        if self._missed == MOST_MISSED:
            self._too_late("has hung")
        else:
            self._heart_clock = self._loop.call_later(HEART_LOOK, self._look_at_heart)

    def _received(self, message: Message | None) -> None:
        if message is None:
            return  # it is about to end
        if message["report"] == Report.READY:
            if not self._is_to_end:
                self._deadline.cancel()
            self.ready = True
            self.settled.set()
            self._look_at_heart()
            self._owner.worker_ready(self)
        else:
            self._owner.worker_asked_to_end(self)

    def _has_ended(self, exit_code: int) -> None:
        self.ready = False
        self._process.returncode = exit_code  # else Popen would look for the process itself
        self._deadline.cancel()
        if self._heart_clock is not None:
            self._heart_clock.cancel()
        self._channel.close()
        self.ended.set()
        self.settled.set()
        self._owner.worker_ended(self)

    def __str__(self) -> str:
        """How messages name it."""
        code = self.exit_code
        if code is None:
            return f"process {self.pid}"
        how = f"ended with {code}" if code >= 0 else f"ended by signal {-code}"
        return f"process {self.pid} ({how})"


def patience_at_start(workers: int) -> float:
    """Return the seconds until a worker must be ready, when so many may start at the same time.

    64 that shared two CPUs took 23 seconds, 72 on one were not ready after 30.
    """
    return PATIENCE_AT_START * -(-workers // available_cpus())


def _environment() -> dict[str, str]:
    return {key: text for key, text in (_ALLOCATOR | os.environ).items() if key not in _SECRETS}


def _start(channel: int, assignment: Assignment) -> subprocess.Popen[bytes]:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED_AT_START)
    try:
        # -P: the folder that somebody happened to start us in is no place for modules.
        return subprocess.Popen(  # noqa: S603 - nothing comes from outside
            [sys.executable, "-P", "-m", "pixelferry.worker_process", str(channel)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(channel, *assignment.descriptors),
            env=_environment(),
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
