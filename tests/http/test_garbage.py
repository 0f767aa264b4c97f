"""A connection that has ended is gone at once: nothing is left to the garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import suppress

import pytest

from pixelferry.http.aiohttp_handler import Handler
from pixelferry.http.connection import Connection
from pixelferry.http.routes.metrics import TELEMETRY
from png_writer import small_png
from serving import Serve, until
from wire import chunked, connect, request

pytestmark = pytest.mark.usefixtures("way")

PNG = small_png(width=100, height=100)
CLOSE = {"Connection": "close"}
ANSWERED = {
    "a page": request("/livez", method="GET", headers=CLOSE),
    "a body": request("/convert", PNG, headers=CLOSE),
    "a body in pieces": chunked("/rotate", b"ABC", headers=CLOSE),
    "no PNG": request("/convert", b"no PNG", headers=CLOSE),
    "a broken PNG": request("/convert", PNG[:-20] + bytes(20), headers=CLOSE),
    "a wrong path": request("/nowhere", method="GET", headers=CLOSE),
    "a body too large": request("/convert", length=2**40),
    "two requests": request("/rotate", b"ABC") + request("/rotate", b"DEF", headers=CLOSE),
    "no HTTP": b"nonsense\r\n\r\n",
    "no path": request("a:1", method="CONNECT"),
    "two faults": b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "what is ambiguous": request("/rotate", headers={"Content-Length": "1", "content-length": "1"}),
    "a stalled head": b"GET / HT",
    "a stalled body": request("/rotate", length=3) + b"A",
}
LEFT = {
    "nothing": b"",
    "a part of a head": b"GET / HT",
    "a part of a body": request("/rotate", length=3) + b"A",
    "an answer": request("/convert", PNG),
}


@pytest.fixture(autouse=True)
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left() -> list[object]:
    """The connections in memory."""
    return [one for one in gc.get_objects() if isinstance(one, Connection | Handler)]


@pytest.mark.parametrize("data", ANSWERED.values(), ids=ANSWERED.keys())
async def test_one_that_is_closed_leaves_nothing(data: bytes, serve: Serve) -> None:
    server = await serve(header_timeout=0.1, read_timeout=0.1)
    async with connect(server.port) as wire:
        with suppress(ConnectionError):
            await wire.send(data)
        assert await wire.closed()
    await until(lambda: not left())


async def test_a_body_that_breaks_later_leaves_nothing(serve: Serve) -> None:
    server = await serve()
    async with connect(server.port) as wire:
        await wire.send(request("/rotate", headers={"Transfer-Encoding": "chunked"}) + b"3\r\nABC")
        await until(lambda: server.app[TELEMETRY].requests_in_progress)
        await wire.send(b"nonsense")
        assert await wire.closed()
    await until(lambda: not left())


@pytest.mark.parametrize("data", LEFT.values(), ids=LEFT.keys())
async def test_one_whose_client_leaves_leaves_nothing(data: bytes, serve: Serve) -> None:
    server = await serve()
    async with connect(server.port) as wire:
        await wire.send(data)
        await until(left)
    await until(lambda: not left())
