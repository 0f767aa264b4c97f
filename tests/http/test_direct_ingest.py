"""A large body of known length goes from the kernel straight into the request's own memory.

That it behaves as the other way does is tested by the modules that use `way`. Here is what is
special about it, and what it relies on in aiohttp.
"""

import asyncio
import random
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from unittest.mock import Mock, patch

import pytest
from aiohttp import hdrs, web_protocol
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.http_parser import HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from pixelferry.http import aiohttp_handler
from pixelferry.http.aiohttp_handler import DIRECT, Handler
from pixelferry.http.connections import FIRST, LITTLE
from pixelferry.http.destination import Destination
from pixelferry.server import RunningServer
from serving import Serve, only_connection, until
from wire import Answer, Wire, chunked, connect, form, request

pytestmark = pytest.mark.usefixtures("everything_comes_back")

LARGE = 3 * DIRECT
SHORT = 0.2  # seconds; nothing below depends on being faster than this


def body_of(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def rotation(body: bytes, **headers: str) -> bytes:
    """A request that is answered with `body`."""
    return request("/rotate?by=0", body, headers=headers)


def copied(answer: Answer, stage: str) -> int:
    """Bytes that the answer says were copied in a stage."""
    told = re.search(rf"\b{stage}=\d+(?:;bytes=(\d+))?", answer.headers["x-pixelferry-copies"])
    assert told
    return int(told[1] or 0)


@pytest.mark.parametrize("size", [DIRECT, DIRECT + 1, LARGE, 40 * DIRECT])
async def test_only_what_comes_with_the_head_is_copied(size: int, server: RunningServer) -> None:
    async with connect(server.port) as wire:
        for at in range(3):
            sent = rotation(body_of(size, at))
            answer = await wire.ask(sent)
            assert answer.body == sent[-size:]
            assert copied(answer, "ingest") <= LITTLE
            assert copied(answer, "stack") == 2 * copied(answer, "ingest")


async def test_nothing_is_copied_of_a_body_that_is_asked_for(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        body = body_of(LARGE)
        head = rotation(body, Expect="100-continue")[:-LARGE]
        await wire.send(head)
        assert (await wire.head())[0] == 100
        answer = await wire.ask(body)
        assert answer.body == body
        assert answer.headers["x-pixelferry-copies"] == "stack=0, ingest=0, convert=0, egress=0"


async def test_a_picture_needs_its_header_first(server: RunningServer, photo_png: bytes) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=photo_png))
        assert answer.body[:2] == b"BM"
        assert 33 <= copied(answer, "ingest") <= LITTLE


@pytest.mark.parametrize(
    "sent",
    [
        rotation(body_of(DIRECT - 1)),
        chunked("/rotate?by=0", body_of(LARGE)),
        rotation(body_of(LARGE), Upgrade="websocket", Connection="upgrade"),
    ],
    ids=["small", "chunked", "upgrade"],
)
async def test_others_go_the_plain_way(sent: bytes, server: RunningServer) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(sent)
        assert answer.status == 200
        assert copied(answer, "ingest") >= len(answer.body)


async def test_the_setting_chooses_the_way(serve: Serve) -> None:
    server = await serve(ingest="plain")
    async with connect(server.port) as wire:
        answer = await wire.ask(rotation(body_of(LARGE)))
        assert copied(answer, "ingest") == LARGE
        assert copied(answer, "stack") == 2 * LARGE


async def test_a_form_comes_directly_too(server: RunningServer) -> None:
    content = body_of(20 * DIRECT)
    headers, body = form(('form-data; name="file"; filename="a"', content))
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate?by=0", body, headers=headers))
        assert answer.body == content
        assert copied(answer, "ingest") <= LITTLE


async def test_a_small_body_behind_a_large_one_is_copied_once(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        await wire.ask(rotation(body_of(LARGE)))
        for size in (10, LITTLE, FIRST, DIRECT - 1):
            assert (await wire.ask(rotation(body_of(size)))).body == body_of(size)


async def test_a_fault_found_on_the_way_ends_it(server: RunningServer) -> None:
    headers, body = form(
        ('form-data; name="a"; filename="a"', body_of(8 * DIRECT)),
        ('form-data; name="b"; filename="b"', body_of(8 * DIRECT)),
    )
    sent = request("/rotate", body, headers=headers)
    async with connect(server.port) as wire:
        await wire.send(sent[: len(sent) // 2 + DIRECT])  # the rest never comes
        answer = await wire.answer()
        assert (answer.status, answer.code) == (400, "malformed_multipart")
        assert only_connection(server)._destination is None
        assert answer.headers["connection"] == "close"
        await wire.send(rotation(b"not answered"))
        wire.writer.write_eof()
        assert await wire.closed() == b""


async def test_what_follows_a_last_request_is_ignored(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        body = body_of(LARGE)
        sent = rotation(body, Connection="close") + rotation(b"more")
        answer = await wire.ask(sent)
        assert answer.body == body
        assert await wire.closed() == b""


def requests_of_all_kinds(chance: random.Random) -> Iterator[tuple[bytes, bytes]]:
    """Requests and what they are answered."""
    for _ in range(30):
        body = chance.randbytes(
            chance.choice([0, 1, 33, LITTLE, FIRST, DIRECT - 1, DIRECT, LARGE, 10 * DIRECT])
        )
        match chance.randrange(4):
            case 0:
                parts = [body[i:j] for i, j in pairwise([0, len(body) // 3, len(body)])]
                yield chunked("/rotate?by=0", *parts), body
            case 1:
                headers, whole = form(('form-data; name="a"; filename="a"', body))
                yield request("/rotate?by=0", whole, headers=headers), body
            case _:
                yield rotation(body), body


async def test_pipelined_floods_of_all_kinds(server: RunningServer) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)

    async def flood(chance: random.Random) -> None:
        sent, expected = zip(*requests_of_all_kinds(chance), strict=True)
        stream = b"".join(sent)
        cuts = sorted(chance.randrange(len(stream)) for _ in range(chance.choice([0, 5, 200])))
        pieces = [stream[i:j] for i, j in pairwise([0, *cuts, len(stream)])]
        async with connect(server.port) as wire:
            sending = asyncio.create_task(wire.send(*pieces))
            for body in expected:
                answer = await wire.answer()
                assert answer.status == 200
                assert answer.body == body
            await sending

    for _ in range(6):
        await asyncio.gather(*(flood(random.Random(chance.random())) for _ in range(5)))


async def test_the_new_parser_is_made_like_the_first(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What breaks this: aiohttp gives its parser another option, which _new_parser must give too.
    made: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def recording(*args: Any, **options: Any) -> HttpRequestParser:  # noqa: ANN401
        made.append((args, options))
        return HttpRequestParser(*args, **options)

    monkeypatch.setattr(web_protocol, "HttpRequestParser", recording)
    monkeypatch.setattr(aiohttp_handler, "HttpRequestParser", recording)
    async with connect(server.port) as wire:
        await wire.ask(rotation(body_of(LARGE)))
        handler = only_connection(server)._handler
    first, second = made
    assert first == second
    assert first[0][0] is handler


async def test_nothing_waits_in_the_parser_when_a_body_goes_past_it(server: RunningServer) -> None:
    # What breaks this: aiohttp's flow control pauses a body that is not admitted yet.
    seen: list[tuple[bool, bool, int]] = []
    receive = Handler.body_received

    def look(self: Handler, nbytes: int) -> None:
        seen.append((self._reading_paused, self._buffer_paused, len(self._messages)))
        receive(self, nbytes)

    with patch.object(Handler, "body_received", look):
        async with connect(server.port) as wire:
            for _ in range(3):
                await wire.send(*(rotation(body_of(LARGE)) for _ in range(10)))
                for _ in range(10):
                    assert (await wire.answer()).status == 200
    assert seen == [(False, False, 0)] * 30


@given(st.text("0123456789 +-_,.eEx٣\t", min_size=1, max_size=24))
def test_the_length_is_what_the_parser_takes_it_for(text: str) -> None:
    parser = HttpRequestParser(Mock(), Mock(), 2**16)
    head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {text}\r\n\r\n".encode()
    try:
        ((message, body),), _, _ = parser.feed_data(head)
    except BadHttpMessage:
        return
    length = int(message.headers[hdrs.CONTENT_LENGTH])
    if body.is_eof():
        assert length == 0 or length >= 2**64 - 1
        return
    assert length > 0
    most = min(length, 3000)
    parser.feed_data(b"x" * (most - 1))
    assert (body.total_bytes, body.is_eof()) == (most - 1, False)
    if length == most:
        parser.feed_data(b"x")
        assert body.is_eof()


async def begun(wire: Wire, server: RunningServer, body: bytes) -> Destination:
    """Send the head of a request for `body`; returns what its bytes will be received into."""
    await wire.send(rotation(body)[: -len(body)])
    await until(lambda: server.connections and only_connection(server)._destination)
    destination = only_connection(server)._destination
    assert destination is not None
    return destination


async def test_the_clock_starts_anew_with_every_byte(serve: Serve) -> None:
    server = await serve(read_timeout=SHORT)
    body = body_of(LARGE)
    async with connect(server.port) as wire:
        destination = await begun(wire, server, body)
        destination.last += 3600.0  # a byte will have come then
        await asyncio.sleep(2 * SHORT)
        assert (await wire.ask(body)).body == body


async def test_every_byte_sets_the_clock(server: RunningServer) -> None:
    body = body_of(LARGE)
    async with connect(server.port) as wire:
        destination = await begun(wire, server, body)
        for at in range(3):
            before = destination.last
            await asyncio.sleep(0.01)
            await wire.send(body[at : at + 1])
            await until(lambda: destination.nbytes == at + 1)  # noqa: B023 - called at once
            assert destination.last > before
        assert (await wire.ask(body[3:])).body == body
