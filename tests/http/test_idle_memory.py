"""What no request needs any more goes back to the system."""

from pixelferry import _native
from png_writer import small_png
from serving import Serve, until
from wire import connect, request


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


async def test_a_server_that_drains_keeps_nothing(serve: Serve) -> None:
    server = await serve(pool_idle=3600)
    async with connect(server.port) as wire:
        assert (await wire.ask(request(body=small_png(width=1000, height=1000)))).status == 200
    await server.drain()
    assert _native.pool_stats().idle_bytes == 0
