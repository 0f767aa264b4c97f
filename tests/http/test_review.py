"""Faults found in review: each of these fails."""

import asyncio
from typing import Any
from unittest.mock import patch

import pytest

from pixelferry.http import at_once
from pixelferry.http.connections import FIRST, LITTLE
from pixelferry.server import RunningServer
from png_writer import small_png
from serving import Serve, only_connection, until
from wire import Wire, connect, form, request

pytestmark = pytest.mark.usefixtures("everything_comes_back")

SMALL = small_png(width=9, height=7)
CHUNKED = request("/rotate?by=0", headers={"Transfer-Encoding": "chunked"})
# Reads of a first chunked body: LITTLE, FIRST, then, once it is admitted, FIRST until 64 KiB wait.
# This chunk's last byte is the last of the read at which 64 KiB wait.
CHUNK = bytes(LITTLE + 5 * FIRST - len(CHUNKED) - len(b"10000\r\n"))
UNTIL_PAUSED = CHUNKED + b"%x\r\n" % len(CHUNK) + CHUNK


async def test_a_chunked_body_that_paused_at_the_end_of_a_chunk(serve: Serve) -> None:
    server = await serve(read_timeout=2.0)
    async with connect(server.port) as wire:
        answer = await wire.ask(UNTIL_PAUSED + b"\r\n5\r\nhello\r\n0\r\n\r\n")
        assert (answer.status, answer.body) == (200, CHUNK + b"hello")  # it is 408, body_timeout


async def test_the_request_behind_a_chunked_body_that_paused(serve: Serve) -> None:
    server = await serve(read_timeout=2.0)
    async with connect(server.port) as wire:
        await wire.send(UNTIL_PAUSED)
        await asyncio.sleep(0.1)
        assert (await wire.ask(b"\r\n0\r\n\r\n")).body == CHUNK
        answer = await wire.ask(request("/rotate?by=0", b"whole"))
        assert (answer.status, answer.body) == (200, b"whole")  # it is 408, body_timeout


async def test_the_request_behind_thousands_of_tiny_chunks(serve: Serve) -> None:
    # 4096 chunks that wait make aiohttp pause its parser; here behind the very last of a body.
    server = await serve(read_timeout=1.0)
    count = (LITTLE + FIRST - len(CHUNKED)) // 6 + 4097
    async with connect(server.port) as wire:
        await wire.send(CHUNKED + b"1\r\na\r\n" * count)
        await asyncio.sleep(0.3)
        assert (await wire.ask(b"0\r\n\r\n")).body == b"a" * count
        answer = await wire.ask(request("/rotate?by=0", b"whole"))
        assert (answer.status, answer.body) == (200, b"whole")  # it is 408, body_timeout


@pytest.mark.parametrize("most", [0, 4096], ids=["long way", "at once"])
async def test_an_offer_to_upgrade_is_answered_alike(most: int, serve: Serve) -> None:
    # Without Connection: upgrade, so to the parser it is none.
    server = await serve(inline_max_input=most)
    async with connect(server.port) as wire:
        await warm(wire, server)
        answer = await wire.ask(request(body=SMALL, headers={"Upgrade": "h2c"}))
        assert answer.headers.get("connection") == "close"  # or both ways without


async def test_the_unforeseen_is_answered_alike(server: RunningServer) -> None:
    def fail(*_: Any, **__: Any) -> None:  # noqa: ANN401
        raise RuntimeError("unforeseen")

    async with connect(server.port) as wire:
        await warm(wire, server)
        with patch.object(at_once, "convert", fail):
            answer = await wire.ask(request(body=SMALL))  # the connection is cut off
    assert answer.status == 200  # by the long way


async def test_a_form_refused_after_reading_tells_its_copies(server: RunningServer) -> None:
    headers, body = form(('form-data; name="a"; filename="b"', bytes(5000)))
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", body[:-6], headers=headers))
        assert answer.code == "malformed_multipart"
        assert "ingest=0" not in answer.headers["x-pixelferry-copies"]


async def test_who_still_takes_an_answer_is_not_idle(serve: Serve) -> None:
    server = await serve(keepalive_timeout=0.5)
    large = request(body=small_png(width=140, height=140))
    async with connect(server.port) as wire:
        await warm(wire, server)
        asked = await fill(wire, server, large)
        await asyncio.sleep(1.0)  # not taking anything
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(asked):
            assert (await wire.answer()).status == 200
        assert (await wire.ask(large)).status == 200  # the connection was closed meanwhile


async def warm(wire: Wire, server: RunningServer) -> None:
    await wire.ask(request("/livez", method="GET"))
    handler = only_connection(server)._handler
    assert handler is not None
    await until(lambda: handler.idle)


async def fill(wire: Wire, server: RunningServer, sent: bytes) -> int:
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
    count = 0
    while only_connection(server)._progress is None:
        await wire.send(sent)
        count += 1
        handler = only_connection(server)._handler
        assert handler is not None
        await asyncio.sleep(0.01)
        await until(lambda: handler.idle or only_connection(server)._progress)
    return count
