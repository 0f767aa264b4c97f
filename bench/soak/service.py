"""The service under test: `pixelferry serve` in processes of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from soak.process_tree import children, client_ports, is_stopped, tree

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Mapping

START, STOP = 30.0, 60.0  # seconds: more than anything takes that works
LOOK = 0.05  # seconds between two looks at something that is awaited
QUIET = {  # an environment without settings
    name: text
    for name, text in os.environ.items()
    if name not in {"PORT", "WEB_CONCURRENCY"} and not name.startswith("PIXELFERRY_")
}


@dataclass(frozen=True)
class Service:
    """A supervisor and its workers. Only processes that it has started are ever signalled."""

    port: int
    workers_wanted: int
    _process: Process

    @property
    def workers(self) -> frozenset[int]:
        """The workers of now, by process id; predecessors that are about to end, too."""
        return children(self._process.pid)

    @property
    def tree(self) -> frozenset[int]:
        """All processes."""
        return tree(self._process.pid)

    def replace_workers(self) -> None:
        """Ask for new workers instead of those of now (SIGHUP)."""
        self._process.send_signal(signal.SIGHUP)

    async def replaced(self, old: frozenset[int]) -> None:
        """Return when all workers are there and none of `old`. Raises TimeoutError."""
        async with asyncio.timeout(START + STOP):
            while not self._there_without(old):  # noqa: ASYNC110 - the kernel tells nobody
                await asyncio.sleep(LOOK)

    def _there_without(self, old: frozenset[int]) -> bool:
        now = self.workers
        return not now & old and len(now) >= self.workers_wanted

    async def kill(self, worker: int) -> frozenset[int]:
        """Kill a worker (SIGKILL); return the clients' ports of the connections that it held.

        It is stopped before, so that it accepts none that is not in the list.
        """
        if worker not in self.workers:
            raise ValueError(f"{worker} is no worker")
        os.kill(worker, signal.SIGSTOP)
        while not is_stopped(worker):  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0)
        held = client_ports(worker)
        os.kill(worker, signal.SIGKILL)
        return held

    async def stop(self) -> int:
        """Stop it (SIGTERM) and return its exit code. Raises TimeoutError."""
        self._process.terminate()
        async with asyncio.timeout(STOP):
            return await self._process.wait()


@asynccontextmanager
async def serving(
    settings: Mapping[str, str], workers: int, log: IO[bytes]
) -> AsyncIterator[Service]:
    """Start a service on a free port of loopback; it is gone after the block.

    Raises RuntimeError if it does not start; `log` then says why.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pixelferry", "serve", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
        env={**QUIET, **settings},
    )
    try:
        yield Service(await _port(process), workers, process)
    finally:
        if process.returncode is None:
            for pid in tree(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        await process.wait()


async def _port(process: Process) -> int:
    """Read it from the greeting."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START):
            greeting = (await process.stdout.readline()).decode()
    except TimeoutError:
        greeting = ""
    found = re.search(r"http://\S+:(\d+)", greeting)
    if found is None:
        raise RuntimeError("the service does not start")
    return int(found[1])
