"""A client may leave at any moment: its request ends as 499, and all it held comes back."""

import asyncio
import socket
from types import ModuleType

import pytest
from aiohttp import web

from endless_png import endless_png
from pixelferry import _native
from pixelferry.http.routes import convert, rotate
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from png_writer import small_png
from serving import LONG_WAY, Serve, busy_workers, until
from wire import Wire, chunked, connect, form, request

FORM_HEADERS, FORM = form(('form-data; name="f"; filename="x.png"', small_png()))


pytestmark = pytest.mark.usefixtures("everything_comes_back", "way")


async def left(server: RunningServer, route: str) -> None:
    """Wait until a request of `route` has been counted as one whose client left."""
    await until(lambda: server.app[TELEMETRY].routes[route].answers["POST", 499] == 1)


async def in_progress(server: RunningServer) -> None:
    await until(lambda: server.app[TELEMETRY].requests_in_progress == 1)


async def test_before_the_first_byte(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        await until(lambda: server.connections)
        wire.reset()


async def test_within_the_head(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        await wire.send(b"POST /convert HTTP/1.1\r\nHos")
        await until(lambda: server.connections)
        wire.reset()


@pytest.mark.parametrize("leave", [Wire.reset, lambda wire: wire.writer.write_eof()])
@pytest.mark.parametrize(
    "begin",
    [
        request(length=1000),
        request(body=small_png()[:20], length=1000),
        request(body=small_png()[:60], length=1000),
        chunked("/convert", small_png()[:50])[:-5],
        request(body=FORM[:60], length=500, headers=FORM_HEADERS),
        request(body=FORM[:-9], length=len(FORM), headers=FORM_HEADERS),
    ],
    ids=["nothing", "in IHDR", "after IHDR", "chunked", "form", "form's end"],
)
async def test_within_the_body(server: RunningServer, begin: bytes, leave: object) -> None:
    async with connect(server.port) as wire:
        await wire.send(begin)
        await in_progress(server)
        assert callable(leave)
        leave(wire)
        await left(server, "/convert")


async def test_while_waiting_for_a_worker(server: RunningServer, photo_png: bytes) -> None:
    async with connect(server.port) as wire, busy_workers(server) as waiting:
        await wire.send(request(body=photo_png))
        await waiting.wait()
        wire.reset()
        await left(server, "/convert")  # at once: no worker has come free


async def test_while_converting(serve: Serve) -> None:
    server = await serve(max_pixels=1 << 32)
    before = _native.pool_stats().used_blocks
    async with connect(server.port) as wire:
        await wire.send(request(body=endless_png()))
        await until(lambda: _native.pool_stats().used_blocks > before)
        wire.reset()
        await left(server, "/convert")
        await until(lambda: _native.pool_stats().used_blocks == before)


@pytest.mark.parametrize(
    ("target", "route", "sends"),
    [(LONG_WAY, convert, "send_bitmap"), ("/rotate", rotate, "send_buffer")],
)
async def test_right_before_the_answer(
    server: RunningServer,
    png: bytes,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    route: ModuleType,
    sends: str,
) -> None:
    send = getattr(route, sends)

    async def leave_and_send(to: web.Request, *args: object) -> web.StreamResponse:
        assert to.transport is not None
        to.transport.close()  # what a client causes that closes its side behind the request
        response: web.StreamResponse = await send(to, *args)
        return response

    monkeypatch.setattr(route, sends, leave_and_send)
    async with connect(server.port) as wire:
        await wire.send(request(target, png))
        assert await wire.closed() == b""
        await left(server, target.rstrip("?"))


async def test_while_the_answer_is_sent(server: RunningServer) -> None:
    data = small_png(width=4000, height=2000)  # 24 MB: more than socket buffers take
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, request(body=data))
        assert (await loop.sock_recv(client, 12)).startswith(b"HTTP/1.1 200")
    await left(server, "/convert")


async def test_after_a_refusal_with_the_rest_unsent(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=b"no PNG at all" * 9, length=1 << 20))
        assert answer.status == 422
        wire.reset()


async def test_with_requests_waiting_behind(server: RunningServer, photo_png: bytes) -> None:
    async with connect(server.port) as wire, busy_workers(server) as waiting:
        await wire.send(request(body=photo_png) + request("/rotate", b"ABC") * 2)
        await waiting.wait()
        wire.reset()
        await left(server, "/convert")


async def test_others_do_not_notice(server: RunningServer, png: bytes, photo_png: bytes) -> None:
    async def leave_early(sent: int) -> None:
        async with connect(server.port) as wire:
            await wire.send(request(body=photo_png)[:sent])
            wire.reset()

    async def stay() -> int:
        async with connect(server.port) as wire:
            return (await wire.ask(request(body=png))).status

    leaving = [leave_early(sent) for sent in range(0, len(photo_png), len(photo_png) // 20)]
    results = await asyncio.gather(*leaving, *(stay() for _ in range(20)))
    assert results[-20:] == [200] * 20
