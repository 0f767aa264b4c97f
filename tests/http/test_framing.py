"""However a body is cut and however requests share a connection, each gets its own answer."""

import asyncio

import pytest

import pixelferry
from pixelferry.http.aiohttp_handler import Handler
from pixelferry.http.connections import FIRST, LITTLE
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from serving import only_connection, until
from wire import chunked, connect, form, request

pytestmark = pytest.mark.usefixtures("way")


def one_by_one(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


async def test_single_bytes_with_content_length(server: RunningServer, png: bytes) -> None:
    async with connect(server.port) as wire:
        await wire.send(*one_by_one(request(body=png)))
        answer = await wire.answer()
    assert answer.body == bytes(memoryview(pixelferry.convert(png)))


async def test_single_bytes_in_chunks_of_one(server: RunningServer, png: bytes) -> None:
    async with connect(server.port) as wire:
        await wire.send(*one_by_one(chunked("/convert", *one_by_one(png))))
        answer = await wire.answer()
    assert answer.body == bytes(memoryview(pixelferry.convert(png)))


async def test_single_bytes_of_a_form(server: RunningServer, png: bytes) -> None:
    headers, body = form(('form-data; name="file"; filename="a.png"', png))
    async with connect(server.port) as wire:
        await wire.send(*one_by_one(request(body=body, headers=headers)))
        answer = await wire.answer()
    assert answer.body == bytes(memoryview(pixelferry.convert(png)))


async def test_framing_that_comes_without_a_byte_of_the_body(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[bytes] = []
    take = Handler.data_received

    def note_and_take(handler: Handler, data: bytes) -> None:
        came.append(data)
        take(handler, data)

    monkeypatch.setattr(Handler, "data_received", note_and_take)
    head = request("/convert", headers={"Transfer-Encoding": "chunked"})
    async with connect(server.port) as wire:
        for part in (head, b"1\r\n", b"A", b"\r\n", b"0;a=b\r\n", b"X-Sum: 1\r\n", b"\r\n"):
            await wire.send(part)
            await until(lambda: came[-1:] == [part])  # noqa: B023 - called at once
        assert (await wire.answer()).code == "not_a_png"


async def test_chunk_extensions_and_trailers_are_ignored(server: RunningServer) -> None:
    head = request("/rotate", headers={"Transfer-Encoding": "chunked"})
    async with connect(server.port) as wire:
        answer = await wire.ask(head + b"2;a=b\r\nAB\r\n1\r\nC\r\n0\r\nX-Sum: 1\r\n\r\n")
    assert answer.body == b"NOP"


async def test_a_connection_is_kept(server: RunningServer, png: bytes) -> None:
    async with connect(server.port) as wire:
        for _ in range(3):
            assert (await wire.ask(request(body=png))).status == 200
            assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"
            assert (await wire.ask(request("/convert", b"no PNG"))).status == 422
    assert len(server.connections) <= 1


async def test_pipelined_requests_are_answered_in_order(server: RunningServer) -> None:
    # More than aiohttp queues (32), so that reading pauses and goes on.
    async with connect(server.port) as wire:
        await wire.send(b"".join(request(f"/rotate?by={by}", b"\0") for by in range(100)))
        assert [(await wire.answer()).body for _ in range(100)] == [
            bytes([by]) for by in range(100)
        ]


async def test_pipelined_bodies_of_all_kinds(server: RunningServer, png: bytes) -> None:
    bmp = bytes(memoryview(pixelferry.convert(png)))
    async with connect(server.port) as wire:
        await wire.send(
            request(body=png)
            + chunked("/convert", png[:20], png[20:])
            + request("/livez", method="GET")
            + request(body=b"no PNG")
            + request(body=png)
        )
        answers = [await wire.answer() for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 422, 200]
    assert answers[4].body == answers[1].body == answers[0].body == bmp


async def test_a_pipeline_behind_bodies_in_pieces(server: RunningServer) -> None:
    # The parser counts a body that ends after its request was taken up as one that waits for ever.
    async with connect(server.port) as wire:
        for _ in range(40):
            await wire.send(request("/rotate", b"A", length=3))
            await until(lambda: server.app[TELEMETRY].requests_in_progress)
            assert (await wire.ask(b"BC")).body == b"NOP"
        await wire.send(request("/rotate", b"A", length=3))
        await until(lambda: server.app[TELEMETRY].requests_in_progress)
        await wire.send(b"BC" + request("/rotate", b"ABC") * 100)
        assert [(await wire.answer()).body for _ in range(101)] == [b"NOP"] * 101


async def test_http_1_0_closes(server: RunningServer, png: bytes) -> None:
    old = request(body=png).replace(b"HTTP/1.1", b"HTTP/1.0")
    async with connect(server.port) as wire:
        answer = await wire.ask(old)
        assert answer.body == bytes(memoryview(pixelferry.convert(png)))
        assert await wire.closed() == b""


async def test_a_client_may_ask_to_close(server: RunningServer, png: bytes) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=png, headers={"Connection": "close"}))
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""


@pytest.mark.parametrize("target", ["/convert", "/rotate"])
async def test_a_body_that_ends_early_is_a_client_that_left(
    server: RunningServer, png: bytes, target: str
) -> None:
    async with connect(server.port) as wire:
        await wire.send(request(target, png, length=len(png) + 1))
        wire.writer.write_eof()
        assert await wire.closed() == b""
    await until(lambda: not server.connections)


@pytest.mark.parametrize(
    "rest", [b"zz\r\n", b"5\r\nABCDEFGH\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n"]
)
async def test_broken_chunks_are_refused_at_once(server: RunningServer, rest: bytes) -> None:
    head = request("/rotate", headers={"Transfer-Encoding": "chunked"})
    async with connect(server.port) as wire:
        await wire.send(head + b"3\r\nABC\r\n")
        await until(lambda: server.app[TELEMETRY].requests_in_progress)
        await wire.send(rest)
        answer = await wire.answer()
        assert (answer.status, answer.code) == (400, "malformed_body")
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""


async def test_broken_chunks_together_with_the_head_are_refused(server: RunningServer) -> None:
    head = request("/rotate", headers={"Transfer-Encoding": "chunked"})
    async with connect(server.port) as wire:
        answer = await wire.ask(head + b"zz\r\n")
        assert (answer.status, answer.code) == (400, "malformed_request")
        assert await wire.closed() == b""


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "3", "Transfer-Encoding": "chunked"},
        {"Content-Length": "-1"},
        {"Content-Length": "3, 4"},
        {"Content-Length": "three"},
        {"Transfer-Encoding": "gzip, chunked, identity"},
    ],
)
async def test_contradictory_lengths_are_refused(
    server: RunningServer, headers: dict[str, str]
) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", headers=headers) + b"ABC")
        assert (answer.status, answer.code) == (400, "malformed_request")
        assert await wire.closed() == b""


async def test_an_empty_body_is_no_png(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        for sent in (request(), request(body=b""), chunked("/convert")):
            answer = await wire.ask(sent)
            assert (answer.status, answer.code) == (422, "not_a_png")


async def test_many_connections_at_once(server: RunningServer, png: bytes) -> None:
    async def one() -> bytes:
        async with connect(server.port) as wire:
            await wire.send(request(body=png))
            return (await wire.answer()).body

    bodies = await asyncio.gather(*(one() for _ in range(64)))
    assert set(bodies) == {bytes(memoryview(pixelferry.convert(png)))}


async def test_a_length_that_the_parser_takes_for_none_ends_the_connection(
    server: RunningServer,
) -> None:
    async with connect(server.port) as wire:
        await wire.send(request("/livez", method="GET", length=(1 << 64) - 1))
        answer = await wire.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        await wire.closed()


# Reads of a first chunked body: LITTLE, FIRST, then FIRST until 64 KiB wait. The last byte of this
# chunk is the last of the read at which 64 KiB wait.
ROTATION = request("/rotate?by=0", headers={"Transfer-Encoding": "chunked"})
CHUNK = bytes(LITTLE + 5 * FIRST - len(ROTATION) - len(b"10000\r\n"))
CHUNKS = (LITTLE + FIRST - len(ROTATION)) // len(b"1\r\na\r\n") + 4097
FIRST_CHUNK = ROTATION + b"%x\r\n" % len(CHUNK) + CHUNK


def received(server: RunningServer) -> int:
    handler = only_connection(server)._handler if server.connections else None
    return handler._body.total_bytes if handler else 0


@pytest.mark.parametrize(
    ("begin", "body"),
    [
        (FIRST_CHUNK + b"\r\n", CHUNK),
        # 4096 chunks that wait make aiohttp pause as well, here behind the very last.
        (ROTATION + b"1\r\na\r\n" * CHUNKS, b"a" * CHUNKS),
    ],
    ids=["one", "thousands"],
)
async def test_a_body_that_paused_between_two_chunks_goes_on(
    server: RunningServer, begin: bytes, body: bytes
) -> None:
    async with connect(server.port) as wire:
        await wire.send(begin)
        await until(lambda: received(server) == len(body))
        assert (await wire.ask(b"5\r\nhello\r\n0\r\n\r\n")).body == body + b"hello"
        assert (await wire.ask(request("/rotate?by=0", b"whole"))).body == b"whole"
