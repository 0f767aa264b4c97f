"""Probes are answered whatever else goes on, and never from a cache."""

import asyncio

import pytest

from pixelferry import _native
from pixelferry.server import RunningServer
from png_writer import small_png
from serving import Serve, busy_workers, until
from wire import connect, request

PROBES = ["/livez", "/healthz", "/readyz"]


@pytest.mark.parametrize("path", PROBES)
async def test_a_probe_is_green_and_not_stored(server: RunningServer, path: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(path, method="GET"))
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.body
        await wire.send(request(path, method="HEAD"))
        assert (await wire.answer(to_head=True)).status == 200
        # Nothing came after the head: the connection is still in step.
        assert (await wire.ask(request(path + "?cache-buster=1", method="GET"))).status == 200


async def test_only_readiness_turns_red(server: RunningServer) -> None:
    server.turn_unready()
    statuses = {}
    for path in PROBES:
        async with connect(server.port) as wire:
            answer = await wire.ask(request(path, method="GET"))
            statuses[path] = answer.status
            assert answer.headers["cache-control"] == "no-store"
    assert statuses == {"/livez": 200, "/healthz": 200, "/readyz": 503}


async def test_probes_are_answered_while_all_workers_are_busy(
    server: RunningServer, photo_png: bytes
) -> None:
    async with connect(server.port) as working, connect(server.port) as wire:
        async with busy_workers(server) as waiting:
            await working.send(request(body=photo_png))
            await waiting.wait()
            for path in PROBES:
                assert (await wire.ask(request(path, method="GET"))).status == 200
        assert (await working.answer()).status == 200


async def test_probes_are_answered_while_a_large_picture_is_converted(serve: Serve) -> None:
    server = await serve()
    data = small_png(width=8000, height=6000)  # 144 MB as BMP
    blocks = _native.pool_stats().used_blocks
    async with connect(server.port) as working, connect(server.port) as wire:
        await working.send(request(body=data))
        answer = asyncio.create_task(working.head())
        await until(lambda: _native.pool_stats().used_blocks > blocks)  # it converts
        probes = 0
        while not answer.done():
            assert (await wire.ask(request("/livez", method="GET"))).status == 200
            probes += 1
        assert (await answer)[0] == 200
    assert probes > 0
