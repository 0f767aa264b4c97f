"""No browser guesses what an answer is, and nobody frames or feeds a page that we answer with.

The headers are added in one place, whatever route or refusal makes the answer.
"""

import pytest
from aiohttp import web

from pixelferry.http import app
from pixelferry.http.routing import Answer, Route
from pixelferry.server import RunningServer
from serving import Serve
from wire import chunked, connect, request

FOR_HTML = {
    "content-security-policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request("/", method="GET"), 200),
        (request("/livez", method="GET"), 200),
        (request("/openapi.json", method="GET"), 200),
        (request("/metrics", method="GET"), 200),
        (request("/rotate", b"ABC"), 200),
        (request("/nope", method="GET"), 404),
        (request("/convert", method="GET"), 405),
        (request("/convert", b"no PNG"), 422),
        (chunked("/rotate", b"ABC", headers={"Expect": "miracles"}), 417),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: %b\r\n" % (b"x" * 1000) * 40, 431),
    ],
)
async def test_no_answer_is_guessed_at(server: RunningServer, sent: bytes, status: int) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(sent)
    assert answer.status == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not FOR_HTML.keys() & answer.headers.keys()


async def test_a_bitmap_is_not_guessed_at(server: RunningServer, png: bytes) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=png))
    assert answer.headers["content-type"] == "image/bmp"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_html_says_what_it_may_load_and_who_may_frame_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def get_html(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<p>", content_type="text/html")

    page = Route(
        methods=("GET",),
        path="/html",
        handler=get_html,
        summary="A page of this test",
        answers=(Answer(200, "text/html", "A page."),),
    )
    monkeypatch.setattr(app, "ROUTES", (*app.ROUTES, page))
    server = await serve()
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/html", method="GET"))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.items() >= FOR_HTML.items()
