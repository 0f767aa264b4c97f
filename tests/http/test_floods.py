"""A flood of anything costs a bounded amount of memory, others are served, and all comes back."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from unittest.mock import patch

import pytest
from aiohttp.http import RawRequestMessage

from endless_png import endless_png
from pixelferry import _native
from pixelferry.http.aiohttp_handler import MAX_AHEAD, MAX_LINE
from pixelferry.http.connection import MAX_HEAD, Connection
from pixelferry.http.connections import FIRST
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from pixelferry.telemetry import Telemetry
from png_writer import small_png
from serving import Serve, busy_workers, handler_of, only_connection, until
from wire import Wire, chunked, connect, request

pytestmark = pytest.mark.usefixtures("everything_comes_back", "way")

SHORT = 0.2  # seconds; nothing below depends on being faster than this
LONG = 3600.0
QUEUE = 32  # requests that aiohttp parses ahead
METRICS = request("/metrics", method="GET")
LIVEZ = request("/livez", method="GET")


@contextmanager
def deaf_client(server: RunningServer) -> Iterator[socket.socket]:
    """A client for which the kernel keeps little of what it does not read."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        client.setblocking(False)
        yield client


async def send_all(wire: Wire, sent: bytes) -> None:
    """Send as much as the server takes."""
    with suppress(ConnectionError):
        await wire.send(sent)


def held_answers(connection: Connection) -> int:
    """Bytes of answers that wait for the client."""
    assert connection._transport is not None
    return connection._transport.get_write_buffer_size()


def waiting_requests(connection: Connection) -> int:
    return len(handler_of(connection)._messages)


async def test_unread_answers_to_pipelined_requests_do_not_pile_up(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        size = len((await wire.ask(METRICS)).body)
    await until(lambda: not server.connections)
    with deaf_client(server) as deaf:
        loop = asyncio.get_running_loop()
        requests = 5000
        sending = loop.create_task(loop.sock_sendall(deaf, METRICS * requests))
        await until(lambda: server.connections and only_connection(server)._progress)
        connection = only_connection(server)
        answers = server.app[TELEMETRY].routes["/metrics"].answers
        for _ in range(200):
            assert held_answers(connection) < 2 * size + 4096
            assert waiting_requests(connection) <= QUEUE
            await loop.sock_recv(deaf, 64 * 1024)
        assert answers["GET", 200] < requests  # so there was something to hold back
        sending.cancel()
        await asyncio.wait([sending])


def heads_waiting(connection: Connection) -> int:
    """Bytes of the headers of requests that wait for those before them."""
    return sum(
        len(name) + len(value)
        for message, _ in handler_of(connection)._messages
        if isinstance(message, RawRequestMessage)
        for name, value in message.raw_headers
    )


async def test_large_heads_do_not_pile_up(server: RunningServer, photo_png: bytes) -> None:
    large = request("/livez", method="GET", headers={f"X-{at}": "x" * 7000 for at in range(2)})
    async with connect(server.port) as wire:
        async with busy_workers(server) as waiting:
            await wire.send(request(body=photo_png))
            await waiting.wait()
            sending = asyncio.create_task(wire.send(large * QUEUE))
            await until(lambda: not only_connection(server)._reads())
            assert 0 < heads_waiting(only_connection(server)) <= MAX_AHEAD + FIRST + len(large)
        for _ in range(1 + QUEUE):
            assert (await wire.answer()).status == 200
        await sending


async def test_metrics_are_made_once_for_all_who_ask_at_once(server: RunningServer) -> None:
    make = Telemetry.exposition
    async with AsyncExitStack() as stack:
        made = stack.enter_context(
            patch.object(Telemetry, "exposition", autospec=True, side_effect=make)
        )
        wires = [await stack.enter_async_context(connect(server.port)) for _ in range(50)]
        answers = await asyncio.gather(*(wire.ask(METRICS) for wire in wires))
    assert {answer.status for answer in answers} == {200}
    assert made.call_count < len(wires)


async def test_a_client_that_never_reads_is_cut_off_with_its_requests(serve: Serve) -> None:
    server = await serve(write_timeout=SHORT)
    with deaf_client(server) as deaf:
        with suppress(ConnectionError):
            await asyncio.get_running_loop().sock_sendall(deaf, METRICS * 50_000)
        await until(lambda: server.app[TELEMETRY].rejections["write_timeout"])


async def test_pipelined_requests_of_all_kinds_are_answered_one_by_one(
    server: RunningServer, png: bytes
) -> None:
    kinds = [request(body=png), LIVEZ, request(body=b"no PNG"), chunked("/rotate", b"A", b"BC")]
    statuses = [200, 200, 422, 200]
    async with connect(server.port) as wire:
        sending = asyncio.create_task(send_all(wire, b"".join(kinds) * 500))
        for at in range(2000):
            assert (await wire.answer()).status == statuses[at % 4]
        await sending


@pytest.mark.parametrize(
    "line",
    [b"X: 1\r\n", b"X: %b\r\n" % (b"x" * (MAX_LINE - 3)), b"Cookie: a=1\r\n", b"X", b"\r"],
    ids=["short", "long", "cookies", "one name", "carriage returns"],
)
async def test_a_head_without_end_is_refused(server: RunningServer, line: bytes) -> None:
    async with connect(server.port) as wire:
        flood = b"GET /livez HTTP/1.1\r\nHost: test\r\n" + line * (4 * MAX_HEAD // len(line))
        sending = asyncio.create_task(send_all(wire, flood))
        assert (await wire.answer()).status in {400, 431}
        assert await wire.closed() == b""
        await sending


def heads_held(server: RunningServer) -> int:
    """Bytes of heads that are not complete."""
    return sum(one._head_bytes for one in server.connections._open if isinstance(one, Connection))


async def test_heads_that_are_never_complete_hold_little(serve: Serve) -> None:
    server = await serve(header_timeout=1.0)
    lines = b"".join(b"X-%d: %b\r\n" % (at, b"x" * 1000) for at in range(MAX_HEAD // 1100))
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(connect(server.port)) for _ in range(100)]
        for wire in wires:
            await wire.send(b"GET /livez HTTP/1.1\r\nHost: test\r\n" + lines)
        await until(lambda: heads_held(server))
        assert heads_held(server) <= len(wires) * MAX_HEAD
        await served(server)
        codes = {(await wire.answer()).code for wire in wires}
    assert codes == {"header_timeout"}


@pytest.mark.parametrize("begun", [b"", LIVEZ], ids=["before", "between"])
@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b"\r\n\r\n\r\n"])
async def test_blank_lines_do_not_keep_a_connection(
    serve: Serve, begun: bytes, blank: bytes
) -> None:
    server = await serve(header_timeout=LONG if begun else SHORT, keepalive_timeout=SHORT)

    async def flood(wire: Wire) -> None:
        with suppress(ConnectionError):
            while True:
                await wire.send(blank * 100)
                await asyncio.sleep(0)

    async with connect(server.port) as wire:
        if begun:
            assert (await wire.ask(begun)).status == 200
        flooding = asyncio.create_task(flood(wire))
        assert await wire.closed() == b""
        await until(lambda: not server.connections)
        flooding.cancel()


async def test_a_request_behind_many_blank_lines_is_answered(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        assert (await wire.ask(b"\r\n" * 100_000 + LIVEZ)).status == 200


@pytest.mark.parametrize(
    "endless",
    [b"3;" + b"a" * 1000, b"0" * 1000, b'3;a="' + b"a" * 1000],
    ids=["extension", "size", "quoted"],
)
async def test_a_chunk_that_never_begins_is_a_body_that_does_not_come(
    serve: Serve, endless: bytes
) -> None:
    server = await serve(read_timeout=SHORT)
    head = request("/rotate", headers={"Transfer-Encoding": "chunked"})
    async with connect(server.port) as wire:

        async def go_on() -> None:
            with suppress(ConnectionError):
                await wire.send(head + endless)
                while True:
                    await wire.send(endless[-1:])
                    await asyncio.sleep(SHORT / 20)

        going_on = asyncio.create_task(go_on())
        answer = await wire.answer()
        assert (answer.status, answer.code) == (408, "body_timeout")
        going_on.cancel()


@pytest.mark.parametrize(
    "framing",
    [b"3;" + b"a" * 100_000, b"0" * 100_000, b"0\r\n" + (b"X: " + b"a" * 8000 + b"\r\n") * 100],
    ids=["extension", "size", "trailers"],
)
async def test_framing_without_end_is_refused(server: RunningServer, framing: bytes) -> None:
    async with connect(server.port) as wire:
        flood = chunked("/rotate", b"ABC")[: -len(b"0\r\n\r\n")] + framing
        sending = asyncio.create_task(send_all(wire, flood))
        assert (await wire.answer()).code == "malformed_body"
        assert await wire.closed() == b""
        await sending


async def test_trailers_without_end_are_refused(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        flood = chunked("/rotate", b"ABC")[:-2] + b"X: 1\r\n" * 50_000
        sending = asyncio.create_task(send_all(wire, flood))
        answer = await wire.answer()
        assert (answer.status, answer.code[:9]) == (400, "malformed")
        await sending


async def test_connections_opened_and_reset(server: RunningServer, png: bytes) -> None:
    def open_and_reset(sent: bytes) -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(sent)

    begun = [b"", LIVEZ[:9], LIVEZ, request(body=png)[:-9], request(body=png), METRICS * 20]
    async with asyncio.TaskGroup() as resets:
        for _ in range(100):
            for sent in begun:
                resets.create_task(asyncio.to_thread(open_and_reset, sent))
        await served(server)
    await until(lambda: not server.connections)
    await served(server)


async def served(server: RunningServer, times: int = 20) -> None:
    """See that somebody who behaves well is answered."""
    async with connect(server.port) as wire:
        for _ in range(times):
            assert (await wire.ask(request(body=small_png()))).status == 200


@asynccontextmanager
async def slow_crowd(
    server: RunningServer, begin: bytes, piece: bytes
) -> AsyncIterator[list[Wire]]:
    """Many clients that send `begin`, then `piece` after `piece`, slowly."""

    async def crawl(wire: Wire) -> None:
        with suppress(ConnectionError):
            await wire.send(begin)
            while True:
                await wire.send(piece)
                await asyncio.sleep(SHORT / 4)

    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(connect(server.port)) for _ in range(200)]
        crawling = [asyncio.create_task(crawl(wire)) for wire in wires]
        yield wires
        for task in crawling:
            task.cancel()


async def test_many_slow_heads_at_once(serve: Serve) -> None:
    server = await serve(header_timeout=5 * SHORT)
    async with slow_crowd(server, b"GET / HTTP/1.1\r\nHost: x\r\n", b"X: 1\r\n") as wires:
        await served(server)
        answers = [await wire.answer() for wire in wires]
    assert {answer.code for answer in answers} == {"header_timeout"}


async def test_many_slow_bodies_at_once(serve: Serve, photo_png: bytes) -> None:
    server = await serve(min_rate=0)
    begin = request(body=photo_png[:100], length=len(photo_png))
    telemetry = server.app[TELEMETRY]
    async with slow_crowd(server, begin, photo_png[100:101]) as wires:
        await until(lambda: telemetry.requests_in_progress == len(wires))
        await served(server)
        for wire in wires:
            wire.reset()


async def test_many_slow_bodies_are_cut_off(
    serve: Serve, photo_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelferry.http.min_rate.RATE_FREE", SHORT)
    server = await serve(min_rate=1 << 20)
    begin = request(body=photo_png[:100], length=len(photo_png))
    async with slow_crowd(server, begin, photo_png[100:101]) as wires:
        answers = [await wire.answer() for wire in wires]
        assert {answer.code for answer in answers} == {"body_too_slow"}
        await served(server)


def half_close(wire: Wire) -> None:
    wire.writer.write_eof()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /conv",
        request(length=100),
        request(body=small_png()[:50], length=100),
        chunked("/convert", small_png()[:50])[:-5],
        LIVEZ + b"POST /conv",
        LIVEZ + request(length=100),
    ],
    ids=["nothing", "head", "no body", "body", "chunks", "second head", "second body"],
)
async def test_half_closed_before_the_end_of_a_request(server: RunningServer, sent: bytes) -> None:
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(connect(server.port)) for _ in range(20)]
        for wire in wires:
            await wire.send(sent)
            if sent.startswith(LIVEZ):
                assert (await wire.answer()).status == 200
            half_close(wire)
        for wire in wires:
            assert await wire.closed() == b""
        await served(server)


async def test_half_closed_while_waiting_for_a_worker(
    server: RunningServer, photo_png: bytes
) -> None:
    async with connect(server.port) as wire, busy_workers(server) as waiting:
        await wire.send(request(body=photo_png))
        await waiting.wait()
        half_close(wire)
        assert await wire.closed() == b""
        await until(lambda: server.app[TELEMETRY].routes["/convert"].answers["POST", 499])


async def test_half_closed_while_converting(serve: Serve) -> None:
    server = await serve(max_pixels=1 << 32)
    before = _native.pool_stats().used_blocks
    async with connect(server.port) as wire:
        await wire.send(request(body=endless_png()))
        await until(lambda: _native.pool_stats().used_blocks > before)
        half_close(wire)
        assert await wire.closed() == b""
        await until(lambda: _native.pool_stats().used_blocks == before)


async def test_half_closed_while_the_answer_is_sent(server: RunningServer) -> None:
    # All of it is with the kernel or waits for it: who reads on gets it.
    width, height = 3000, 2000
    async with connect(server.port) as wire:
        await wire.send(request(body=small_png(width=width, height=height)))
        _, headers = await wire.head()
        half_close(wire)
        assert len(await wire.closed()) == int(headers["content-length"])


async def test_half_closed_behind_a_refusal(serve: Serve) -> None:
    server = await serve(max_body=100)
    async with connect(server.port) as wire:
        await wire.send(request(length=1 << 20))
        assert (await wire.answer()).code == "body_too_large"
        half_close(wire)
        assert await wire.closed() == b""
