"""However many connect: health is answered, the others are told to come back, and none is stuck."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from serving import Serve, until
from wire import Wire, connect, request

pytestmark = pytest.mark.usefixtures("way")


async def crowd(stack: AsyncExitStack, server: RunningServer, size: int) -> list[Wire]:
    """Open so many connections, one after the other."""
    wires = []
    for _ in range(size):
        wires.append(await stack.enter_async_context(connect(server.port)))
        await until(lambda: len(server.connections) == len(wires))
    return wires


async def test_up_to_the_limit_all_are_served(serve: Serve) -> None:
    server = await serve(max_connections=3)
    async with AsyncExitStack() as stack:
        for wire in await crowd(stack, server, 3):
            answer = await wire.ask(request("/rotate", b"ABC"))
            assert (answer.body, answer.headers.get("connection")) == (b"NOP", None)


@pytest.mark.parametrize("target", ["/livez", "/healthz", "/readyz"])
async def test_beyond_it_health_is_answered(serve: Serve, target: str) -> None:
    server = await serve(max_connections=3)
    async with AsyncExitStack() as stack:
        *_, surplus = await crowd(stack, server, 4)
        answer = await surplus.ask(request(target, method="GET"))
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await surplus.closed() == b""


async def test_beyond_it_all_else_is_refused(serve: Serve, photo_png: bytes) -> None:
    server = await serve(max_connections=3)
    async with AsyncExitStack() as stack:
        first, *_, surplus = await crowd(stack, server, 4)
        answer = await surplus.ask(request(body=photo_png))
        assert (answer.status, answer.code) == (503, "too_many_connections")
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["connection"] == "close"
        assert answer.problem["setting"] == "PIXELFERRY_MAX_CONNECTIONS"
        assert await surplus.closed() == b""
        assert (await first.ask(request(body=photo_png))).status == 200
    assert server.app[TELEMETRY].rejections["too_many_connections"] == 1


async def test_at_twice_the_limit_they_are_closed(serve: Serve) -> None:
    server = await serve(max_connections=2)
    async with AsyncExitStack() as stack:
        await crowd(stack, server, 4)
        async with connect(server.port) as wire:
            assert await wire.closed() == b""
    assert server.app[TELEMETRY].rejections["too_many_connections"] == 1


async def test_when_some_have_left_others_come_in(serve: Serve) -> None:
    server = await serve(max_connections=1)
    for _ in range(3):
        async with connect(server.port) as wire:
            assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"
        await until(lambda: not server.connections)


async def test_thousands_of_idle_connections_harm_nobody(serve: Serve, png: bytes) -> None:
    server = await serve(max_connections=2000)
    async with AsyncExitStack() as stack:
        idle = [stack.enter_async_context(connect(server.port)) for _ in range(1500)]
        await asyncio.gather(*idle)
        await until(lambda: len(server.connections) == len(idle))
        async with connect(server.port) as wire:
            assert (await wire.ask(request(body=png))).status == 200
