"""Work in a process of its own, so that neither its memory nor its turns are those of others."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

import uvloop

P = TypeVar("P")
R = TypeVar("R")

Work = Callable[[P, asyncio.Event], Awaitable[R]]


class Apart(Generic[P, R]):
    """Runs `work(plan, over)`, a function of a module, on uvloop; `over` is set by `stop`.

    The plan and what is returned are pickled. The process does not outlive the one that made it.
    """

    def __init__(self, work: Work[P, R], plan: P) -> None:
        """Start."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(work, plan, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def stop(self) -> None:
        """Set `over`."""
        self._pipe.send(None)

    async def result(self) -> R:
        """Wait until the work is done. Raises RuntimeError if it failed; it has said why."""
        try:
            result: R = await asyncio.to_thread(self._pipe.recv)
        except (EOFError, ConnectionError):
            raise RuntimeError("the process that makes the load failed") from None
        await asyncio.to_thread(self._process.join)
        return result

    def kill(self) -> None:
        """End at once, if it has not ended."""
        self._process.kill()


def _run(work: Work[P, R], plan: P, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started us tells when it is over
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    result = uvloop.run(_until_told(work, plan, pipe))
    os.set_blocking(pipe.fileno(), True)  # the loop has changed that
    pipe.send(result)


async def _until_told(work: Work[P, R], plan: P, pipe: Connection) -> R:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(pipe.fileno(), over.set)
    try:
        return await work(plan, over)
    finally:
        loop.remove_reader(pipe.fileno())
