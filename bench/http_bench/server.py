"""A contender's processes: started on its cores, asked once, and gone after their turn."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from soak.process_tree import children, tree
from soak.service import LOOK, QUIET, START, STOP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convert_bench.pictures import Picture
    from http_bench.contender import Contender


@dataclass(frozen=True)
class Server:
    """A running contender."""

    port: int
    root: int  # the process that was started

    @property
    def tree(self) -> frozenset[int]:
        """All its processes."""
        return tree(self.root)

    @property
    def workers(self) -> frozenset[int]:
        """The processes that do the work: those that it has started, or it alone."""
        return children(self.root) or frozenset({self.root})


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@contextmanager
def serving(
    contender: Contender, picture: Picture, cpus: Sequence[int], log: IO[bytes]
) -> Iterator[Server]:
    """Run a contender on `cpus` until the block ends. Raises RuntimeError if it does not start."""
    port = free_port()
    pinned = ["taskset", "--cpu-list", ",".join(map(str, cpus))]
    process = subprocess.Popen(
        [*pinned, *contender.command(port, picture)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env={**QUIET, **contender.settings},
    )
    try:
        _wait_until_it_listens(process, port, contender.name)
        yield Server(port, process.pid)
    finally:
        _end(process)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(port: int, png: bytes) -> Answer:
    """Have one picture converted. Raises OSError, http.client.HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START)
    try:
        connection.request("POST", "/convert", png, {"Content-Type": "image/png"})
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def until_ready(server: Server, workers: int, png: bytes) -> None:
    """Wait until all workers are there and one has converted. Raises RuntimeError."""
    end = time.monotonic() + START
    while len(server.workers) < workers:
        if time.monotonic() > end:
            raise RuntimeError("not all workers are there")
        time.sleep(LOOK)
    try:
        status = post(server.port, png).status
    except (OSError, http.client.HTTPException) as error:
        raise RuntimeError(str(error)) from error
    if status != 200:
        raise RuntimeError(f"answers {status}")


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, name: str) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.returncode}")
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=START).close()
            return
        time.sleep(LOOK)
    raise RuntimeError(f"{name} does not start")


def _end(process: subprocess.Popen[bytes]) -> None:
    left = tree(process.pid) if process.poll() is None else frozenset()
    process.terminate()
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        for pid in left & tree(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
