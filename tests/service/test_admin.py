"""The supervisor tells how all workers are, and what they count, while none of them could."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from metric_samples import parse, value
from pixelferry import admin as admin_module
from pixelferry.admin import MAX_CONNECTIONS, Admin
from pixelferry.shared_counters import CounterBlock
from served import served
from wire import PATIENCE, Answer, connect, request


@asynccontextmanager
async def admin(api_key: str = "") -> AsyncIterator[int]:
    server = await Admin(CounterBlock.create(slots=1), api_key).start("127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def ask(port: int, sent: bytes) -> Answer:
    async with connect(port) as wire:
        answer = await wire.ask(sent)
        assert await wire.closed() == b""
    return answer


async def test_without_workers_it_lives_and_is_not_ready() -> None:
    async with admin() as port:
        for path, status in (("/livez", 200), ("/healthz", 200), ("/readyz", 503)):
            assert (await ask(port, request(path, method="GET"))).status == status


async def test_head_has_no_body() -> None:
    async with admin() as port, connect(port) as wire:
        await wire.send(request("/metrics", method="HEAD"))
        answer = await wire.answer(to_head=True)
        assert int(answer.headers["content-length"]) > 0
        assert await wire.closed() == b""


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/convert", 404), ("POST", "/metrics", 405), ("PUT", "/x", 404)],
)
async def test_there_is_nothing_else(method: str, path: str, status: int) -> None:
    async with admin() as port:
        assert (await ask(port, request(path, method=method))).status == status


async def test_metrics_need_the_key_if_there_is_one() -> None:
    key = "0123456789abcdef"
    async with admin(key) as port:
        assert (await ask(port, request("/livez", method="GET"))).status == 200
        refused = await ask(port, request("/metrics", method="GET"))
        assert (refused.status, refused.headers["www-authenticate"][:6]) == (401, "Bearer")
        for value_, status in ((f"Bearer {key}", 200), (f"bearer {key}", 200), ("Bearer x", 401)):
            headers = {"Authorization": value_}
            answer = await ask(port, request("/metrics", headers=headers, method="GET"))
            assert answer.status == status


@pytest.mark.parametrize(
    "sent", [b"", b"GET /livez", b"x" * 100_000, b"GET\r\n\r\n", b"\xff\r\n\r\n"]
)
async def test_whatever_else_comes_is_closed(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_module, "PATIENCE", 0.1)
    async with admin() as port, connect(port) as wire:
        await wire.send(sent)
        assert (await wire.closed())[:12] in {b"", b"HTTP/1.1 404"}


async def test_many_at_once_are_not_kept() -> None:
    async with admin() as port:
        wires = [connect(port) for _ in range(MAX_CONNECTIONS + 1)]
        opened = [await wire.__aenter__() for wire in wires]
        assert await opened[-1].closed() == b""
        for wire in wires:
            await wire.__aexit__(None, None, None)


async def rotated(port: int) -> float:
    seen = parse((await ask(port, request("/metrics", method="GET"))).body)
    labels = {"route": "/rotate", "method": "POST", "status": "200"}
    return value(seen, "pixelferry_requests_total", **labels)


async def test_it_answers_while_no_worker_can() -> None:
    async with served("--workers", "2", "--admin-bind", "127.0.0.1:0") as service:
        (line,) = (line for line in service.log.splitlines() if "supervisor answers" in line)
        port = int(line.rpartition(" ")[2])
        async with connect(service.port) as wire:
            for _ in range(3):
                await wire.ask(request("/rotate", b"ABC"))
        async with asyncio.timeout(PATIENCE):
            while await rotated(port) < 3:  # it counts behind the answer
                pass
        stopped = service.workers()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            seen = parse((await ask(port, request("/metrics", method="GET"))).body)
            count = await rotated(port)
            health = await ask(port, request("/readyz", method="GET"))
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
    assert count == 3
    assert value(seen, "pixelferry_workers") == 2
    memory = seen["process_resident_memory_bytes"].samples
    assert [one.labels["worker"] for one in memory] == ["0", "1", "supervisor"]
    assert health.status == 200
    assert health.body.decode().count("ready, process") == 2


async def test_an_address_in_use_is_one_clear_line() -> None:
    async with admin() as port, served("--admin-bind", f"127.0.0.1:{port}") as service:
        assert await service.exit_code() == 1
        assert f"cannot listen on 127.0.0.1:{port}" in service.log
