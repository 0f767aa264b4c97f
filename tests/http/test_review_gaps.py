"""Holds now, but no other test would notice if it did not: each names what could be left out."""

import asyncio

import pytest

from png_writer import small_png
from serving import Serve, only_connection, until
from wire import Wire, connect, request

pytestmark = pytest.mark.usefixtures("everything_comes_back")

SMALL = small_png(width=9, height=7)


async def warm(wire: Wire) -> None:
    await wire.ask(request("/livez", method="GET"))
    await asyncio.sleep(0.02)


async def test_icons_keep_a_connection(serve: Serve) -> None:
    # Handler._answered_at_once: self._next_keepalive_close_time = ...
    server = await serve(keepalive_timeout=0.6)
    async with connect(server.port) as wire:
        await warm(wire)
        for _ in range(8):
            assert (await wire.ask(request(body=SMALL))).status == 200
            await asyncio.sleep(0.2)


async def test_a_pipeline_behind_many_icons(serve: Serve) -> None:
    # Handler._answered_at_once: self._parser.message_consumed()
    server = await serve(read_timeout=2.0)
    async with connect(server.port) as wire:
        await warm(wire)
        for _ in range(40):
            await wire.ask(request(body=SMALL))
        await wire.send(request(body=SMALL) * 3)
        for _ in range(3):
            async with asyncio.timeout(5):
                assert (await wire.answer()).status == 200


async def test_a_body_in_drops_is_not_late(serve: Serve) -> None:
    # Destination.advance: self.last = now
    server = await serve(read_timeout=0.5)
    body = bytes(100_000)
    async with connect(server.port) as wire:
        await wire.send(request("/rotate?by=0", body)[: -len(body)])
        for at in range(10):
            await wire.send(body[at : at + 1])
            await asyncio.sleep(0.15)
        assert (await wire.ask(body[10:])).body == body


async def test_icons_one_by_one_do_not_pile_up(serve: Serve) -> None:
    # Handler._answered_at_once: or transport.get_write_buffer_size()
    server = await serve()
    large = request(body=small_png(width=140, height=140))
    async with connect(server.port) as wire:
        await warm(wire)
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        transport = only_connection(server)._transport
        assert transport is not None
        await until(lambda: transport.get_write_buffer_size() or wire.writer.write(large))
        for _ in range(20):
            await wire.send(large)
            await asyncio.sleep(0.01)
            assert transport.get_write_buffer_size() < 2 * 2**16
