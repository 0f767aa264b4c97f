"""The service behind a Unix socket, one for each worker: who may bind it, and who removes it."""

import signal
import socket
import stat
from pathlib import Path

import pytest

from command_line import names, run
from pixelferry.listeners import listen_unix
from served import Served, served
from wire import connect_unix, request


def taken(path: Path) -> bytes:
    return f"pixelferry: cannot listen on {path}: Address already in use\n".encode()


async def answers(path: Path) -> None:
    async with connect_unix(path) as wire:
        assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"


async def ended(service: Served) -> None:
    service.process.send_signal(signal.SIGTERM)
    assert await service.exit_code() == 0


async def test_one_worker_listens_at_the_path_itself(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with served("--uds", str(path)) as service:
        assert f"answers at unix:{path}\n" in service.greeting
        assert stat.S_IMODE(path.stat().st_mode) == 0o666
        await answers(path)
        assert run("health", "--uds", str(path)).returncode == 0
        await ended(service)
    assert names(tmp_path) == []


async def test_several_workers_listen_at_a_path_each(tmp_path: Path) -> None:
    path = tmp_path / "s"
    health = ("health", "--uds", str(path), "--workers", "2")
    async with served("--uds", str(path), "--workers", "2") as service:
        assert f"answers at unix:{path}.0 unix:{path}.1\n" in service.greeting
        assert names(tmp_path) == ["s.0", "s.1"]
        for name in names(tmp_path):
            await answers(tmp_path / name)
        assert run(*health).returncode == 0
        await ended(service)
    assert names(tmp_path) == []
    done = run(*health)
    assert done.returncode == 1
    assert done.stderr.decode() == f"pixelferry: {path}.0: No such file or directory\n"


async def test_a_worker_is_replaced_at_its_path(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with served("--uds", str(path)) as service, connect_unix(path) as wire:
        service.process.send_signal(signal.SIGHUP)
        closing = False
        while not closing:
            answer = await wire.ask(request("/rotate", b"ABC"))
            closing = answer.headers.get("connection") == "close"
        await answers(path)
        assert len(service.ready(0)) == 2


async def test_a_socket_that_a_crash_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listen_unix(str(path)).close()
    assert path.is_socket()
    async with served("--uds", str(path)):
        await answers(path)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_socket_in_use_is_refused_and_left_alone(tmp_path: Path, workers: int) -> None:
    used = tmp_path / ("s" if workers == 1 else "s.1")
    with listen_unix(str(used)):
        done = run("serve", "--uds", str(tmp_path / "s"), "--workers", str(workers))
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr == taken(used)
        assert names(tmp_path) == [used.name]
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(used))


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("mine")
    assert run("serve", "--uds", str(path)).stderr == taken(path)
    assert path.read_text() == "mine"
