"""What no request needs any more goes back to the system."""

from pixelferry import _native
from pixelferry.http.routes.metrics import BUDGET
from png_writer import small_png
from serving import Serve, until
from wire import chunked, connect, request

MIB = 2**20


async def test_idle_outputs_are_unmapped_after_a_while(serve: Serve) -> None:
    server = await serve(pool_idle=0.1)
    async with connect(server.port) as wire:
        assert (await wire.ask(request(body=small_png(width=1000, height=1000)))).status == 200
    await until(lambda: _native.pool_stats().idle_bytes == 0)


async def test_before_that_they_are_used_again(serve: Serve) -> None:
    _native.trim_pool()
    server = await serve(pool_idle=3600)
    data = request(body=small_png(width=1000, height=1000))
    before = _native.pool_stats()
    async with connect(server.port) as wire:
        for _ in range(3):
            assert (await wire.ask(data)).status == 200
    after = _native.pool_stats()
    assert (after.mapped - before.mapped, after.reused - before.reused) == (1, 2)


async def test_so_are_the_bodies(serve: Serve) -> None:
    _native.trim_pool()
    server = await serve(pool_idle=3600)
    before = _native.pool_stats()
    async with connect(server.port) as wire:
        for _ in range(3):
            assert (await wire.ask(request("/rotate", bytes(MIB)))).body == b"\r" * MIB
    after = _native.pool_stats()
    assert (after.mapped - before.mapped, after.reused - before.reused) == (1, 2)


async def test_a_body_that_grows_leaves_no_block_behind(serve: Serve) -> None:
    _native.trim_pool()
    server = await serve(pool_idle=0.5)
    before = _native.pool_stats()
    async with connect(server.port) as wire:
        answer = await wire.ask(chunked("/rotate?by=1", *[bytes(100_000)] * 35))
        assert answer.body == b"\1" * 3_500_000
    await until(lambda: server.app[BUDGET].held == 0)
    after = _native.pool_stats()
    assert after.used_blocks == before.used_blocks
    assert after.mapped - before.mapped == 3  # of 1, 2 and 4 MiB
    assert after.idle_bytes <= 7 * MIB
    await until(lambda: _native.pool_stats().idle_bytes == 0)


async def test_a_server_that_drains_keeps_nothing(serve: Serve) -> None:
    server = await serve(pool_idle=3600)
    async with connect(server.port) as wire:
        assert (await wire.ask(request(body=small_png(width=1000, height=1000)))).status == 200
    await server.drain()
    assert _native.pool_stats().idle_bytes == 0
