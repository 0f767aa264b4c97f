"""Whatever goes wrong is told as a problem document with a stable code, never with internals."""

import logging
import re
from pathlib import Path
from unittest.mock import Mock

import pytest
from aiohttp import web

from pixelferry import _native
from pixelferry.http import body, middlewares
from pixelferry.http.problems import BEYOND_LIMIT, INVALID_PNG, PROBLEMS
from pixelferry.http.routes import convert
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from png_writer import RGB, Chunk, encode, ihdr
from serving import LONG_WAY, until
from wire import connect, request

pytestmark = pytest.mark.usefixtures("way")

ERRORS_HPP = Path(__file__).parents[2] / "native" / "errors.hpp"


def test_every_code_of_the_core_has_its_problem() -> None:
    pattern = r'ErrorCode::(\w+), ErrorKind::(\w+), "(\w+)"'
    listed = re.findall(pattern, ERRORS_HPP.read_text())
    assert len(listed) > 20
    by_kind = {
        kind: {name for _, its_kind, name in listed if its_kind == kind}
        for kind in ("invalid_png", "limit_exceeded", "out_of_memory")
    }
    assert by_kind["invalid_png"] == set(INVALID_PNG)
    assert by_kind["limit_exceeded"] == set(BEYOND_LIMIT)
    assert by_kind["out_of_memory"] <= set(PROBLEMS)
    assert {PROBLEMS[name].status for name in INVALID_PNG | BEYOND_LIMIT} == {422}


async def test_a_fault_is_named_with_its_place(server: RunningServer) -> None:
    wrong_crc = Chunk(b"tEXt", b"x", crc=1)
    data = encode([ihdr(1, 1, RGB, 8), wrong_crc, Chunk(b"IDAT", b""), Chunk(b"IEND")])
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=data))
    assert (answer.status, answer.code) == (422, "bad_crc")
    assert isinstance(answer.problem["offset"], int)
    assert answer.problem["detail"]


async def test_unknown_paths(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        for path in (
            "/nope",
            "/convert/",
            "/convert/x",
            "//convert",
            "/%63onvert%2f",
            "/problems/x",
        ):
            answer = await wire.ask(request(path, method="GET"))
            assert (answer.status, answer.code) == (404, "not_found"), path


@pytest.mark.parametrize("line", ["CONNECT host:80", "CONNECT /convert", "OPTIONS *"])
async def test_targets_that_are_no_paths(
    server: RunningServer, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(f"{line} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
    assert (answer.status, answer.code) == (404, "not_found")
    assert not caplog.records


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/convert", "OPTIONS, POST, PUT"),
        ("DELETE", "/convert", "OPTIONS, POST, PUT"),
        ("GET", "/rotate", "OPTIONS, POST"),
        ("PUT", "/inspect", "OPTIONS, POST"),
        ("POST", "/livez", "GET, HEAD, OPTIONS"),
        ("PATCH", "/problems/not_found", "GET, HEAD, OPTIONS"),
    ],
)
async def test_unknown_methods(server: RunningServer, method: str, path: str, allowed: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(path, method=method))
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # without Host
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_no_http(server: RunningServer, sent: bytes) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(sent)
    assert (answer.status, answer.code) == (400, "malformed_request")
    assert "\n" not in answer.problem["detail"]
    assert len(answer.problem["detail"]) <= 200


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: %b\r\n" % (b"x" * 1000) * 40,
    ],
    ids=["target", "header", "headers"],
)
async def test_a_head_too_large(server: RunningServer, sent: bytes) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(sent)
        assert (answer.status, answer.code) == (431, "head_too_large")
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""


@pytest.mark.parametrize("target", ["*", "http://", "http://[::1/", "http://x:y/"])
async def test_a_target_that_is_no_url(server: RunningServer, target: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(target, method="GET"))
    assert answer.code == "malformed_request"
    assert answer.problem["detail"] == "the request target is no valid URL"


async def test_what_is_no_http_behind_a_request(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"
        answer = await wire.ask(b"nonsense\r\n\r\n")
        assert answer.code == "malformed_request"
        assert await wire.closed() == b""


@pytest.mark.parametrize(
    ("target", "code", "names"),
    [
        ("/convert?nope=1", "unknown_parameter", "filename"),
        ("/convert?filename=a&filename=b", "bad_parameter", "more than once"),
        ("/convert?filename=", "bad_parameter", "1 to 255 characters"),
        ("/convert?filename=" + "x" * 256, "bad_parameter", "1 to 255 characters"),
        ("/rotate?by=1&by=1", "bad_parameter", "more than once"),
        ("/rotate?" + "x" * 500 + "=1", "unknown_parameter", "known: by, mode"),
        ("/rotate?=", "unknown_parameter", "known: by, mode"),
        ("/rotate?%ff%00=%fe", "unknown_parameter", "known: by, mode"),
    ],
)
async def test_wrong_parameters(
    server: RunningServer, png: bytes, target: str, code: str, names: str
) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(target, png))
    assert (answer.status, answer.code) == (400, code)
    assert names in answer.problem["detail"]
    assert len(answer.problem["detail"]) < 200


async def test_nothing_inside_is_told(
    server: RunningServer,
    png: bytes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(convert, "convert_async", fail)
    with caplog.at_level(logging.ERROR):
        async with connect(server.port) as wire:
            answer = await wire.ask(request(LONG_WAY, png))
            assert (answer.status, answer.code) == (500, "internal_error")
            assert b"secret" not in answer.body
            monkeypatch.undo()
            assert (await wire.ask(request(LONG_WAY, png))).status == 200
    assert "the secret reason" in caplog.text
    assert answer.problem["request_id"] in caplog.text


async def test_an_answer_that_fails_midway_is_cut_off(
    server: RunningServer,
    png: bytes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(to: web.Request, *_: object) -> None:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(to)
        await response.write(b"the beginning")
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(convert, "send_bitmap", fail)
    held = _native.pool_stats().used_blocks
    async with connect(server.port) as wire:
        await wire.send(request(LONG_WAY, png))
        assert (await wire.head())[0] == 200
        assert await wire.closed() == b"the beginning"
    assert "the secret reason" in caplog.text
    assert server.app[TELEMETRY].routes["/convert"].answers == {("POST", 500): 1}
    caplog.clear()  # its records hold the picture, too
    await until(lambda: _native.pool_stats().used_blocks == held)


async def test_what_fails_before_the_middlewares_is_answered_too(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(middlewares, "Exchange", fail)
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/livez", method="GET"))
        assert (answer.status, answer.code) == (500, "internal_error")
        assert b"secret" not in answer.body
        assert await wire.closed() == b""
    assert "the secret reason" in caplog.text


async def test_no_memory_is_told_to_come_back(
    server: RunningServer, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        error = _native.OutOfMemory("there is not enough memory for the output")
        error.code = "out_of_memory"
        raise error

    monkeypatch.setattr(convert, "convert_async", fail)
    async with connect(server.port) as wire:
        answer = await wire.ask(request(LONG_WAY, png))
    assert (answer.status, answer.code) == (503, "out_of_memory")
    assert int(answer.headers["retry-after"]) > 0


async def test_no_memory_for_the_body_is_told_too(
    server: RunningServer, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "request_buffer", Mock(side_effect=MemoryError))
    async with connect(server.port) as wire:
        answer = await wire.ask(request(LONG_WAY, png))
    assert (answer.status, answer.code) == (503, "out_of_memory")
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("given", ["a", "A-b_c.9", "x" * 128])
async def test_a_harmless_request_id_is_kept(server: RunningServer, given: str) -> None:
    async with connect(server.port) as wire:
        for target, method in (("/livez", "GET"), ("/nope", "GET"), ("/rotate", "POST")):
            answer = await wire.ask(request(target, method=method, headers={"X-Request-Id": given}))
            assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize(
    "given",
    [
        *("", "x" * 129, "x" * 8000, "a b", "a\tb", "a,b", "<script>", "a/b", '"a"', "a:b"),
        *("\xfc", "a\x85", "a\xa0", "\xd9\xa3", "\xff\xfe", "a\xe2\x80\xa8b"),
        "a\r\nX-Request-Id: b",  # twice
        "a\r\nX-Request-Id:",
    ],
)
async def test_any_other_request_id_is_replaced(server: RunningServer, given: str) -> None:
    async with connect(server.port) as wire:
        sent = request("/livez", method="GET", headers={"X-Request-Id": given})
        first, second = await wire.ask(sent), await wire.ask(sent)
    ids = {first.headers["x-request-id"], second.headers["x-request-id"]}
    assert len(ids) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}", chosen) for chosen in ids)


@pytest.mark.parametrize("given", ["a\rb", "a\nb", "a\x0bb", "a\x0cb", "a\x00b", "a\r\n b"])
async def test_a_request_id_that_is_no_header_value_is_not_taken(
    server: RunningServer, given: str
) -> None:
    async with connect(server.port) as wire:
        sent = request("/livez", method="GET", headers={"X-Request-Id": given})
        answer = await wire.ask(sent)
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])


async def test_every_problem_is_explained_where_its_type_points(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        for code, known in PROBLEMS.items():
            answer = await wire.ask(request(f"/problems/{code}", method="GET"))
            assert answer.status == 200
            assert known.title in answer.body.decode()
