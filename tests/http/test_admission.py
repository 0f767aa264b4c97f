"""Requests together never hold more than the budget: they wait, or are told why they cannot."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from unittest.mock import Mock

import pytest

from pixelferry import _native
from pixelferry.budget import SMALL, Budget, Need
from pixelferry.http import body, min_rate
from pixelferry.http.routes.metrics import BUDGET, TELEMETRY
from pixelferry.server import RunningServer
from png_writer import small_png
from serving import Serve, busy_workers, only_connection, releasing, until
from wire import chunked, connect, request

pytestmark = pytest.mark.usefixtures("way")

MIB = 2**20
LIMIT = 32 * MIB


@pytest.fixture(autouse=True)
def an_empty_pool() -> None:
    _native.trim_pool()


@asynccontextmanager
async def full(server: RunningServer) -> AsyncIterator[Budget]:
    """Hold all memory that large requests may have, without a request; in the end none is held."""
    budget = server.app[BUDGET]
    with releasing(await budget.admit(Need(budget.largest))):
        yield budget
    await until(lambda: budget.held == 0)


@pytest.fixture(scope="module")
def large_png() -> bytes:
    """3 MB when converted, so that it goes into the lane for large ones."""
    return small_png(width=1000, height=1000)


async def test_a_request_waits_for_memory(serve: Serve, large_png: bytes) -> None:
    server = await serve(memory_budget=LIMIT)
    async with connect(server.port) as wire:
        async with full(server) as budget:
            await wire.send(request(body=large_png))
            await until(lambda: budget.large_waiting)
        answer = await wire.answer()
    assert answer.status == 200
    assert "queue;dur=0.000" not in answer.headers["server-timing"]


async def test_small_requests_are_served_meanwhile(
    serve: Serve, png: bytes, large_png: bytes
) -> None:
    server = await serve(memory_budget=LIMIT)
    async with connect(server.port) as large, connect(server.port) as small:
        async with full(server) as budget:
            await large.send(request(body=large_png))
            await until(lambda: budget.large_waiting)
            assert (await small.ask(request(body=png))).status == 200
            assert (await small.ask(request("/rotate", b"ABC"))).body == b"NOP"
        assert (await large.answer()).status == 200


async def test_the_body_is_not_read_while_it_waits(serve: Serve) -> None:
    server = await serve(memory_budget=LIMIT)
    body = bytes(8 * MIB)
    async with connect(server.port) as wire:
        async with full(server) as budget:
            sending = asyncio.create_task(wire.send(request("/rotate", body)))
            await until(lambda: budget.large_waiting)
            transport = only_connection(server)._transport
            assert transport is not None
            assert not transport.is_reading()
            assert not sending.done()  # the sender is held back
        await sending
        assert len((await wire.answer()).body) == len(body)


async def test_a_body_is_not_admitted_with_the_one_before(serve: Serve) -> None:
    server = await serve(memory_budget=LIMIT)
    async with connect(server.port) as wire, busy_workers(server) as waiting:
        await wire.send(request("/rotate", length=MIB))
        connection = only_connection(server)
        await until(lambda: connection._admitted)
        behind = request("/rotate", length=8 * MIB)
        await wire.send(bytes(MIB - 1), b"." + behind + b".")  # the second begins in one read
        await waiting.wait()
        assert not connection._admitted
        assert not connection._reads()


async def test_waiting_for_memory_is_not_sending_slowly(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "perf_counter", Mock(side_effect=count(0, 3600)))  # a look an hour
    server = await serve(memory_budget=LIMIT, min_rate=2**30)
    png = small_png() + bytes(4 * MIB)
    async with connect(server.port) as wire:
        async with full(server) as budget:
            await wire.send(request(length=len(png)))
            await until(lambda: server.app[TELEMETRY].requests_in_progress)
            await until(lambda: only_connection(server)._reads())  # the body is awaited
            await wire.send(png[:100])
            await until(lambda: budget.large_waiting)
            monkeypatch.setattr(min_rate, "RATE_FREE", 0.0)
        await wire.send(png[100:])
        assert (await wire.answer()).status == 200


async def test_a_full_queue_is_said(serve: Serve, large_png: bytes) -> None:
    server = await serve(memory_budget=LIMIT, max_queue=0)
    async with full(server), connect(server.port) as wire:
        answer = await wire.ask(request(body=large_png))
    assert (answer.status, answer.code) == (503, "queue_full")
    assert answer.headers["retry-after"] == "1"
    assert answer.problem["setting"] == "PIXELFERRY_MAX_QUEUE"
    assert server.app[TELEMETRY].rejections["queue_full"] == 1


async def test_waiting_too_long_is_said(serve: Serve, large_png: bytes) -> None:
    server = await serve(memory_budget=LIMIT, queue_timeout=0.05)
    async with full(server), connect(server.port) as wire:
        answer = await wire.ask(request(body=large_png))
    assert (answer.status, answer.code) == (503, "queue_timeout")
    assert answer.headers["retry-after"] == "1"
    assert answer.problem["limit"] == 0.05
    assert answer.problem["setting"] == "PIXELFERRY_QUEUE_TIMEOUT"


async def test_what_never_fits_is_said_at_once(serve: Serve) -> None:
    server = await serve(memory_budget=LIMIT)
    begin = small_png(width=4000, height=4000)[:33]  # 48 MB when converted
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=begin, length=100_000))
    assert (answer.status, answer.code) == (422, "exceeds_budget")
    assert answer.problem["limit"] == LIMIT * 7 // 8 < 48_000_054 < answer.problem["needed"]
    assert answer.problem["setting"] == "PIXELFERRY_MEMORY_BUDGET"
    async with connect(server.port) as wire:
        told = (await wire.ask(request("/inspect", begin))).body
    assert b'"accepted": false' in told
    assert b'"code": "exceeds_budget"' in told


async def test_an_unknown_length_grows_while_there_is_memory(serve: Serve) -> None:
    server = await serve(memory_budget=LIMIT)
    chunks = [bytes(100_000)] * 70  # 7 MB: grows to 8, beside 4 that it came from
    async with connect(server.port) as wire:
        answer = await wire.ask(chunked("/rotate", *chunks))
    assert answer.body == b"\r" * 7_000_000


async def test_growth_never_waits(serve: Serve) -> None:
    server = await serve(memory_budget=LIMIT)
    budget = server.app[BUDGET]
    head = request("/rotate", headers={"Transfer-Encoding": "chunked"})
    async with connect(server.port) as wire:
        with releasing(await budget.admit(Need(budget.largest - 3 * MIB))):
            await wire.send(head + b"600000\r\n" + bytes(5 * MIB))
            answer = await wire.answer()
    assert (answer.status, answer.code) == (503, "budget_exhausted")
    assert answer.problem["needed"] >= 3 * MIB
    assert "limit" not in answer.problem
    assert server.app[TELEMETRY].rejections["budget_exhausted"] == 1
    assert answer.headers["retry-after"] == "1"
    await until(lambda: budget.held == 0)


@pytest.mark.parametrize("target", ["/rotate", "/rotate?mode=split", "/convert"])
async def test_growth_that_will_never_fit_is_no_matter_of_time(target: str, serve: Serve) -> None:
    server = await serve(memory_budget=4 * MIB)
    budget = server.app[BUDGET]
    body = small_png() + bytes(3 * MIB)
    async with connect(server.port) as wire:
        answer = await wire.ask(
            chunked(target, *(body[at : at + MIB] for at in range(0, 3 * MIB, MIB)))
        )
    assert (answer.status, answer.code) == (422, "exceeds_budget")
    assert answer.problem["needed"] > answer.problem["limit"] == budget.largest
    await until(lambda: budget.held == 0)


async def test_a_client_that_leaves_gives_up_its_place_at_once(
    serve: Serve, large_png: bytes
) -> None:
    server = await serve(memory_budget=LIMIT)
    async with full(server) as budget:
        async with connect(server.port) as wire:  # nothing is left to be read of this one
            await wire.send(request(body=large_png))
            await until(lambda: budget.large_waiting)
            wire.writer.write_eof()
            await until(lambda: not budget.large_waiting)
        client = socket.create_connection(("127.0.0.1", server.port))
        client.setblocking(False)  # and of this one nearly all, nor can it be sent
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, request("/rotate", length=8 * MIB))
        await until(lambda: budget.large_waiting)
        client.send(bytes(8 * MIB))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()  # a reset
        await until(lambda: not budget.large_waiting)
    await until(lambda: not server.connections)


@pytest.mark.parametrize("target", ["/convert", "/rotate", "/rotate?mode=split"])
async def test_so_does_the_memory_of_a_job_that_has_not_begun(
    serve: Serve, photo_png: bytes, target: str
) -> None:
    server = await serve()
    budget = server.app[BUDGET]
    async with connect(server.port) as wire, busy_workers(server) as waiting:
        await wire.send(request(target, photo_png))
        await waiting.wait()
        assert budget.held
        wire.reset()
        await until(lambda: budget.held == 0)  # at once: no worker has come free


async def test_an_answer_holds_its_memory_until_it_is_taken(serve: Serve) -> None:
    server = await serve(memory_budget=LIMIT)
    budget = server.app[BUDGET]
    data = small_png(width=2800, height=2800)  # 23 MB: more than socket buffers take
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, request(body=data))
        assert (await loop.sock_recv(client, 12)).startswith(b"HTTP/1.1 200")
        assert _native.output_capacity(3 * 2800 * 2800 + 54) == budget.held  # not the input's
    await until(lambda: budget.held == 0)


@pytest.mark.parametrize("query", ["", "?mode=split"])
async def test_so_do_rotated_bytes(serve: Serve, query: str) -> None:
    server = await serve(memory_budget=2 * LIMIT)
    budget = server.app[BUDGET]
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, request("/rotate" + query, bytes(20 * MIB)))
        assert (await loop.sock_recv(client, 12)).startswith(b"HTTP/1.1 200")
        assert 20 * MIB <= budget.held < 21 * MIB + 20 * MIB // 8
    await until(lambda: budget.held == 0)


@pytest.mark.parametrize("sent", [33, 40_000, 400_000])
async def test_nothing_of_an_aborted_upload_waits_for_the_collector(
    serve: Serve, photo_png: bytes, sent: int
) -> None:
    server = await serve(memory_budget=LIMIT)
    budget = server.app[BUDGET]
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            async with connect(server.port) as wire:
                await wire.send(request(body=photo_png[:sent], length=8 * MIB))
                await until(lambda: budget.held)
                wire.reset()
                await until(lambda: not budget.held)
    finally:
        gc.enable()


async def test_the_sum_never_exceeds_the_budget(serve: Serve, large_png: bytes) -> None:
    server = await serve(memory_budget=LIMIT)
    budget = server.app[BUDGET]
    most = 0

    async def ask() -> None:
        nonlocal most
        async with connect(server.port) as wire:
            for _ in range(4):
                assert (await wire.ask(request(body=large_png))).status == 200
                pool = _native.pool_stats()
                most = max(most, budget.held, pool.used_bytes + pool.idle_bytes)

    await asyncio.gather(*(ask() for _ in range(32)))
    assert SMALL < most <= LIMIT
