"""Waits for every child that ends, also for those that are not our own."""

import asyncio
import os
import signal
from collections.abc import Callable


class Reaper:
    """Leaves no zombies. As process 1 of a container it inherits those of others.

    Belongs to the event loop that runs, and to its SIGCHLD.
    """

    def __init__(self) -> None:
        self._ended: dict[int, Callable[[int], None]] = {}
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def watch(self, pid: int, ended: Callable[[int], None]) -> None:
        """Call `ended` with the exit code, negative for a signal, when the child `pid` has ended.

        To be called before the event loop goes on after `pid` was started.
        """
        self._ended[pid] = ended

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if ended := self._ended.pop(pid, None):
                ended(os.waitstatus_to_exitcode(status))
