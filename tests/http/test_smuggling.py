"""No request that two readers could understand differently is answered as more than one.

Each shape goes to the server with a second request behind it, once in one write and once byte by
byte. Who is refused gets one answer and a closed connection; what hid behind it is never answered.
"""

from collections.abc import Iterable
from contextlib import suppress

import pytest

from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from png_writer import small_png
from serving import Serve, until
from wire import Answer, Wire, chunked, connect, request

pytestmark = pytest.mark.usefixtures("way")

HIDDEN = request("/problems/not_found", method="GET")
FOUND = b"not_found: "  # how its answer begins
LAST = b"0\r\n\r\n"
CHUNKS = b"3\r\nABC\r\n" + LAST


def post(*lines: bytes, body: bytes = b"ABC", version: bytes = b"HTTP/1.1") -> bytes:
    """A request to /rotate with these header lines beside Host."""
    head = [b"POST /rotate " + version, b"Host: test", *lines, b"", b""]
    return b"\r\n".join(head) + body


def length(value: bytes) -> bytes:
    return post(b"Content-Length: " + value)


def coding(value: bytes) -> bytes:
    return post(b"Transfer-Encoding: " + value, body=CHUNKS)


def chunks(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", body=body)


def get(target: bytes = b"/livez", version: bytes = b"HTTP/1.1", host: bytes = b"test") -> bytes:
    return b"GET %b %b\r\nHost: %b\r\n\r\n" % (target, version, host)


def upgrade(protocol: bytes, *lines: bytes, body: bytes = b"") -> bytes:
    return post(b"Connection: Upgrade", b"Upgrade: " + protocol, *lines, body=body)


def named(shapes: Iterable[bytes]) -> Iterable[object]:
    """Each as a test of its own, named by what is special in it."""
    usual = (b"POST /rotate HTTP/1.1\r\nHost: test\r\n", b"Transfer-Encoding: chunked\r\n\r\n")
    cases = []
    for shape in shapes:
        special = shape
        for part in usual:
            special = special.removeprefix(part)
        cases.append(pytest.param(shape, id=repr(special[:60])[2:-1]))
    return cases


LENGTHS = [
    post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=LAST + b"X"),
    post(b"Transfer-Encoding: chunked", b"Content-Length: 3", body=CHUNKS),
    post(b"Content-Length: 3", b"Transfer-Encoding: chunked", version=b"HTTP/1.0", body=CHUNKS),
    post(b"Content-Length: 3", b"Content-Length: 5"),
    post(b"Content-Length: 3", b"Content-Length: 3"),
    post(b"Content-Length: 3", b"content-length: 3"),
    *map(length, [b"+3", b"-3", b"0x3", b"3.0", b"3e0", b"3_0", b"3 3", b'"3"', b"3;x", b""]),
    *map(length, [b"3, 3", b"3,3", b"3,5", b"3,", b"\x0b3", b"3\x0b", b"3\x0c", b"3\0"]),
    *map(length, ["²".encode(), "٣".encode(), b"1" * 30, b"1" * 8000]),
    *map(length, [b"18446744073709551616", b"18446744073709551619"]),  # 2^64, 2^64 + 3
]
CODINGS = [
    *map(coding, [b"chunked, identity", b"identity, chunked", b"identity", b"chunked, chunked"]),
    *map(coding, [b"gzip, chunked", b"chunked, gzip", b"gzip", b"trailers, chunked"]),
    *map(coding, [b"xchunked", b"chunkedx", b"x chunked", b"chunked x", b"chunked;q=1"]),
    *map(coding, [b"chunked,", b",chunked", b"chunked;", b"chunked\t", b'"chunked"', b"", b" "]),
    *map(coding, [b"\x0bchunked", b"chunked\x0b", b"chunked\x0c", b"\0chunked", b"chunked\0"]),
    *map(coding, ["chunk\u0435d".encode(), "chun\u212aed".encode(), b"chunk\xe9d"]),
    post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=CHUNKS),
    post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=CHUNKS),
    post(b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked", body=CHUNKS),
    post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", body=CHUNKS),
    post(b"Transfer-Encoding: chunked", version=b"HTTP/1.0", body=CHUNKS),
    post(
        b"Transfer-Encoding: chunked", b"Connection: keep-alive", version=b"HTTP/1.0", body=CHUNKS
    ),
]
LINES = [
    post(b"Content-Length : 3"),
    post(b"Content-Length\t: 3"),
    post(b"Transfer-Encoding : chunked", body=CHUNKS),
    post(b"X: 1", b" Content-Length: 3"),
    post(b"X: 1", b"\tContent-Length: 3"),
    post(b"X: a\r\n b", b"Content-Length: 3"),
    post(b"Transfer-Encoding:\r\n chunked", body=CHUNKS),
    post(b"Transfer-Encoding: x\r\n chunked", body=CHUNKS),
    post(b"X: a\nTransfer-Encoding: chunked", body=CHUNKS),
    post(b"X: a\rTransfer-Encoding: chunked", body=CHUNKS),
    post(b"X: a\r", b"Content-Length: 3"),
    post(b"X: a\rb", b"Content-Length: 3"),
    post(b"Content-Length: 3\n"),
    post(b"Content-Length: 3", body=b"").replace(b"\r\n", b"\n") + b"ABC",
    post(b"Content-Length: 3", body=b"").replace(b"\r\n", b"\r") + b"ABC",
    post(b"Content-Length: 3").replace(b"HTTP/1.1\r\n", b"HTTP/1.1\n"),
    post(b"Content-Length: 3").replace(b"test\r\n", b"test\n"),
    post(b"Content-Length: 3").replace(b"\r\n\r\n", b"\r\n\n"),
    *(post(b"X: a" + control + b"b", b"Content-Length: 3") for control in (b"\0", b"\1", b"\x7f")),
    *(post(name + b": a", b"Content-Length: 3") for name in (b"X\0", b"X\1", b"X\xe9", b"X(", b"")),
    post(b"no colon", b"Content-Length: 3"),
    b"POST /rotate HTTP/1.1\r\n Host: a\r\nHost: test\r\nContent-Length: 3\r\n\r\nABC",
]
CHUNKED = [
    *(
        chunks(size + b"\r\nABC\r\n" + LAST)
        for size in (b"0x3", b"+3", b"-3", b"0_3", b" 3", b"3 ", b"3\t", b"3\x0b", b"3,3", b"3.")
    ),
    *(
        chunks(size + b"\r\nABC\r\n" + LAST)
        for size in (b"", b"10000000000000003", b"ffffffffffffffff1", b"\xd9\xa3", b"3\0", b"g")
    ),
    *(
        chunks(b"3" + extension + b"\r\nABC\r\n" + LAST)
        for extension in (b";", b";;", b" ;a", b"; a = b", b";a\0", b";a=\x01", b';a="\x01"')
    ),
    *(
        chunks(b"3" + extension + b"\r\nABC\r\n" + LAST)
        for extension in (b';a="b', b';a="\r\nABC\r\n0\r\n\r\n"', b";a\nABC", b";a\rb", b";a=b c")
    ),
    chunks(b"3\nABC\r\n" + LAST),
    chunks(b"3\rABC\r\n" + LAST),
    chunks(b"3\r\nABC\n" + LAST),
    chunks(b"3\r\nABC" + LAST),
    chunks(b"3\r\nABCD\r\n" + LAST),
    chunks(b"3\r\nABC\r\n0\n\n"),
    chunks(b"3\r\nABC\r\n0\r\n\n"),
    chunks(b"3\r\nABC\r\n0\r\n\rX"),
    *(
        chunks(b"3\r\nABC\r\n0\r\n" + trailer + b"\r\n\r\n")
        for trailer in (b"Content-Length: 5", b"Transfer-Encoding: chunked")
    ),
    *(
        chunks(b"3\r\nABC\r\n0\r\n" + trailer + b"\r\n\r\n")
        for trailer in (b"broken", b"X : a", b"X: a\r\n b", b"X: a\n", b"X: \0", b"X: a\r\n" * 200)
    ),
]
TARGETS = [
    get(b"http://other/"),
    get(b"http://test:81/livez"),
    get(b"http://user@test/livez"),
    get(b"https://other/livez"),
    get(b"ftp://test/livez"),
    get(b"file:///livez"),
    get(b"http:/livez"),
    get(b"livez"),
    get(b"\\livez"),
    get(b"/livez#"),
    get(b"/metrics#/livez"),
    get(b"/livez?a#b"),
    *(get(b"/liv%bez" % char) for char in (b"\0", b"\1", b"\x7f", b"\xe9", b" ", b"\t", b"\r")),
    *(get(host=host) for host in (b"a b", b"a/b", b"u@test", b"test:x", b"[::1", b"a{b", b"t\xe9")),
    get().replace(b"Host", b"Host: test\r\nHost"),
    get().replace(b"Host: test\r\n", b""),
    get(b"http://test/livez").replace(b"Host: test\r\n", b""),
]
VERSIONS = [
    *(get(version=b"HTTP/" + number) for number in (b"0.9", b"1.2", b"1.9", b"1.10", b"2.0", b"2")),
    *(get(version=b"HTTP/" + number) for number in (b"3.0", b"01.1", b"1.01", b"10.1", b"1.", b"")),
    *(get(version=version) for version in (b"http/1.1", b"HTTP/ 1.1", b"HTTP/1.1 ", b"ICE/1.0")),
    *(post(b"Content-Length: 3", version=version) for version in (b"HTTP/0.9", b"HTTP/2.0")),
    b"GET /livez\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET\t/livez\tHTTP/1.1\r\nHost: test\r\n\r\n",
    b" GET /livez HTTP/1.1\r\nHost: test\r\n\r\n",
    b"get /livez HTTP/1.1\r\nHost: test\r\n\r\n",
    b"GE T /livez HTTP/1.1\r\nHost: test\r\n\r\n",
    b"ANY /livez HTTP/1.1\r\nHost: test\r\n\r\n",
]
REFUSED = [*LENGTHS, *CODINGS, *LINES, *CHUNKED, *TARGETS, *VERSIONS]


async def trickle(wire: Wire, sent: bytes) -> None:
    """Send byte by byte, as long as somebody listens."""
    with suppress(ConnectionError):
        await wire.send(*(sent[at : at + 1] for at in range(len(sent))))


@pytest.mark.parametrize("shape", named(REFUSED))
async def test_one_refusal_and_no_more(server: RunningServer, shape: bytes) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(shape + HIDDEN)
        assert (answer.status, answer.code) == (400, "malformed_request")
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""
    async with connect(server.port) as wire:
        await trickle(wire, shape[-2000:] if len(shape) > 4000 else shape)
        await trickle(wire, HIDDEN)
        answer = await wire.answer()
        # Byte by byte a route has begun with the body before it breaks.
        assert (answer.status, answer.code[:9]) == (400, "malformed")
        assert await wire.closed() == b""
    assert server.app[TELEMETRY].routes["/problems/{code}"].answers["GET", 200] == 0


TRAILERS = [
    *(b"X-Request-Id: somebody-elses", b"Authorization: Bearer x", b"Expect: x", b"X: a\r\nY: b"),
    *(b"Host: other", b"Connection: close"),
]


@pytest.mark.parametrize("trailer", TRAILERS)
@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("coding", [b"chunked", b"CHUNKED"])
async def test_a_trailer_is_no_header_of_the_next_request(
    server: RunningServer, trailer: bytes, apart: bool, coding: bytes
) -> None:
    # aiohttp's parser makes the last one a header of whatever request it parses next.
    shape = chunks(b"3\r\nABC\r\n0\r\n" + trailer + b"\r\n\r\n").replace(b"chunked", coding, 1)
    follower = request("/rotate", b"ABC")
    async with connect(server.port) as wire:
        if apart:
            assert (await wire.ask(shape)).body == b"NOP"
            answer = await wire.ask(follower)
            assert answer.body == b"NOP"
            assert answer.headers["x-request-id"] != "somebody-elses"
            assert "connection" not in answer.headers
        else:  # then the follower is not answered: where it begins is known to the parser alone
            answer = await wire.ask(shape + follower)
            assert answer.body == b"NOP" or answer.code == "malformed_request"
            assert answer.headers["connection"] == "close"
            assert await wire.closed() == b""


@pytest.mark.parametrize("waiting", [30, 31, 32, 33])
async def test_trailers_where_many_requests_wait(server: RunningServer, waiting: int) -> None:
    # The parser stops in the middle of a read, and goes on later with what it has kept.
    last = chunks(b"3\r\nABC\r\n0\r\nX-Request-Id: somebody-elses\r\n\r\n")
    sent = (
        request("/rotate", b"ABC") * waiting + last + request("/rotate", b"ABC", headers={"A": "0"})
    )
    async with connect(server.port) as wire:
        await wire.send(sent)
        for _ in range(waiting):
            assert (await wire.answer()).body == b"NOP"
        answer = await wire.answer()
        assert (answer.body, answer.headers["connection"]) == (b"NOP", "close")
        assert await wire.closed() == b""


@pytest.mark.parametrize("cut", range(1, 12))
async def test_what_follows_a_chunked_body_without_trailers_is_answered(
    server: RunningServer, cut: int
) -> None:
    shape = chunks(b"3\r\nABC\r\n0\r\n\r\n")
    sent = shape + request("/rotate", b"ABC") + shape + request("/livez", method="GET")
    async with connect(server.port) as wire:
        await wire.send(sent[: len(shape) - cut])
        await until(lambda: server.app[TELEMETRY].requests_in_progress)
        await wire.send(sent[len(shape) - cut :])
        for _ in range(3):
            assert (await wire.answer()).body == b"NOP"
        assert (await wire.answer()).status == 200


async def test_bytes_that_look_like_the_end_of_a_body_are_bytes(server: RunningServer) -> None:
    body = b"0\r\n\r\n" * 5000
    sent = chunked("/rotate?by=0", body[:3], body[3:]) + request("/rotate?by=0", b"ABC")
    async with connect(server.port) as wire:
        assert (await wire.ask(sent)).body == body


UNDERSTOOD = [
    *map(length, [b" 3", b"3 ", b"\t3\t", b"03", b"0" * 30 + b"3"]),
    post(b"Content-Length:3"),
    post(b"CONTENT-LENGTH: 3"),
    *map(coding, [b"chunked", b"Chunked", b" chunked ", b"\tchunked"]),
    *(
        chunks(b"3" + extension + b"\r\nABC\r\n" + LAST)
        for extension in (b";a", b";a=b", b';a="b"', b';a="b;c,\t\xe9"', b';a="\\""', b";a;b")
    ),
    chunks(b"0" * 30 + b"3\r\nABC\r\n" + LAST),
    b"\r\n\r\n" + post(b"Content-Length: 3"),
    post(b"Content-Length: 3").replace(b"/rotate", b"http://test/rotate"),
    post(b"Content-Length: 3").replace(b"/rotate", b"HTTPS://Test/rotate"),
]


@pytest.mark.parametrize("shape", named(UNDERSTOOD))
async def test_what_has_one_meaning_is_understood(server: RunningServer, shape: bytes) -> None:
    async with connect(server.port) as wire:
        for send in (Wire.send, trickle):
            await send(wire, shape + HIDDEN)
            assert (await wire.answer()).body == b"NOP"
            assert (await wire.answer()).body.startswith(FOUND)


async def only_answer(wire: Wire) -> Answer:
    answer = await wire.answer()
    assert answer.headers["connection"] == "close"
    assert await wire.closed() == b""
    return answer


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"TLS/1.0", b"tcp"])
@pytest.mark.parametrize(
    "end", [[b"Content-Length: 3", b"", b"ABC"], [b"Transfer-Encoding: chunked", b"", CHUNKS]]
)
async def test_an_upgrade_is_the_last_request(
    server: RunningServer, protocol: bytes, end: list[bytes]
) -> None:
    # The parser loses what came with such a request, and would begin in the middle of the next.
    line, _, body = end
    shape = upgrade(protocol, line, body=body)
    for send in (Wire.send, trickle):
        async with connect(server.port) as wire:
            await send(wire, shape + request("/rotate", length=len(HIDDEN)) + HIDDEN)
            assert (await only_answer(wire)).body == b"NOP"


@pytest.mark.parametrize(
    ("target", "status"), [("test:80", 404), ("/livez", 404), ("/rotate", 404)]
)
async def test_connect_is_the_last_request(server: RunningServer, target: str, status: int) -> None:
    # It has no body (RFC 9110 9.3.6), whatever it announces.
    shape = request(target, method="CONNECT", length=len(HIDDEN))
    for send in (Wire.send, trickle):
        async with connect(server.port) as wire:
            await send(wire, shape + HIDDEN)
            assert (await only_answer(wire)).status == status


async def test_trace_echoes_nothing(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", b"ABC", method="TRACE", headers={"X-Key": "k1"}))
        assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert b"k1" not in answer.body
        assert (await wire.ask(HIDDEN)).body.startswith(FOUND)


@pytest.mark.parametrize(
    "lines",
    [
        [b"Expect: x"],
        [b"Expect:"],
        [b"Expect: 100-continue; q=1"],
        [b"Expect: 100-continue, x"],
        [b"Expect: 100-continue", b"Expect: x"],
        [b"Expect: x", b"Expect: 100-continue"],
    ],
)
async def test_another_expectation_does_not_move_the_end_of_a_request(
    server: RunningServer, lines: list[bytes]
) -> None:
    async with connect(server.port) as wire:
        await wire.send(post(*lines, b"Content-Length: %d" % len(HIDDEN), body=HIDDEN))
        answer = await wire.answer()
        assert (answer.status, answer.code) == (417, "expectation_failed")
        assert (await wire.ask(post(b"Content-Length: 3"))).body == b"NOP"
    async with connect(server.port) as wire:
        await wire.send(post(*lines, b"Content-Length: %d" % (2 * len(HIDDEN)), body=HIDDEN))
        assert (await only_answer(wire)).status == 417  # the rest was never to come
    async with connect(server.port) as wire:
        body = b"%x\r\n%b\r\n" % (len(HIDDEN), HIDDEN) + LAST
        await wire.send(post(*lines, b"Transfer-Encoding: chunked", body=body))
        assert (await wire.answer()).status == 417
        assert (await wire.ask(post(b"Content-Length: 3"))).body == b"NOP"


async def test_a_late_body_is_not_taken_for_a_request(server: RunningServer) -> None:
    # A client that waits for 100 Continue and is refused may or may not send its body.
    expect = {"Expect": "100-continue", "Content-Encoding": "gzip"}
    async with connect(server.port) as wire:
        await wire.send(request(length=len(HIDDEN), headers=expect))
        answer = await wire.answer()
        assert (answer.status, answer.headers["connection"]) == (415, "close")
        await trickle(wire, HIDDEN)
        assert await wire.closed() == b""


UNREAD = {
    "too large": (413, {}, {"max_body": 100}),
    "encoded": (415, {"Content-Encoding": "gzip"}, {}),
    "no form": (415, {"Content-Type": "multipart/mixed; boundary=x"}, {}),
    "no PNG": (422, {}, {}),
    "too many pixels": (422, {}, {"max_pixels": 1}),
}


@pytest.mark.parametrize("refusal", UNREAD)
@pytest.mark.parametrize("as_chunks", [False, True], ids=["length", "chunks"])
@pytest.mark.parametrize("complete", [False, True], ids=["cut", "complete"])
async def test_requests_in_a_refused_body_are_never_answered(
    serve: Serve, refusal: str, as_chunks: bool, complete: bool
) -> None:
    status, headers, settings = UNREAD[refusal]
    server = await serve(**settings)
    first = small_png(width=2)[:40] if refusal == "too many pixels" else b""
    body = first + HIDDEN * 10
    if as_chunks:
        sent = chunked("/convert", body, headers=headers)
    else:
        sent = request(body=body, headers=headers)
    for send in (Wire.send, trickle):
        async with connect(server.port) as wire:
            await send(wire, sent if complete else sent[: -len(HIDDEN)])
            assert (await wire.answer()).status == status
            if not complete:
                await trickle(wire, HIDDEN)
            wire.writer.write_eof()
            assert await wire.closed() == b""
    assert not server.app[TELEMETRY].routes["/problems/{code}"].answers


async def test_a_read_that_ends_in_no_http_is_refused_as_a_whole(server: RunningServer) -> None:
    # The parser forgets the requests before it; none of them has begun then.
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", b"ABC") * 3 + b"nonsense\r\n\r\n")
        assert (answer.status, answer.code) == (400, "malformed_request")
        assert await wire.closed() == b""
    assert not server.app[TELEMETRY].routes["/rotate"].answers


async def test_requests_before_an_ambiguous_one_are_answered(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        await wire.send(request("/rotate", b"ABC") * 3 + coding(b"gzip, chunked") + HIDDEN)
        assert [(await wire.answer()).body for _ in range(3)] == [b"NOP"] * 3
        assert (await only_answer(wire)).code == "malformed_request"


async def test_a_path_that_looks_like_an_authority_is_a_path(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(get(b"//other/livez"))
        assert (answer.status, answer.code) == (404, "not_found")
    await until(lambda: not server.connections)
