"""`pixelferry serve` as a process of its own, and what can be seen of its workers from outside."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from command_line import COMMAND, QUIET
from wire import PATIENCE, Wire


@dataclass
class Served:
    """A running service and what it said at its start."""

    process: asyncio.subprocess.Process
    greeting: str
    errors: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.greeting.splitlines()[0].rpartition(":")[2])

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        return self.errors.read_text()

    def workers(self) -> set[int]:
        """The processes that it has started and that have not ended."""
        return {pid for pid, parent in processes().items() if parent == self.process.pid}

    def worker_of(self, wire: Wire) -> int | None:
        """Which worker has accepted this TCP connection; None if none has yet."""
        port = wire.writer.get_extra_info("sockname")[1]
        ends = f"0100007F:{self.port:04X} 0100007F:{port:04X} "
        row = next(row for row in Path("/proc/net/tcp").read_text().splitlines() if ends in row)
        socket = f"socket:[{row.split()[9]}]"
        for worker in self.workers():
            if any(socket == str(fd.readlink()) for fd in Path(f"/proc/{worker}/fd").iterdir()):
                return worker
        return None

    def ready(self, slot: int) -> list[int]:
        """The processes that have been ready as worker `slot`, oldest first."""
        return list(map(int, re.findall(rf"worker {slot} is ready: process (\d+)", self.log)))

    async def said(self) -> str:
        """The next line on standard output."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            return (await self.process.stdout.readline()).decode()

    async def exit_code(self) -> int:
        """Wait until it has ended."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


def processes() -> dict[int, int]:
    """Every process that has not ended, and its parent."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(entry.name)] = int(parent)
    return found


@asynccontextmanager
async def served(
    *flags: str, env: Mapping[str, str] | None = None, command: Sequence[str] = COMMAND
) -> AsyncIterator[Served]:
    """Run the service until the block ends; it listens on a free port if no flag says otherwise.

    It leads a session, and thus a process group, of its own.
    """
    with NamedTemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *(*command, "serve", "--port", "0", *flags),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=QUIET | dict(env or {}),
            start_new_session=True,
        )
        service = Served(process, "", Path(errors.name))
        try:
            service.greeting = await service.said() + await service.said()
            yield service
        finally:
            if process.returncode is None:
                process.kill()  # the workers end by themselves
            await process.communicate()


def in_each_worker(folder: Path, code: str) -> dict[str, str]:
    """Have `code` run at the start of every worker process; returns the environment for that."""
    body = "".join(f"    {line}\n" for line in code.splitlines())
    hook = f'import os, sys\nif "pixelferry.worker_process" in sys.orig_argv:\n{body}'
    (folder / "sitecustomize.py").write_text(hook)
    return {"PYTHONPATH": str(folder)}
