"""Where a server listens: any family, a socket that somebody else made, and it gives it back."""

import asyncio
import errno
import socket

import pytest

from pixelferry import server as server_module
from pixelferry.server import listen, start_server
from pixelferry.settings import Settings
from wire import request


def ask(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.connect((host, port))
    return sock


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1", "[::1]")]
)
async def test_the_address_for_people(host: str, url: str) -> None:
    server = await start_server(Settings(host=host, port=0))
    assert server.url == f"http://{url}:{server.port}"
    await server.close()


async def test_a_socket_that_is_handed_in_is_used() -> None:
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    server = await start_server(Settings(port=1), sock)
    assert server.port == port
    with ask(socket.AF_INET, "127.0.0.1", port) as client:
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, request("/livez", method="GET"))
        assert (await loop.sock_recv(client, 12)).startswith(b"HTTP/1.1 200")
    await server.close()


async def test_every_interface_of_both_families() -> None:
    sock = listen("::", 0)
    port = sock.getsockname()[1]
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        ask(family, host, port).close()
    sock.close()


async def test_the_port_is_free_again_after_closing() -> None:
    server = await start_server(Settings(port=0))
    await server.close()
    again = await start_server(Settings(port=server.port))
    assert again.port == server.port
    await again.close()


async def test_a_taken_port_is_an_os_error() -> None:
    server = await start_server(Settings(port=0))
    with pytest.raises(OSError, match="in use"):
        await start_server(Settings(port=server.port))
    await server.close()


def test_only_a_socket_that_cannot_be_had_is_called_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space is left")

    monkeypatch.setattr(server_module, "_serve", fail)
    with pytest.raises(OSError, match="no space is left"):
        server_module.serve(Settings(port=0))
    assert "cannot listen" not in capsys.readouterr().err
