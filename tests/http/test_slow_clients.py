"""A client that is slow, silent or deaf holds a connection for a bounded time only."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain, count, repeat
from unittest.mock import Mock

import pytest

from pixelferry.http import min_rate
from pixelferry.http.connection import Connection
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from png_writer import small_png
from serving import Serve, busy_workers, only_connection, until
from wire import Wire, connect, request

pytestmark = pytest.mark.usefixtures("way")

SHORT = 0.15  # seconds; nothing below depends on being faster than this
LONG = 3600.0


@pytest.mark.parametrize(
    "part", [b"G", b"GET /livez HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n"]
)
async def test_half_a_head_is_answered_with_408(serve: Serve, part: bytes) -> None:
    server = await serve(header_timeout=SHORT)
    async with connect(server.port) as wire:
        answer = await wire.ask(part)
        assert (answer.status, answer.code) == (408, "header_timeout")
        assert answer.problem["setting"] == "PIXELFERRY_HEADER_TIMEOUT"
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""
    assert server.app[TELEMETRY].rejections["header_timeout"] == 1


async def test_a_head_that_trickles_has_no_more_time(serve: Serve) -> None:
    server = await serve(header_timeout=SHORT)

    async def trickle(wire: Wire) -> None:
        with suppress(ConnectionError):
            await wire.send(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
            while True:
                await wire.send(b"X-More: 1\r\n")
                await asyncio.sleep(SHORT / 10)

    async with connect(server.port) as wire:
        trickling = asyncio.create_task(trickle(wire))
        assert (await wire.answer()).code == "header_timeout"
        trickling.cancel()


async def test_silence_is_closed_without_a_word(serve: Serve) -> None:
    server = await serve(header_timeout=SHORT)
    async with connect(server.port) as wire:
        assert await wire.closed() == b""
    assert not server.app[TELEMETRY].errors


async def test_the_second_head_has_its_own_time(serve: Serve) -> None:
    server = await serve(header_timeout=SHORT, keepalive_timeout=LONG)
    async with connect(server.port) as wire:
        assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"
        answer = await wire.ask(b"POST /rotate")
        assert (answer.status, answer.code) == (408, "header_timeout")
        assert await wire.closed() == b""


async def test_between_requests_only_keepalive_counts(serve: Serve) -> None:
    server = await serve(header_timeout=LONG, keepalive_timeout=SHORT)
    async with connect(server.port) as wire:
        assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"
        assert await wire.closed() == b""
    assert not server.app[TELEMETRY].errors


async def test_after_a_body_in_pieces_too(serve: Serve) -> None:
    server = await serve(header_timeout=SHORT, keepalive_timeout=4 * SHORT)
    async with connect(server.port) as wire:
        await wire.send(request("/rotate", length=3), b"A", b"B", b"C")
        assert (await wire.answer()).body == b"NOP"
        assert await wire.closed() == b""  # without a 408
    assert not server.app[TELEMETRY].errors


async def test_a_blank_line_between_requests_is_no_head(serve: Serve) -> None:
    server = await serve(header_timeout=SHORT, keepalive_timeout=2 * SHORT)
    async with connect(server.port) as wire:
        assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"
        await wire.send(b"\r\n")
        assert await wire.closed() == b""  # by the keep-alive clock, without a 408
    assert not server.app[TELEMETRY].errors


async def test_half_a_head_behind_running_requests_does_not_harm_them(
    serve: Serve, photo_png: bytes
) -> None:
    server = await serve(header_timeout=SHORT)
    async with connect(server.port) as wire:
        async with busy_workers(server) as waiting:
            await wire.send(request(body=photo_png), request("/rotate", b"ABC"))
            await waiting.wait()
            await wire.send(b"POST /conv")
            await wait_for_the_head_clock(server)
        assert (await wire.answer()).status == 200
        assert (await wire.answer()).body == b"NOP"
        assert (await wire.answer()).code == "header_timeout"
        assert await wire.closed() == b""


async def wait_for_the_head_clock(server: RunningServer) -> None:
    """Return when it has been started, has run out, and was started again."""
    connection = only_connection(server)
    await until(lambda: connection._head_bytes)
    first = connection._head_clock
    await until(lambda: connection._head_clock is not first)


@pytest.mark.parametrize("sent", [b"", b"AB"])
async def test_a_body_that_stops_is_answered_with_408(serve: Serve, sent: bytes) -> None:
    server = await serve(read_timeout=SHORT)
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", sent, length=3))
        assert (answer.status, answer.code) == (408, "body_timeout")
        assert answer.problem["limit"] == SHORT
        assert answer.problem["setting"] == "PIXELFERRY_READ_TIMEOUT"
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""


async def test_a_body_that_crawls_is_answered_with_408(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(min_rate, "RATE_FREE", SHORT)
    server = await serve(read_timeout=LONG, min_rate=1 << 20)
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", b"AB", length=1 << 20))
        assert (answer.status, answer.code) == (408, "body_too_slow")
        assert answer.problem["limit"] == 1 << 20
        assert answer.problem["setting"] == "PIXELFERRY_MIN_RATE"


async def test_min_rate_zero_allows_any(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(min_rate, "RATE_FREE", 0.0)
    server = await serve(read_timeout=SHORT, min_rate=0)
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", b"AB", length=1 << 20))
        assert answer.code == "body_timeout"


async def test_a_client_that_does_not_read_is_cut_off(serve: Serve) -> None:
    server = await serve(write_timeout=SHORT)
    with socket.create_connection(("127.0.0.1", server.port)) as deaf:
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(deaf, request("/rotate?by=0", bytes(32 << 20)))
        telemetry = server.app[TELEMETRY]
        await until(lambda: telemetry.rejections["write_timeout"] == 1)
    await until(lambda: telemetry.routes["/rotate"].answers["POST", 499] == 1)


async def test_answers_do_not_pile_up_for_a_client_that_does_not_read(serve: Serve) -> None:
    server = await serve(write_timeout=1.0)
    requests, sides = 2000, 128  # 150 bytes ask for 48 KiB each time: 96 MiB in all
    with socket.create_connection(("127.0.0.1", server.port)) as deaf:
        deaf.setblocking(False)
        sent = request(body=small_png(width=sides, height=sides)) * requests
        with suppress(ConnectionError):
            await asyncio.get_running_loop().sock_sendall(deaf, sent)
        await until(lambda: server.app[TELEMETRY].rejections)
    answered = server.app[TELEMETRY].routes["/convert"].answers["POST", 200]
    assert answered * 3 * sides * sides < 32 << 20  # what two socket buffers may hold


class Clock:
    """A loop whose time stands still until a timer is let run."""

    def __init__(self) -> None:
        self.now = 0.0
        self.next: tuple[float, Callable[[], None]] | None = None

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> Mock:
        self.next = self.now + delay, callback
        return Mock()

    def run_next(self) -> None:
        assert self.next is not None
        (self.now, callback), self.next = self.next, None
        callback()


def writing(server: RunningServer, sizes: Iterable[int]) -> tuple[Clock, Mock]:
    """A connection that has `sizes` bytes left, look after look, on a clock of its own."""
    connection, clock, transport = Connection(server.connections), Clock(), Mock()
    transport.get_write_buffer_size.side_effect = sizes
    connection._loop = clock  # type: ignore[assignment]
    connection._transport = transport
    connection.pause_writing()
    return clock, transport.abort


async def test_a_client_that_reads_slowly_is_waited_for(serve: Serve) -> None:
    clock, abort = writing(await serve(write_timeout=10, min_rate=1), range(1000, 0, -1))
    for _ in range(999):
        clock.run_next()
    assert clock.now > 90 * 10
    abort.assert_not_called()


async def test_a_client_that_reads_too_slowly_is_cut_off(serve: Serve) -> None:
    server = await serve(write_timeout=10, min_rate=2)
    clock, abort = writing(server, range(1000, 0, -1))
    while clock.next is not None:
        clock.run_next()
    abort.assert_called_once()
    assert 10 <= clock.now <= 14
    assert server.app[TELEMETRY].rejections["write_too_slow"] == 1


@pytest.mark.parametrize("sizes", [repeat(5), count(5), chain([9, 8, 7], repeat(6))])
async def test_what_does_not_fall_is_no_progress(serve: Serve, sizes: Iterable[int]) -> None:
    clock, abort = writing(await serve(write_timeout=10), sizes)
    while clock.next is not None:
        clock.run_next()
    abort.assert_called_once()
    assert 10 <= clock.now <= 14
