"""`pixelferry serve` as a process: what it says, how signals end it, what exit code follows."""

import os
import signal
import socket
import subprocess
from contextlib import suppress

import pytest

from command_line import COMMAND, QUIET, run
from served import processes, served
from serving import until
from wire import PATIENCE, Wire, connect, request

ADDRESS_IN_USE = "Address already in use"


async def ask_until_closed(wire: Wire) -> None:
    """Use a connection as long as we are let."""
    closing = False
    while not closing:
        answer = await wire.ask(request("/rotate", b"ABC"))
        assert answer.body == b"NOP"
        closing = answer.headers.get("connection") == "close"
    assert await wire.closed() == b""


async def test_it_tells_where_it_answers_and_what_it_takes() -> None:
    async with served("--max-body", "1MiB", "--max-pixels", "1000", "--threads", "3") as service:
        assert f"http://127.0.0.1:{service.port}" in service.greeting
        for limit in ("1048576 bytes", "1000 pixels", "65535 a side", "3 at the same time"):
            assert limit in service.greeting
        async with connect(service.port) as wire:
            assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_when_the_last_client_has_left(number: signal.Signals) -> None:
    async with served() as service:
        async with connect(service.port) as wire:
            assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"
            service.process.send_signal(number)
            assert "draining" in await service.said()
            await ask_until_closed(wire)
        assert await service.exit_code() == 0


async def test_grace_ends_and_the_exit_code_is_zero_all_the_same() -> None:
    async with served("--grace", "100ms") as service, connect(service.port) as wire:
        await wire.send(request(length=10) + b"x")
        service.process.send_signal(signal.SIGTERM)
        assert await service.exit_code() == 0
        assert await wire.closed() == b""


async def test_a_second_signal_ends_it_at_once() -> None:
    async with served("--grace", "3600s") as service, connect(service.port) as wire:
        await wire.send(request(length=10) + b"x")
        service.process.send_signal(signal.SIGTERM)
        assert "second signal" in await service.said()
        service.process.send_signal(signal.SIGINT)
        assert await service.exit_code() == 128 + signal.SIGINT
        assert await wire.closed() == b""


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.returncode == 1
    assert done.stdout == b""
    message = f"pixelferry: cannot listen on 127.0.0.1:{port}: {ADDRESS_IN_USE}\n"
    assert done.stderr.decode() == message


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_port_that_another_one_serves_is_taken(workers: str) -> None:
    async with served("--workers", workers) as other:
        port = str(other.port)
        for mine in ("1", "2"):
            done = run("serve", "--port", port, "--workers", mine)
            assert (done.returncode, done.stdout) == (1, b"")
            message = f"pixelferry: cannot listen on 127.0.0.1:{port}: {ADDRESS_IN_USE}\n"
            assert done.stderr.decode() == message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_all_its_processes_is_one(number: signal.Signals) -> None:
    """As systemd and terminals do; a few times, for those who are impatient."""
    async with served("--workers", "2", "--drain-delay", "100ms") as service:
        async with connect(service.port) as wire:
            assert (await wire.ask(request("/rotate", b"ABC"))).body == b"NOP"
            os.killpg(service.process.pid, number)
            for worker in service.workers():
                with suppress(ProcessLookupError):  # it has left already
                    os.kill(worker, signal.SIGTERM)
            await ask_until_closed(wire)
        assert await service.exit_code() == 0
        assert "died" not in service.log


async def test_a_worker_that_dies_while_new_connections_are_taken_is_restarted() -> None:
    async with served("--drain-delay", "3600s") as service:
        (worker,) = service.workers()
        service.process.send_signal(signal.SIGTERM)
        assert "draining" in await service.said()
        os.kill(worker, signal.SIGKILL)
        async with connect(service.port) as wire:
            answer = await wire.ask(request("/readyz", method="GET"))
            assert (answer.status, answer.headers["connection"]) == (503, "close")
        service.process.send_signal(signal.SIGTERM)
        assert await service.exit_code() == 128 + signal.SIGTERM


async def test_workers_end_without_a_supervisor_and_answer_first() -> None:
    async with served("--workers", "2") as service, connect(service.port) as wire:
        await wire.send(request("/rotate", length=3) + b"AB")
        await until(lambda: service.worker_of(wire))
        workers = service.workers()
        service.process.kill()
        await until(lambda: not listens(service.port))
        await wire.send(b"C")
        answer = await wire.answer()
        assert (answer.body, answer.headers["connection"]) == (b"NOP", "close")
        assert await wire.closed() == b""
        await until(lambda: not workers & processes().keys())


def test_the_end_of_its_terminal_is_a_signal_to_end() -> None:
    terminal, its_end = os.openpty()
    command = [*COMMAND, "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=its_end, env=QUIET) as process:
        os.close(its_end)
        assert process.stdout is not None
        assert b"answers" in process.stdout.readline()
        os.close(terminal)
        for _ in range(2):  # from the kernel and from the shell
            process.send_signal(signal.SIGHUP)
        assert process.wait(PATIENCE) == 0


def test_it_needs_no_standard_streams() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    service = ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', *COMMAND, "serve", "--port", str(port)]
    with subprocess.Popen(service, env=QUIET) as process:
        while not listens(port):
            assert process.poll() is None
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(request("/livez", method="GET"))
            assert client.recv(12) == b"HTTP/1.1 200"
        process.terminate()
        assert process.wait(PATIENCE) == 0


def listens(port: int) -> bool:
    """Whether anybody accepts connections at `port`."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
