"""Several workers share a port, and the death of one costs nobody but its own clients."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from command_line import run
from pixelferry.slot import MOST_DEATHS
from served import Served, in_each_worker, served
from serving import until
from wire import Wire, connect, request


async def rotates(wire: Wire) -> None:
    assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"


@asynccontextmanager
async def one_at_each(service: Served) -> AsyncIterator[dict[int, Wire]]:
    """A connection that is served at each worker."""
    async with AsyncExitStack() as opened:
        found: dict[int, Wire] = {}
        while found.keys() != service.workers():
            wire = await opened.enter_async_context(connect(service.port))
            await rotates(wire)
            worker = service.worker_of(wire)
            assert worker is not None
            found[worker] = wire
        yield found


async def test_every_worker_answers_at_the_same_port() -> None:
    async with served("--workers", "3") as service, one_at_each(service) as wires:
        assert len(wires) == 3
        for wire in wires.values():
            await rotates(wire)


async def test_a_killed_worker_costs_only_its_own_clients() -> None:
    async with served("--workers", "2") as service, one_at_each(service) as wires:
        (killed, its_client), (spared, other_client) = wires.items()
        os.kill(killed, signal.SIGKILL)
        assert await its_client.closed() == b""
        await rotates(other_client)
        await until(lambda: len(service.workers()) == 2)
        assert spared in service.workers()
        await until(lambda: f"died: process {killed} (ended by signal 9)" in service.log)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_who_connects_while_a_worker_is_restarted_is_served(workers: str) -> None:
    async with served("--workers", workers) as service, AsyncExitStack() as opened:
        for killed in service.workers():
            os.kill(killed, signal.SIGKILL)
        wires = [await opened.enter_async_context(connect(service.port)) for _ in range(32)]
        await asyncio.gather(*map(rotates, wires))


@pytest.mark.parametrize("is_told_too", [False, True])
async def test_a_worker_that_keeps_dying_ends_the_service_and_others_drain(
    is_told_too: bool,
) -> None:
    async with served("--workers", "2") as service, one_at_each(service) as wires:
        spared, wire = wires.popitem()
        await wire.send(request("/rotate", length=3) + b"AB")
        known = {spared}
        for _ in range(MOST_DEATHS):
            await until(lambda: service.workers() - known)
            (unlucky,) = service.workers() - known
            os.kill(unlucky, signal.SIGKILL)
            known.add(unlucky)
        await until(lambda: f"died {MOST_DEATHS} times in" in service.log)
        if is_told_too:
            service.process.send_signal(signal.SIGTERM)
            assert "draining" in await service.said()
        await wire.send(b"C")
        assert (await wire.answer()).body == b"NOP"
        assert await service.exit_code() == 1


def test_a_worker_that_cannot_start_ends_the_service(tmp_path: Path) -> None:
    done = run("serve", "--port", "0", env=in_each_worker(tmp_path, "os._exit(3)"))
    assert (done.returncode, done.stdout) == (1, b"")
    lines = done.stderr.decode().splitlines()
    assert len(lines) == MOST_DEATHS + 1
    assert all("(ended with 3)" in line for line in lines[:-1])
    assert re.search(r"died 5 times in [\d.]+ seconds; the service ends$", lines[-1])
