"""With a key set, nothing but health checks is answered without it, and nobody learns it from us.

Header and challenge follow RFC 6750; a refusal comes before the body.
"""

import asyncio
import json
import logging
from collections.abc import Mapping

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from command_line import run
from pixelferry.http.app import ROUTES
from pixelferry.http.routes import convert
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from serving import LONG_WAY, Serve
from wire import connect, request

KEY = "correct-horse-battery~staple/+0=="
CHALLENGE = 'Bearer realm="pixelferry"'
WRONG = f'{CHALLENGE}, error="invalid_token"'
WITH_KEY = {"Authorization": f"Bearer {KEY}"}

OPERATIONS = [
    (route.path, method) for route in ROUTES if not route.always for method in route.methods
]
ALWAYS = [(route.path, method) for route in ROUTES if route.always for method in route.methods]


@pytest.fixture
async def keyed(serve: Serve) -> RunningServer:
    return await serve(api_key=KEY)


async def status_of(
    server: RunningServer, path: str, method: str, headers: Mapping[str, str] | None = None
) -> int:
    async with connect(server.port) as wire:
        await wire.send(request(path, method=method, headers=headers))
        return (await wire.head())[0]


@pytest.mark.parametrize(
    ("path", "method"),
    [*OPERATIONS, ("/nope", "GET"), ("/convert", "GET"), ("/convert", "OPTIONS")],
)
async def test_it_is_needed(keyed: RunningServer, path: str, method: str) -> None:
    async with connect(keyed.port) as wire:
        await wire.send(request(path, method=method))
        answer = await wire.answer(to_head=method == "HEAD")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, CHALLENGE)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await status_of(keyed, path, method, WITH_KEY) != 401


@pytest.mark.parametrize(("path", "method"), ALWAYS)
async def test_health_checks_need_none(keyed: RunningServer, path: str, method: str) -> None:
    assert await status_of(keyed, path, method) == 200


async def test_the_health_command_needs_none(keyed: RunningServer) -> None:
    env = {"PIXELFERRY_API_KEY_FILE": "/nowhere"}
    for flags in ([], ["--ready"]):
        done = await asyncio.to_thread(run, "health", "--port", str(keyed.port), *flags, env=env)
        assert (done.returncode, done.stderr) == (0, b"")


async def test_with_it_all_works(keyed: RunningServer, png: bytes) -> None:
    async with connect(keyed.port) as wire:
        answer = await wire.ask(request(body=png, headers=WITH_KEY))
    assert (answer.status, answer.body[:2]) == (200, b"BM")
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("start", ["bearer ", "BEARER ", "bEaReR ", "Bearer   "])
async def test_the_scheme_may_be_written_in_any_case(keyed: RunningServer, start: str) -> None:
    assert await status_of(keyed, "/metrics", "GET", {"Authorization": start + KEY}) == 200


@pytest.mark.parametrize(
    ("given", "challenge"),
    [
        ("Bearer " + KEY[:-1], WRONG),
        ("Bearer " + KEY + "=", WRONG),
        ("Bearer " + KEY.upper(), WRONG),
        ("Bearer x", WRONG),
        ("Bearer " + "x" * 8000, WRONG),
        ("Bearer " + KEY + " " + KEY, WRONG),
        ("Bearer \xe4\xff", WRONG),
        (f'Bearer "{KEY}"', WRONG),
        (f"Bearer {KEY}\r\nAuthorization: Bearer {KEY}", WRONG),  # twice
        (f"Bearer {KEY}\r\nAuthorization: Basic eDp5", WRONG),
        (f"Basic eDp5\r\nAuthorization: Bearer {KEY}", CHALLENGE),
        ("Bearer", CHALLENGE),
        ("", CHALLENGE),
        (KEY, CHALLENGE),
        ("Bearer" + KEY, CHALLENGE),
        ("Bearer\t" + KEY, CHALLENGE),
        ("Basic eDp5", CHALLENGE),
    ],
)
async def test_anything_else_is_refused(keyed: RunningServer, given: str, challenge: str) -> None:
    async with connect(keyed.port) as wire:
        sent = request("/metrics", method="GET", headers={"Authorization": given})
        answer = await wire.ask(sent)
        assert (answer.status, answer.code) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == challenge
        assert await status_of(keyed, "/metrics", "GET", WITH_KEY) == 200


@pytest.mark.parametrize("name", ["api_key", "access_token", "key"])
async def test_it_is_not_taken_from_the_query(keyed: RunningServer, name: str) -> None:
    async with connect(keyed.port) as wire:
        answer = await wire.ask(request(f"/rotate?{name}={KEY}", b"ABC"))
        assert (answer.status, answer.headers["www-authenticate"]) == (401, CHALLENGE)
        answer = await wire.ask(request(f"/rotate?{name}=x", b"ABC", headers=WITH_KEY))
        assert answer.code == "unknown_parameter"


async def test_the_refusal_comes_before_the_body(keyed: RunningServer) -> None:
    async with connect(keyed.port) as wire:
        answer = await wire.ask(request(length=1 << 20))
        assert (answer.status, answer.headers["connection"]) == (401, "close")
        assert await wire.closed() == b""


async def test_the_refusal_comes_instead_of_100(keyed: RunningServer, png: bytes) -> None:
    async with connect(keyed.port) as wire:
        expecting = {"Expect": "100-continue"}
        assert (await wire.ask(request(length=len(png), headers=expecting))).status == 401
    async with connect(keyed.port) as wire:
        await wire.send(request(length=len(png), headers={**expecting, **WITH_KEY}))
        assert (await wire.head())[0] == 100
        assert (await wire.ask(png)).status == 200


async def test_refusals_are_counted(keyed: RunningServer) -> None:
    assert await status_of(keyed, "/metrics", "GET") == 401
    assert keyed.app[TELEMETRY].errors == {"unauthorized": 1}


async def test_a_browser_may_ask_without_it(keyed: RunningServer) -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    assert await status_of(keyed, "/convert", "OPTIONS", asked) == 204
    for name, value in asked.items():
        assert await status_of(keyed, "/convert", "OPTIONS", {name: value}) == 401
    assert await status_of(keyed, "/convert", "POST", asked) == 401


async def test_it_is_never_logged(
    keyed: RunningServer,
    png: bytes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("for a record in the log")

    monkeypatch.setattr(convert, "convert_async", fail)
    nearly = {"Authorization": f"Bearer {KEY}x"}
    with caplog.at_level(logging.DEBUG):
        async with connect(keyed.port) as wire:
            answers = [await wire.ask(request(LONG_WAY, png, headers=WITH_KEY))]
            answers.append(await wire.ask(request(body=png, headers=nearly)))
    assert [answer.status for answer in answers] == [500, 401]
    assert "for a record in the log" in caplog.text
    assert KEY not in caplog.text
    assert all(KEY.encode() not in answer.body for answer in answers)
    assert KEY not in repr(keyed.settings)


async def test_it_is_documented(keyed: RunningServer, server: RunningServer) -> None:
    async with connect(keyed.port) as wire:
        sent = request("/openapi.json", method="GET", headers=WITH_KEY)
        document = json.loads((await wire.ask(sent)).body)
    OpenAPIV31SpecValidator(document).validate()
    ((name, scheme),) = document["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert document["security"] == [{name: []}]
    for path, method in OPERATIONS:
        operation = document["paths"][path][method.lower()]
        assert "security" not in operation
        assert "`unauthorized`" in operation["responses"]["401"]["description"]
    for path, method in ALWAYS:
        operation = document["paths"][path][method.lower()]
        assert operation["security"] == []
        assert "401" not in operation["responses"]
    async with connect(server.port) as wire:
        plain = json.loads((await wire.ask(request("/openapi.json", method="GET"))).body)
    assert "security" not in plain
    assert "401" not in plain["paths"]["/convert"]["post"]["responses"]


async def test_a_key_file_does_as_well(
    serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("secrets") / "key"
    path.write_text(KEY + "\n")
    server = await serve(api_key_file=str(path))
    path.unlink()  # it was read at the start
    assert await status_of(server, "/metrics", "GET") == 401
    assert await status_of(server, "/metrics", "GET", WITH_KEY) == 200
