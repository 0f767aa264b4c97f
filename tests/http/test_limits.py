"""What is too much is refused before it is sent, or read, or unpacked, and the answer says why."""

from collections.abc import Callable

import pytest

from pixelferry.server import RunningServer
from png_writer import RGB, SIGNATURE, ihdr, small_png
from serving import Serve
from wire import Answer, Wire, chunked, connect, form, request

pytestmark = pytest.mark.usefixtures("way")

KIB = 1024
EXPECT = {"Expect": "100-continue"}


def assert_too_large(answer: Answer, limit: int, needed: int | None = None) -> None:
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert answer.problem["limit"] == limit
    assert answer.problem["setting"] == "PIXELFERRY_MAX_BODY"
    assert answer.headers["connection"] == "close"
    if needed is None:
        assert answer.problem["needed"] > limit
    else:
        assert answer.problem["needed"] == needed


async def test_too_large_is_refused_before_it_is_sent(serve: Serve) -> None:
    server = await serve(max_body=KIB)
    async with connect(server.port) as wire:
        await wire.send(request(length=KIB + 1, headers=EXPECT))
        # The first thing that comes is the refusal, not 100 Continue.
        assert_too_large(await wire.answer(), KIB, KIB + 1)


# The parser knows a length of 64 set bits as "none", and no body then.
@pytest.mark.parametrize("length", [1 << 40, (1 << 64) - 2, (1 << 64) - 1])
async def test_too_large_is_refused_without_expect_too(serve: Serve, length: int) -> None:
    server = await serve(max_body=KIB)
    async with connect(server.port) as wire:
        await wire.send(request(length=length))
        assert_too_large(await wire.answer(), KIB, length)


async def test_the_limit_itself_is_allowed(serve: Serve) -> None:
    server = await serve(max_body=KIB)
    async with connect(server.port) as wire:
        assert (await wire.ask(request("/rotate", bytes(KIB)))).status == 200
        assert (await wire.ask(chunked("/rotate", bytes(KIB)))).status == 200


async def test_a_chunked_body_is_refused_when_it_passes_the_limit(serve: Serve) -> None:
    server = await serve(max_body=KIB)
    head = request("/rotate", headers={"Transfer-Encoding": "chunked"})
    async with connect(server.port) as wire:
        await wire.send(head + b"400\r\n" + bytes(KIB) + b"\r\n1\r\nx\r\n")  # and it would go on
        assert_too_large(await wire.answer(), KIB)


async def test_a_refused_client_that_sends_on_sees_the_answer(serve: Serve) -> None:
    size = 8 << 20
    server = await serve(max_body=KIB)
    async with connect(server.port) as wire:
        await wire.send(request(body=bytes(size)))
        assert_too_large(await wire.answer(), KIB, size)


async def test_continue_comes_when_the_body_is_wanted(server: RunningServer, png: bytes) -> None:
    async with connect(server.port) as wire:
        await wire.send(request(length=len(png), headers=EXPECT))
        assert await wire.head() == (100, {})
        answer = await wire.ask(png)
        assert answer.status == 200
        assert (await wire.ask(request(body=png))).status == 200


async def test_no_continue_for_a_body_that_is_there_already(
    server: RunningServer, png: bytes
) -> None:
    async with connect(server.port) as wire:
        assert (await wire.ask(request(body=png, headers=EXPECT))).status == 200


@pytest.mark.parametrize("target", ["/nowhere", "/livez", "/convert?x=1", "/rotate?by=x"])
async def test_no_continue_for_what_is_refused_anyway(server: RunningServer, target: str) -> None:
    async with connect(server.port) as wire:
        await wire.send(request(target, length=10, headers=EXPECT))
        assert (await wire.answer()).status in {400, 404, 405}


async def test_another_expectation_fails(server: RunningServer, png: bytes) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=png, headers={"Expect": "the-unexpected"}))
    assert (answer.status, answer.code) == (417, "expectation_failed")


def raw(first: bytes) -> tuple[dict[str, str], bytes]:
    return {}, first


def in_form(first: bytes) -> tuple[dict[str, str], bytes]:
    headers, body = form(('form-data; name="f"; filename="a.png"', first + bytes(200)))
    return headers, body[: body.index(first) + len(first) + 100]


HOPELESS = [
    (SIGNATURE + ihdr(50_000, 50_000, RGB, 8).encoded(), "too_many_pixels", "MAX_PIXELS"),
    (SIGNATURE + ihdr(70_000, 1, RGB, 8).encoded(), "dimension_too_large", "MAX_DIMENSION"),
    (SIGNATURE + ihdr(1, 70_000, RGB, 8).encoded(), "dimension_too_large", "MAX_DIMENSION"),
    (SIGNATURE + ihdr(1, 1, RGB, 7).encoded(), "bad_bit_depth", None),
    (b"GIF89a" + bytes(27), "not_a_png", None),
]


@pytest.mark.parametrize("wrapped", [raw, in_form])
@pytest.mark.parametrize(("first", "code", "setting"), HOPELESS)
@pytest.mark.parametrize("length", [1 << 20, None], ids=["length", "chunked"])
async def test_hopeless_uploads_end_at_their_header(
    server: RunningServer,
    first: bytes,
    code: str,
    setting: str | None,
    wrapped: Callable[[bytes], tuple[dict[str, str], bytes]],
    length: int | None,
) -> None:
    headers, begin = wrapped(first)
    async with connect(server.port) as wire:
        await send_begin(wire, headers, begin, length)
        answer = await wire.answer()  # although most of the body is still to come
    assert (answer.status, answer.code) == (422, code)
    assert answer.headers["connection"] == "close"
    assert answer.problem.get("setting") == (setting and f"PIXELFERRY_{setting}")


async def send_begin(wire: Wire, headers: dict[str, str], begin: bytes, length: int | None) -> None:
    if length is None:
        await wire.send(request(headers={**headers, "Transfer-Encoding": "chunked"}))
        await wire.send(b"%x\r\n%b\r\n" % (len(begin), begin))
    else:
        await wire.send(request(headers=headers, length=length) + begin)


async def test_pixels_are_counted_exactly(serve: Serve) -> None:
    server = await serve(max_pixels=100, max_dimension=50)
    async with connect(server.port) as wire:
        assert (await wire.ask(request(body=small_png(width=10, height=10)))).status == 200
        over = await wire.ask(request(body=small_png(width=10, height=11)))
        assert (over.problem["limit"], over.problem["needed"]) == (100, 110)
        wide = await wire.ask(request(body=small_png(width=51, height=1)))
        assert (wide.code, wide.problem["limit"]) == ("dimension_too_large", 50)


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "identity, gzip", "x"])
async def test_encoded_bodies_are_refused(server: RunningServer, png: bytes, coding: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=png, headers={"Content-Encoding": coding}))
    assert (answer.status, answer.code) == (415, "unsupported_content_encoding")
    assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
async def test_identity_is_no_encoding(server: RunningServer, png: bytes, coding: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=png, headers={"Content-Encoding": coding}))
    assert answer.status == 200
