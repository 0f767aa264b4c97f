"""aiohttp drops all options if it does not know one: each is seen working on a live connection."""

import gzip
import socket
from typing import Any

from pixelferry.http.aiohttp_handler import MAX_LINE, READ_AHEAD
from pixelferry.server import RunningServer
from serving import only_connection, until
from wire import connect, request


def handler(server: RunningServer) -> Any:  # noqa: ANN401 - aiohttp's, with our options
    return only_connection(server)._handler


async def test_the_options_have_arrived(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        await wire.ask(request("/livez", method="GET"))
        live = handler(server)
        seen = {
            "keepalive_timeout": live._keepalive_timeout,
            "lingering_time": live._lingering_time,
            "read_bufsize": live._read_bufsize,
            "max_line_size": live.max_line_size,
            "max_field_size": live.max_field_size,
            "access_logger": live.access_logger,
            "handler_cancellation": live._manager.handler_cancellation,
        }
    assert seen == {
        "keepalive_timeout": server.settings.keepalive_timeout,
        "lingering_time": 0,
        "read_bufsize": READ_AHEAD,
        "max_line_size": MAX_LINE,
        "max_field_size": MAX_LINE,
        "access_logger": None,
        "handler_cancellation": True,
    }


async def test_nothing_is_decompressed(server: RunningServer) -> None:
    # Were auto_decompress on, /livez would fail while reading the broken body away.
    body = gzip.compress(bytes(1000))[:-20] + b"x" * 20
    headers = {"Content-Encoding": "gzip"}
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/livez", body, method="GET", headers=headers))
        assert answer.status == 200
        assert (await wire.ask(request("/livez", method="GET"))).status == 200


async def test_the_socket_is_set_up(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        await wire.ask(request("/livez", method="GET"))
        connection = only_connection(server)
        transport = connection._transport
        assert transport is not None
        sock = transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert transport.get_write_buffer_limits() == (0, 0)


async def test_the_loop_is_uvloop(server: RunningServer) -> None:
    async with connect(server.port):
        await until(lambda: server.connections)
        connection = only_connection(server)
        assert type(connection._transport).__module__.startswith("uvloop")


async def test_the_server_tells_no_versions(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        for sent in (
            request("/livez", method="GET"),
            request("/nope", method="GET"),
            request("/rotate", b"ABC"),
            b"nonsense\r\n\r\n",
        ):
            assert (await wire.ask(sent)).headers["server"] == "pixelferry"
