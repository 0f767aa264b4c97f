"""A request for a host that is not listed is refused, however the host is written (RFC 9110 7.4).

Health checks ask by address and are answered under any name.
"""

import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from pixelferry.server import RunningServer
from pixelferry.settings import Settings
from serving import Serve
from wire import Answer, connect

ALLOWED = Settings.load({"allowed_hosts": "Pixel.example, *.ferry.example, [0:0::1], 10.0.0.1"}, {})


@pytest.fixture
async def named(serve: Serve) -> RunningServer:
    return await serve(allowed_hosts=ALLOWED.allowed_hosts)


async def ask(server: RunningServer, head: str) -> Answer:
    async with connect(server.port) as wire:
        return await wire.ask(head.encode("latin-1") + b"\r\n\r\n")


@pytest.mark.parametrize(
    "host",
    [
        "pixel.example",
        "PIXEL.Example",
        "pixel.example:8080",
        "pixel.example:",
        "pixel.example.",
        "a.ferry.example",
        "a.b.ferry.example:1",
        "[::1]",
        "[::1]:8080",
        "[0000:0:0:0:0:0:0:1]",
        "10.0.0.1:80",
    ],
)
async def test_a_listed_host_is_answered(named: RunningServer, host: str) -> None:
    assert (await ask(named, f"GET /metrics HTTP/1.1\r\nHost: {host}")).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example",
        "x.pixel.example",
        "pixel.example.evil.example",
        "ferry.example",
        ".ferry.example",
        "xferry.example",
        "*.ferry.example",
        "pixel.example..",
        "pixel.example,evil.example",
        "[::2]",
        "[1:2]",
        "10.0.0.11",
    ],
)
async def test_any_other_host_is_refused(named: RunningServer, host: str) -> None:
    answer = await ask(named, f"GET /metrics HTTP/1.1\r\nHost: {host}")
    assert (answer.status, answer.code) == (421, "host_not_allowed")
    assert answer.problem["setting"] == "PIXELFERRY_ALLOWED_HOSTS"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example/.ferry.example",
        "evil.example#.ferry.example",
        "pixel.example:80:80",
        "pixel.example@evil.example",
        "user@pixel.example",
        "::1",
        "[::1",
        "[::1]x",
        "p\xefxel.example",
    ],
)
async def test_what_is_no_host_is_refused_before(named: RunningServer, host: str) -> None:
    answer = await ask(named, f"GET /metrics HTTP/1.1\r\nHost: {host}")
    assert (answer.status, answer.code) == (400, "malformed_request")


async def test_a_host_in_the_target_is_looked_at(named: RunningServer) -> None:
    for target, status in (
        ("http://pixel.example/metrics", 200),
        ("http://[::1]:80/metrics", 200),
        ("http://evil.example/metrics", 421),
        ("http://pixel.example@evil.example/metrics", 421),
    ):
        answer = await ask(named, f"GET {target} HTTP/1.0")
        assert answer.status == status, target


@pytest.mark.parametrize("line", ["CONNECT evil.example:80", "CONNECT /x", "OPTIONS *"])
async def test_targets_that_are_no_paths(
    named: RunningServer, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await ask(named, f"{line} HTTP/1.1\r\nHost: evil.example")
    assert (answer.status, answer.code) == (421, "host_not_allowed")
    assert not caplog.records


async def test_no_host_at_all_is_refused(named: RunningServer) -> None:
    assert (await ask(named, "GET /metrics HTTP/1.0")).code == "host_not_allowed"


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz"])
async def test_health_checks_ask_under_any_name(named: RunningServer, path: str) -> None:
    assert (await ask(named, f"GET {path} HTTP/1.1\r\nHost: 10.9.8.7:8080")).status == 200
    assert (await ask(named, f"GET {path} HTTP/1.0")).status == 200


async def test_the_refusal_comes_before_key_and_body(serve: Serve) -> None:
    server = await serve(allowed_hosts=("pixel.example",), api_key="k" * 16)
    head = "POST /convert HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue"
    answer = await ask(server, head)
    assert (answer.status, answer.headers["connection"]) == (421, "close")


async def test_by_default_any_host_will_do(server: RunningServer) -> None:
    assert (await ask(server, "GET /metrics HTTP/1.1\r\nHost: whatever")).status == 200
    assert (await ask(server, "GET /metrics HTTP/1.0")).status == 200


async def test_it_is_documented(named: RunningServer) -> None:
    answer = await ask(named, "GET /openapi.json HTTP/1.1\r\nHost: pixel.example")
    document = json.loads(answer.body)
    OpenAPIV31SpecValidator(document).validate()
    responses = document["paths"]["/convert"]["post"]["responses"]
    assert "`host_not_allowed`" in responses["421"]["description"]
    assert "421" not in document["paths"]["/livez"]["get"]["responses"]
