"""SIGHUP replaces the workers one by one, and no request is lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from served import Served, in_each_worker, served
from serving import until
from wire import connect, request

WORKERS = ("--workers", "2")


class Load:
    """Clients that keep their connections as long as they are let, and some that never do."""

    def __init__(self, port: int) -> None:
        self.answered = 0
        self._port = port
        self._stopping = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ask all the time; any request that fails fails the test."""
        async with asyncio.TaskGroup() as clients:
            for number in range(12):
                clients.create_task(self._keep_asking(keep_alive=number % 2 == 0))
            yield
            self._stopping = True

    async def _keep_asking(self, *, keep_alive: bool) -> None:
        while not self._stopping:
            async with connect(self._port) as wire:
                open_ = True
                while open_ and not self._stopping:
                    answer = await wire.ask(request("/rotate", b"ABC"))
                    assert answer.body == b"NOP"
                    self.answered += 1
                    open_ = keep_alive and answer.headers.get("connection") != "close"


async def replaced(service: Served, before: set[int]) -> None:
    """Wait until there are two workers, none of those before."""
    await until(lambda: len(service.workers()) == 2 and not service.workers() & before)


async def test_no_request_is_lost_under_load() -> None:
    async with served(*WORKERS) as service:
        load, first = Load(service.port), service.workers()
        async with load.running():
            await until(lambda: load.answered > 100)
            service.process.send_signal(signal.SIGHUP)
            await replaced(service, first)
            asked = load.answered
            await until(lambda: load.answered > asked + 100)


async def test_the_service_stays_ready_meanwhile() -> None:
    """A balancer that keeps its connection to the worker before must not be told to go."""
    async with served() as service, connect(service.port) as wire:
        assert (await wire.ask(request("/readyz", method="GET"))).status == 200
        service.process.send_signal(signal.SIGHUP)
        await until(lambda: len(service.ready(0)) == 2)
        closing = False
        while not closing:
            answer = await wire.ask(request("/readyz", method="GET"))
            assert answer.status == 200
            closing = answer.headers.get("connection") == "close"


async def test_a_second_hangup_meanwhile_replaces_all_again() -> None:
    async with served(*WORKERS) as service:
        service.process.send_signal(signal.SIGHUP)
        await until(lambda: len(service.workers()) == 3)
        service.process.send_signal(signal.SIGHUP)
        await until(lambda: all(len(set(service.ready(slot))) == 3 for slot in range(2)))
        newest = {service.ready(slot)[-1] for slot in range(2)}
        await until(lambda: service.workers() == newest)


async def test_a_second_replacement_waits_until_the_first_worker_has_gone() -> None:
    async with served() as service:
        async with connect(service.port) as wire:
            await wire.send(request("/rotate", length=3) + b"AB")
            await until(lambda: service.worker_of(wire))
            service.process.send_signal(signal.SIGHUP)
            await until(lambda: len(service.ready(0)) == 2)
            service.process.send_signal(signal.SIGHUP)
            for _ in range(100):  # some work for all, so that time goes by
                async with connect(service.port) as other:
                    assert (await other.ask(request("/rotate", b"ABC"))).body == b"NOP"
            assert len(service.workers()) == 2
            await wire.send(b"C")
            assert (await wire.answer()).body == b"NOP"
        await until(lambda: len(service.ready(0)) == 3)


async def test_a_successor_that_does_not_start_leaves_all_as_it_is(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    env = in_each_worker(tmp_path, f"if os.path.exists({str(broken)!r}): os._exit(3)")
    async with served(*WORKERS, env=env) as service:
        broken.touch()
        before = service.workers()
        service.process.send_signal(signal.SIGHUP)
        await until(lambda: "worker 0 is not replaced" in service.log)
        assert "(ended with 3)" in service.log
        assert service.workers() == before
        async with connect(service.port) as wire:
            answer = await wire.ask(request("/rotate", b"ABC"))
            assert (answer.body, answer.headers.get("connection")) == (b"NOP", None)
        broken.unlink()
        service.process.send_signal(signal.SIGHUP)
        await replaced(service, before)


async def test_stopping_wins_and_loses_nothing() -> None:
    async with served(*WORKERS) as service:
        async with connect(service.port) as wire:
            await wire.send(request("/rotate", length=3) + b"AB")
            await until(lambda: service.worker_of(wire))
            service.process.send_signal(signal.SIGHUP)
            await until(lambda: len(service.workers()) == 3)
            service.process.send_signal(signal.SIGTERM)
            assert "draining" in await service.said()
            await wire.send(b"C")
            assert (await wire.answer()).body == b"NOP"
        assert await service.exit_code() == 0
        assert len(service.ready(0)) + len(service.ready(1)) <= 3


async def test_a_worker_that_is_told_to_end_is_replaced_first() -> None:
    async with served() as service:
        load, (told,) = Load(service.port), service.workers()
        async with load.running():
            await until(lambda: load.answered > 100)
            os.kill(told, signal.SIGTERM)
            await until(
                lambda: len(service.workers() - {told}) == 1 and told not in service.workers()
            )
            asked = load.answered
            await until(lambda: load.answered > asked + 100)
        assert "died" not in service.log
