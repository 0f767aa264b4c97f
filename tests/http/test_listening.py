"""Where a server listens: any family, a socket that somebody else made, and it gives it back."""

import asyncio
import socket
from pathlib import Path

import pytest

from command_line import names
from pixelferry.listeners import (
    adopt,
    close_listeners,
    listen,
    listen_unix,
    open_listeners,
    url,
    withdraw,
)
from pixelferry.server import start_server
from pixelferry.settings import MAX_UDS, Settings
from wire import request


def ask(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.connect((host, port))
    return sock


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1", "[::1]")]
)
def test_the_address_for_people(host: str, shown: str) -> None:
    with listen(host, 0) as sock:
        assert url(Settings(host=host, port=0), sock) == f"http://{shown}:{sock.getsockname()[1]}"


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


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_nobody_new_connects_once_a_socket_is_withdrawn(
    family: socket.AddressFamily, tmp_path: Path
) -> None:
    hosts = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
    path = str(tmp_path / "s")
    sock = listen_unix(path) if family == socket.AF_UNIX else listen(hosts[family], 0)
    with sock, socket.socket(family) as early, socket.socket(family) as late:
        for client in (sock, early, late):
            client.setblocking(False)
        early.connect_ex(sock.getsockname())
        withdraw(sock)
        late.connect_ex(sock.getsockname())
        sock.accept()[0].close()
        with pytest.raises(BlockingIOError):
            sock.accept()


def test_a_path_that_somebody_else_has_taken_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listen_unix(str(path)) as sock:
        path.unlink()
        path.mkdir()
        withdraw(sock)
    assert path.is_dir()


@pytest.mark.parametrize("is_adopted", [False, True])
def test_only_its_own_file_is_removed(tmp_path: Path, is_adopted: bool) -> None:
    path = tmp_path / "s"

    def start() -> socket.socket:
        made = listen_unix(str(path))
        return adopt(made.detach(), made.file) if is_adopted else made

    with start() as older:
        path.unlink()
        with start() as newer:
            withdraw(older)
            assert path.is_socket()
            withdraw(newer)
            assert not path.exists()


def test_the_longest_path_of_a_socket_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    workers = 256
    listeners = open_listeners(Settings(uds="x" * MAX_UDS, workers=workers))
    assert len(listeners) == len(names(tmp_path)) == workers
    close_listeners(listeners)
    assert names(tmp_path) == []


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
