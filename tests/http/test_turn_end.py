"""What one turn of the loop answers at once is sent at its end, before anything else happens."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, cast

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
from serving import until
from wire import Wire, connect, request

pytestmark = pytest.mark.usefixtures("everything_comes_back")

SMALL = small_png(width=9, height=7)
BITMAP = bytes(memoryview(pixelferry.convert(SMALL)))
CLIENTS = 5
NEVER = 1e9


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


async def warm(wire: Wire, server: RunningServer) -> None:
    """Have a first request answered: from then on the connection waits for the next."""
    await wire.ask(request("/livez", method="GET"))
    await until(lambda: all(handler.idle for handler in handlers(server)))


def handlers(server: RunningServer) -> list[Handler]:
    found = [cast(Connection, one)._handler for one in server.connections._open]
    assert None not in found
    return cast(list[Handler], found)


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


def eof(connection: Connection) -> None:
    connection.eof_received()
    assert connection._transport is not None
    connection._transport.close()  # as the transport does itself


def force_close(connection: Connection) -> None:
    assert connection._handler is not None
    connection._handler.force_close()


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
