"""Pages of the origins that are listed may use the service from a browser, those of others may not.

What a browser makes of the headers is in the Fetch standard (3.3); a cache needs Vary beside them.
"""

from collections.abc import Mapping

import pytest

from pixelferry.http.app import ROUTES
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.http.routing import Route
from pixelferry.server import RunningServer
from serving import Serve
from wire import Answer, connect, request

PAGE = "https://www.example.org"
OTHER = "http://localhost:3000"
STRANGERS = [
    "https://example.org",
    "http://www.example.org",
    "https://www.example.org:444",
    "https://www.example.org.evil.example",
    "https://www.example.orgy",
    "HTTPS://www.example.org",
    f"{PAGE}, {OTHER}",
    f"{PAGE} {OTHER}",
    "null",
    "*",
    "",
]
EXPOSED = {
    "server-timing",
    "x-pixelferry-copies",
    "x-request-id",
    "content-disposition",
    "retry-after",
}


@pytest.fixture
async def sharing(serve: Serve) -> RunningServer:
    return await serve(cors_origins=(PAGE, OTHER), max_body=1024)


async def ask(
    server: RunningServer,
    path: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> Answer:
    async with connect(server.port) as wire:
        await wire.send(request(path, body, method=method, headers=headers))
        return await wire.answer(to_head=method in {"HEAD", "OPTIONS"})


async def preflight(server: RunningServer, path: str, origin: str, method: str = "PUT") -> Answer:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return await ask(server, path, "OPTIONS", asked)


def cors_headers(answer: Answer) -> set[str]:
    return {
        name
        for name in answer.headers
        if name.startswith("access-control-") or name == "timing-allow-origin"
    }


def words(value: str) -> set[str]:
    return {word.strip().lower() for word in value.split(",")}


@pytest.mark.parametrize("origin", [PAGE, OTHER])
@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        ("/rotate", "POST", b"ABC", 200),
        ("/inspect", "POST", b"no PNG, but so much that it could be one", 422),
        ("/rotate", "POST", bytes(1025), 413),
        ("/rotate?x=1", "POST", b"", 400),
        ("/openapi.json", "GET", None, 200),
        ("/livez", "HEAD", None, 200),
        ("/nope", "GET", None, 404),
        ("/convert", "DELETE", None, 405),
    ],
)
async def test_a_listed_origin_sees_every_answer(
    sharing: RunningServer, origin: str, path: str, method: str, body: bytes | None, status: int
) -> None:
    answer = await ask(sharing, path, method, {"Origin": origin}, body)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["timing-allow-origin"] == origin
    assert words(answer.headers["access-control-expose-headers"]) == EXPOSED
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_listed_origin_sees_a_bitmap(sharing: RunningServer, png: bytes) -> None:
    answer = await ask(sharing, "/convert?filename=a.png", "POST", {"Origin": PAGE}, png)
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert EXPOSED - {"retry-after"} <= answer.headers.keys()


@pytest.mark.parametrize("origin", STRANGERS)
async def test_another_origin_sees_nothing(sharing: RunningServer, origin: str) -> None:
    answer = await ask(sharing, "/rotate", "POST", {"Origin": origin}, b"ABC")
    assert (answer.status, answer.body) == (200, b"NOP")  # no browser shows it
    assert not cors_headers(answer)
    assert answer.headers["vary"] == "Origin"
    answer = await preflight(sharing, "/rotate", origin)
    assert not cors_headers(answer)
    assert answer.headers["vary"] == "Origin"


async def test_without_an_origin_caches_are_warned_all_the_same(sharing: RunningServer) -> None:
    answer = await ask(sharing, "/openapi.json", "GET", {})
    assert not cors_headers(answer)
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
async def test_a_browser_learns_what_it_may_send(sharing: RunningServer, route: Route) -> None:
    path = route.path.replace("{code}", "not_found")
    answer = await preflight(sharing, path, PAGE)
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers
    assert answer.headers["access-control-allow-origin"] == PAGE
    methods = answer.headers["access-control-allow-methods"].split(", ")
    assert set(methods) == {*route.methods, "OPTIONS"}
    allowed = words(answer.headers["access-control-allow-headers"])
    assert allowed == {"authorization", "content-type", "x-request-id"}
    assert int(answer.headers["access-control-max-age"]) > 0


async def test_a_preflight_is_counted(sharing: RunningServer) -> None:
    await preflight(sharing, "/convert", PAGE)
    assert sharing.app[TELEMETRY].routes["/convert"].answers == {("OPTIONS", 204): 1}


async def test_a_browser_learns_what_is_not_there(sharing: RunningServer) -> None:
    answer = await preflight(sharing, "/nope", PAGE)
    assert answer.status == 404
    assert "access-control-allow-methods" not in answer.headers


async def test_asking_for_the_methods_alone_is_no_preflight(sharing: RunningServer) -> None:
    answer = await ask(sharing, "/convert", "OPTIONS", {"Origin": PAGE})
    assert (answer.status, answer.headers["allow"]) == (204, "OPTIONS, POST, PUT")
    assert "access-control-allow-methods" not in answer.headers


async def test_a_connection_goes_on_after_a_preflight(sharing: RunningServer) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    async with connect(sharing.port) as wire:
        await wire.send(request("/rotate", method="OPTIONS", headers=asked))
        assert (await wire.answer(to_head=True)).status == 204
        assert (await wire.ask(request("/rotate", b"ABC", headers={"Origin": PAGE}))).body == b"NOP"


async def test_any_origin(serve: Serve) -> None:
    server = await serve(cors_origins=("*",))
    for headers in ({"Origin": PAGE}, {"Origin": "null"}, {}):
        answer = await ask(server, "/rotate", "POST", headers, b"ABC")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["timing-allow-origin"] == "*"
        assert "vary" not in answer.headers
    answer = await preflight(server, "/convert", PAGE)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in words(answer.headers["access-control-allow-headers"])


async def test_a_page_is_told_that_its_key_is_wrong(serve: Serve) -> None:
    server = await serve(cors_origins=(PAGE,), api_key="k" * 16)
    answer = await ask(server, "/rotate", "POST", {"Origin": PAGE}, b"ABC")
    assert answer.code == "unauthorized"
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert (await preflight(server, "/rotate", PAGE)).status == 204


async def test_by_default_nothing_is_shared(server: RunningServer) -> None:
    answer = await ask(server, "/rotate", "POST", {"Origin": PAGE}, b"ABC")
    assert not cors_headers(answer)
    assert "vary" not in answer.headers
    answer = await preflight(server, "/rotate", PAGE)
    assert (answer.status, answer.headers["allow"]) == (204, "OPTIONS, POST")
    assert not cors_headers(answer)
