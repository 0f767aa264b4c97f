"""Stopping loses nothing that was accepted: clients are told, and what runs may end."""

import asyncio

import pytest

from pixelferry.http.drain import DRAIN
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from pixelferry.shared_counters import State
from serving import Serve, busy_workers, until
from wire import connect, request

pytestmark = pytest.mark.usefixtures("way")


async def refused(server: RunningServer) -> bool:
    try:
        async with connect(server.port):
            return False
    except ConnectionRefusedError:
        return True


async def test_an_idle_server_stops_at_once(serve: Serve) -> None:
    server = await serve(grace=3600)
    await server.drain()
    assert await refused(server)


async def test_a_running_request_is_answered(serve: Serve, photo_png: bytes) -> None:
    server = await serve(grace=3600)
    async with connect(server.port) as wire:
        async with busy_workers(server) as waiting:
            await wire.send(request(body=photo_png))
            await waiting.wait()
            draining = asyncio.create_task(server.drain())
            await until(lambda: server.app[DRAIN].begun)
            await asyncio.sleep(0)
            assert await refused(server)
            assert not draining.done()
        answer = await wire.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await wire.closed() == b""
    await draining


async def test_an_idle_client_is_told_at_its_next_request(serve: Serve) -> None:
    server = await serve(grace=3600)
    async with connect(server.port) as wire:
        first = await wire.ask(request("/rotate", b"ABC"))
        assert "connection" not in first.headers
        draining = asyncio.create_task(server.drain())
        await until(lambda: server.app[DRAIN].begun)
        last = await wire.ask(request("/rotate", b"ABC"))
        assert (last.body, last.headers["connection"]) == (b"NOP", "close")
        assert await wire.closed() == b""
    await draining


async def test_others_see_that_it_is_not_ready(serve: Serve) -> None:
    server = await serve()
    server.turn_unready()
    (worker,) = server.app[TELEMETRY].place.block.workers()
    assert worker.state is State.DRAINING


@pytest.mark.parametrize(
    ("target", "method"), [("/livez", "GET"), ("/nope", "GET"), ("/convert", "POST"), ("/", "GET")]
)
async def test_every_answer_says_close(serve: Serve, target: str, method: str) -> None:
    server = await serve()
    server.app[DRAIN].begun = True
    async with connect(server.port) as wire:
        answer = await wire.ask(request(target, b"", method=method))
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""


async def test_new_connections_are_taken_during_the_delay(serve: Serve) -> None:
    server = await serve(drain_delay=3600)
    draining = asyncio.create_task(server.drain())
    await until(lambda: server.app[DRAIN].begun)
    async with connect(server.port) as wire:
        assert (await wire.ask(request("/readyz", method="GET"))).status == 503
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", b"ABC"))
        assert (answer.body, answer.headers["connection"]) == (b"NOP", "close")
    assert not draining.done()
    draining.cancel()


async def test_grace_is_the_end_of_patience(serve: Serve) -> None:
    server = await serve(grace=0.1)
    async with connect(server.port) as wire:
        await wire.send(request(length=10) + b"x")
        await until(lambda: server.app[TELEMETRY].requests_in_progress)
        await server.drain()
        await server.close()
        assert await wire.closed() == b""
    assert server.app[TELEMETRY].requests_in_progress == 0


async def test_no_request_is_lost_under_load(serve: Serve) -> None:
    """Clients that keep their connections as long as they are let, and come back while they can."""
    server = await serve(grace=3600, drain_delay=0.3)
    answered = 0

    async def keep_asking() -> None:
        nonlocal answered
        while True:
            try:
                async with connect(server.port) as wire:
                    close = False
                    while not close:
                        answer = await wire.ask(request("/rotate", b"ABC"))
                        assert answer.body == b"NOP"
                        answered += 1
                        close = answer.headers.get("connection") == "close"
            except ConnectionRefusedError:
                return  # as announced: not a request has been sent

    clients = [asyncio.create_task(keep_asking()) for _ in range(16)]
    await until(lambda: answered > 100)
    await server.drain()
    await asyncio.gather(*clients)
