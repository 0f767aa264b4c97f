"""Who is refused while still sending sees the answer, and not a connection that breaks."""

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest

from pixelferry.http import connection, connections
from pixelferry.http.connection import MIN_DISCARDABLE
from pixelferry.server import RunningServer
from serving import Serve, until
from wire import Wire, connect, request

pytestmark = pytest.mark.usefixtures("way")

KIB, MIB = 1 << 10, 1 << 20


async def send_until_closed(wire: Wire, nbytes: int) -> None:
    """Send a body whatever happens, as clients do that do not listen meanwhile."""
    with suppress(ConnectionError):
        for _ in range(nbytes // MIB):
            await wire.send(bytes(MIB))


async def test_all_of_a_body_is_read_away_up_to_twice_what_is_accepted(serve: Serve) -> None:
    server = await serve(max_body=MIN_DISCARDABLE)
    body = bytes(2 * MIN_DISCARDABLE - MIB)
    async with connect(server.port) as wire:
        await wire.send(request(body=body))  # fails if the connection breaks
        assert (await wire.answer()).code == "body_too_large"
        assert await wire.closed() == b""


async def test_the_server_closes_its_side_at_once(serve: Serve) -> None:
    server = await serve(max_body=KIB)
    async with connect(server.port) as wire:
        assert (await wire.ask(request(length=MIB))).code == "body_too_large"
        assert await wire.closed() == b""  # although we have not, and send no more
        assert len(server.connections) == 1


async def test_a_client_that_goes_on_for_ever_is_closed(serve: Serve) -> None:
    server = await serve(max_body=KIB)
    async with connect(server.port) as wire:
        assert (await wire.ask(request(length=1 << 40))).code == "body_too_large"
        await send_until_closed(wire, 1 << 40)
        await until(lambda: not server.connections)


async def test_a_client_that_says_no_more_is_closed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LINGER", 0.1)
    server = await serve(max_body=KIB)
    async with connect(server.port) as wire:
        assert (await wire.ask(request(length=MIB))).code == "body_too_large"
        await until(lambda: not server.connections)


async def test_only_a_few_are_read_away_at_once_and_the_others_in_turn(serve: Serve) -> None:
    server = await serve(max_body=KIB)
    body = bytes(4 * MIB)  # more than socket buffers take

    async def refused(wire: Wire) -> None:
        sending = asyncio.create_task(wire.send(request(body=body)))
        assert (await wire.answer()).code == "body_too_large"
        assert await wire.closed() == b""
        await sending  # fails if the connection breaks
        wire.reset()

    def discarding() -> int:
        return len(server.connections._discarding)

    async with AsyncExitStack() as stack:
        wires = [
            await stack.enter_async_context(connect(server.port))
            for _ in range(3 * connections.MAX_DISCARDING)
        ]
        first = [asyncio.create_task(refused(wire)) for wire in wires]
        await until(discarding)
        while not all(one.done() for one in first):
            assert discarding() <= connections.MAX_DISCARDING
            await asyncio.sleep(0)
        await asyncio.gather(*first)


async def test_who_waits_for_its_turn_too_long_is_closed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LINGER", 0.2)
    server = await serve(max_body=KIB)
    async with AsyncExitStack() as stack:
        for _ in range(2 * connections.MAX_DISCARDING):
            wire = await stack.enter_async_context(connect(server.port))
            assert (await wire.ask(request(length=MIB))).code == "body_too_large"
        await until(lambda: not server.connections)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000,
        b"POST /rotate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["no HTTP", "long header", "broken chunk"],
)
async def test_what_cannot_be_parsed_is_read_away_too(server: RunningServer, sent: bytes) -> None:
    async with connect(server.port) as wire:
        await wire.send(sent)
        sending = asyncio.create_task(send_until_closed(wire, 4 * MIB))
        assert (await wire.answer()).status in {400, 431}
        await sending
        assert await wire.closed() == b""
