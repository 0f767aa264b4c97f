"""What one turn of the loop answers at once is sent at its end, before anything else happens."""

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

import pixelferry
from pixelferry.http import at_once
from pixelferry.http.aiohttp_handler import Handler
from pixelferry.http.at_once import AtOnce
from pixelferry.http.connection import Connection
from pixelferry.http.connections import FIRST
from pixelferry.http.middlewares import CLIENT_LEFT
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from png_writer import small_png
from serving import busy_workers, handler_of, until, warm
from wire import Wire, chunked, connect, request

pytestmark = pytest.mark.usefixtures("everything_comes_back")

SMALL = small_png(width=9, height=7)
BITMAP = bytes(memoryview(pixelferry.convert(SMALL)))
CLIENTS = 5
NEVER = 1e9
BROKEN_BODY = request("/rotate", headers={"Transfer-Encoding": "chunked"}) + (
    b"5\r\n0\r\n\r\n" + b"\r\n" + b"zz\r\n"  # looks as if it ended within its first chunk
)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens: `convert` and `send` of each that is answered at once."""
    seen: list[str] = []
    put, send = AtOnce._put, AtOnce._send

    def watched_put(*args: Any) -> None:  # noqa: ANN401
        seen.append("convert")
        put(*args)

    def watched_send(*args: Any) -> None:  # noqa: ANN401
        seen.append("send")
        send(*args)

    monkeypatch.setattr(AtOnce, "_put", watched_put)
    monkeypatch.setattr(AtOnce, "_send", watched_send)
    return seen


async def connect_all(stack: AsyncExitStack, server: RunningServer) -> list[Wire]:
    wires = []
    for _ in range(CLIENTS):
        wires.append(await stack.enter_async_context(connect(server.port)))
        await warm(wires[-1], server)
    return wires


async def ask_in_one_turn(wires: list[Wire]) -> None:
    for wire in wires:
        wire.writer.write(request(body=SMALL))
    for wire in wires:
        assert (await wire.answer()).body == BITMAP


async def test_answers_are_sent_behind_each_other(
    server: RunningServer, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_once, "PATIENCE", NEVER)
    async with AsyncExitStack() as stack:
        wires = await connect_all(stack, server)
        for _ in range(3):
            steps.clear()
            await ask_in_one_turn(wires)
            assert steps == ["convert"] * CLIENTS + ["send"] * CLIENTS


async def test_no_answer_waits_long_for_others(
    server: RunningServer, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_once, "PATIENCE", 0.0)
    async with AsyncExitStack() as stack:
        wires = await connect_all(stack, server)
        await ask_in_one_turn(wires)
    pair = ["convert", "convert", "send", "send"]  # goes when its second one is ready
    assert steps == [*pair, *pair, "convert", "send"]


def filling() -> bytes:
    """A request that is all of one read, so that what is behind it is read in the same turn."""
    bare = request(body=SMALL)
    missing = FIRST - len(bare)
    names = ("A", "B")
    each = missing // len(names)
    padding = {name: "x" * (each - len(f"{name}: \r\n")) for name in names}
    padding["B"] += "x" * (missing - each * len(names))
    filled = request(body=SMALL, headers=padding)
    assert len(filled) == FIRST
    return filled


BEHIND = {
    "another": (request(body=SMALL), 200),
    "the long way": (request("/rotate?by=0", b"ABC"), 200),
    "no request": (b"\0" * 9 + b"\r\n\r\n", 400),
    "an endless head": (b"GET / HTTP/1.1\r\n" + (b"A: " + b"b" * 8000 + b"\r\n") * 5, 431),
}


@pytest.mark.parametrize("name", BEHIND)
async def test_what_comes_in_the_same_turn_is_answered_behind(
    name: str, server: RunningServer, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_once, "PATIENCE", NEVER)
    sent, status = BEHIND[name]
    async with connect(server.port) as wire:
        await warm(wire, server)
        wire.writer.write(filling() + sent)
        first, second = await wire.answer(), await wire.answer()
    assert steps[0] == "convert"
    assert (first.status, first.body, second.status) == (200, BITMAP, status)


async def test_the_long_way_begins_behind_the_answers(
    server: RunningServer, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = Connection.head_complete

    def watched(connection: Connection) -> None:
        steps.append("queue")
        complete(connection)

    monkeypatch.setattr(at_once, "PATIENCE", NEVER)
    async with connect(server.port) as wire:
        await warm(wire, server)
        monkeypatch.setattr(Connection, "head_complete", watched)
        wire.writer.write(filling() + request("/rotate?by=0", b"ABC"))
        assert (await wire.answer()).body == BITMAP
        assert (await wire.answer()).body == b"ABC"
    assert steps == ["convert", "send", "queue"]


def socket_of(wire: Wire) -> socket.socket:
    """The client's own, to send from within the server's turn."""
    transport = wire.writer.transport
    return socket.socket(fileno=socket.dup(transport.get_extra_info("socket").fileno()))


@pytest.mark.parametrize(
    ("behind", "status"),
    [
        (request("/livez", method="GET"), 200),  # from Python 3.12 on, its task begins eagerly
        (BROKEN_BODY, None),  # ends the connection
    ],
    ids=["another", "a broken body"],
)
async def test_behind_an_answer_that_aiohttp_has_not_seen_off(
    behind: bytes, status: int | None, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = Handler.finish_response
    async with connect(server.port) as wire:
        await warm(wire, server)
        with socket_of(wire) as client:

            async def finish_and_send(handler: Handler, *args: Any) -> Any:  # noqa: ANN401
                done = await finish(handler, *args)
                monkeypatch.setattr(Handler, "finish_response", finish)
                client.send(chunked("/convert", SMALL) + behind)  # a client that is fast
                return done

            monkeypatch.setattr(Handler, "finish_response", finish_and_send)
            await wire.ask(request(body=small_png(width=400, height=200)))  # goes to a thread
            assert (await wire.answer()).body == BITMAP
            if status is None:
                assert await wire.closed() == b""
            else:
                assert (await wire.answer()).status == status
    answers = server.app[TELEMETRY].routes["/convert"].answers
    assert answers["POST", 200] == 2


async def test_a_client_that_leaves_behind_its_request_in_a_crowd(server: RunningServer) -> None:
    large = request("/rotate", b"", length=100_000)
    async with AsyncExitStack() as stack:
        wire, other, *_ = await connect_all(stack, server)
        waiting = await stack.enter_async_context(busy_workers(server))
        await other.send(request(body=small_png(width=400, height=200)))
        await waiting.wait()
        await other.send(large)  # not read yet, so its leaving is watched for
        await until(lambda: server.connections.departures._watched)
        with socket_of(wire) as client, socket_of(other) as another:  # all in one turn
            client.send(chunked("/convert", SMALL) + large)
            client.shutdown(socket.SHUT_WR)
            another.shutdown(socket.SHUT_WR)
        assert (await wire.answer()).body == BITMAP


def eof(connection: Connection) -> None:
    connection.eof_received()
    assert connection._transport is not None
    connection._transport.close()  # as the transport does itself


def force_close(connection: Connection) -> None:
    handler_of(connection).force_close()


def do_behind_the_answer(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[Connection], None]
) -> None:
    """Have `act` done when an answer is made, but not sent yet."""
    answered = Connection.answered_at_once

    def answered_and_act(connection: Connection) -> None:
        answered(connection)
        act(connection)

    monkeypatch.setattr(Connection, "answered_at_once", answered_and_act)


@pytest.mark.parametrize("act", [eof, force_close])
async def test_closing_comes_behind_the_answer(
    act: Callable[[Connection], None], server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    do_behind_the_answer(monkeypatch, act)
    async with connect(server.port) as wire:
        await warm(wire, server)
        assert (await wire.ask(request(body=SMALL))).body == BITMAP
        assert await wire.closed() == b""


async def test_a_client_that_is_gone_takes_nobody_with_it(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_once, "PATIENCE", NEVER)
    answers = server.app[TELEMETRY].routes["/convert"].answers
    async with AsyncExitStack() as stack:
        wires = await connect_all(stack, server)
        gone: list[Connection] = []

        def first_is_cut_off(connection: Connection) -> None:
            if not gone:
                gone.append(connection)
                connection.abort()

        do_behind_the_answer(monkeypatch, first_is_cut_off)
        for wire in wires:
            wire.writer.write(request(body=SMALL))
        for wire in wires[1:]:
            assert (await wire.answer()).body == BITMAP
        assert await wires[0].closed() == b""
    assert (answers["POST", CLIENT_LEFT], answers["POST", 200]) == (1, CLIENTS - 1)
