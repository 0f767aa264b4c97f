"""Requests that must be refused, or that are right but costly, each with its documented answer."""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING

from pixelferry.http.problems import BEYOND_LIMIT, INVALID_PNG
from png_writer import RGB, SIGNATURE, Chunk, encode, ihdr, small_png
from soak.exchange import Request
from soak.pictures import converted
from wire import chunked, form, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from soak.exchange import Source
    from soak.pictures import Picture

MIB = 1 << 20
BOMB = 64 * MIB  # bytes that a few inflate to
EMPTY_CHUNKS = 200_000  # 2.4 MB of them
EXPECT = {"Expect": "100-continue"}
SIDE = 7000  # pixels: within MAX_PIXELS, beyond a small budget
HEAD = b"POST /rotate HTTP/1.1\r\nHost: soak\r\n"


class BadRequests:
    """All kinds of them, made once for all clients."""

    def __init__(self, picture: Picture, *, max_body: int, share: int) -> None:
        """`picture` is what gets damaged; `share` is what a worker may hold, in bytes."""
        self._draws: list[Callable[[Random], Request]] = [
            *(partial(_same, one) for one in fixed_requests(max_body=max_body, share=share)),
            partial(_truncated, picture.png),
            partial(_with_a_bit_flipped, picture.png),
        ]

    def one_of_each(self, random: Random) -> Iterator[Request]:
        """Draw all kinds, one after the other."""
        return (draw(random) for draw in self._draws)

    def source(self, random: Random) -> Source:
        """Draw one of all kinds."""
        return lambda: random.choice(self._draws)(random)


def fixed_requests(*, max_body: int, share: int) -> Iterator[Request]:
    """Yield those that are always the same."""
    yield from _no_pictures()
    yield from _beyond_limits(max_body, share)
    yield from _bombs()
    yield from _unwanted_bodies()
    yield from _malformed()


def _same(one: Request, _: Random) -> Request:
    return one


def _bad(name: str, sent: bytes, *codes: str) -> Request:
    return Request(f"bad: {name}", (sent,), codes=frozenset(codes))


def _truncated(png: bytes, random: Random) -> Request:
    body = png[: random.randrange(64, len(png) - 16)]  # within IDAT, mostly
    codes = ("truncated", "missing_iend", "too_little_data")
    return _bad("truncated", request("/convert", body), *codes)


def _with_a_bit_flipped(png: bytes, random: Random) -> Request:
    body = bytearray(png)
    body[random.randrange(len(png))] ^= 1 << random.randrange(8)
    sent = request("/convert", bytes(body))
    return _bad("a bit flipped", sent, *INVALID_PNG, *BEYOND_LIMIT)


def _no_pictures() -> Iterator[Request]:
    yield _bad("text", request("/convert", b"not a picture, but text" * 9), "not_a_png")
    yield _bad("nothing", request("/convert", b""), "not_a_png")
    yield _bad("no rows", request("/convert", _only_ihdr(0, 5)), "bad_dimensions")


def _beyond_limits(max_body: int, share: int) -> Iterator[Request]:
    huge, wide = _only_ihdr(50_000, 50_000), _only_ihdr(70_000, 1)
    yield _bad("huge", request("/convert", huge), "too_many_pixels")
    yield _bad("huge, announced", request("/convert", huge, length=MIB), "too_many_pixels")
    yield _bad("wide", request("/convert", wide), "dimension_too_large")
    if share < 3 * SIDE * SIDE:
        head = request("/convert", _only_ihdr(SIDE, SIDE), length=MIB)
        yield _bad("beyond the budget", head, "exceeds_budget")
    length = max_body + 1
    asked = request("/convert", length=length, headers=EXPECT)
    yield _bad("too large, asked", asked, "body_too_large")
    kind, codes = "bad: too large, sent", frozenset({"body_too_large"})
    yield Request(kind, (request("/convert", length=length), bytes(length)), codes=codes)


def _bombs() -> Iterator[Request]:
    zeros = zlib.compress(bytes(BOMB), 9)
    small = ihdr(16, 16, RGB, 8)
    inflating = encode([small, Chunk(b"IDAT", zeros), Chunk(b"IEND")])
    yield _bad("IDAT beyond IHDR", request("/convert", inflating), "too_much_data")
    before, idat = small_png()[:33], small_png()[33:]
    text = Chunk(b"zTXt", b"bomb\0\0" + zeros).encoded()
    yield _costly("zTXt bomb", before + text + idat)
    yield _costly("empty chunks", before + Chunk(b"teSt").encoded() * EMPTY_CHUNKS + idat)
    yield _costly("empty IDATs", before + Chunk(b"IDAT").encoded() * EMPTY_CHUNKS + idat)


def _costly(name: str, png: bytes) -> Request:
    bmp = converted(name, png).bmp
    return Request(f"bad: {name}", (request("/convert", length=len(png)), png), bmp)


def _unwanted_bodies() -> Iterator[Request]:
    text = b"text"
    gzip = request("/convert", text, headers={"Content-Encoding": "gzip"})
    yield _bad("gzip", gzip, "unsupported_content_encoding")
    mixed = {"Content-Type": "multipart/mixed; boundary=x"}
    yield _bad("no form", request("/convert", text, headers=mixed), "unsupported_multipart")
    headers, body = form(*(('form-data; name="f"; filename="a.png"', small_png()),) * 2)
    yield _bad("two files", request("/convert", body, headers=headers), "malformed_multipart")
    yield _bad("parameter", request("/convert?depth=8", small_png()), "unknown_parameter")
    yield _bad("value", request("/rotate?by=x", text), "bad_parameter")
    yield _bad("path", request("/nowhere", text), "not_found")
    yield _bad("method", request("/convert", method="DELETE"), "method_not_allowed")
    other = request("/convert", text, headers={"Expect": "the-unexpected"})
    yield _bad("expectation", other, "expectation_failed")


def _malformed() -> Iterator[Request]:
    yield _bad("no HTTP", b"nonsense\r\n\r\n", "malformed_request")
    both = b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nABC"
    yield _bad("two lengths", HEAD + both, "malformed_request")
    yield _bad("negative length", HEAD + b"Content-Length: -1\r\n\r\n", "malformed_request")
    yield _bad("large header", HEAD + b"X: " + b"x" * 9000 + b"\r\n\r\n", "head_too_large")
    broken = chunked("/rotate", b"ABC")[: -len(b"0\r\n\r\n")] + b"zz\r\n"
    yield _bad("broken chunk", broken, "malformed_request", "malformed_body")


def _only_ihdr(width: int, height: int) -> bytes:
    """Return the start of a picture of that size, enough to be refused."""
    return SIGNATURE + ihdr(width, height, RGB, 8).encoded() + bytes(64)
