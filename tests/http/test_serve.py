"""`pixelferry serve` as a process: what it says, how signals end it, what exit code follows."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from command_line import COMMAND, QUIET, run
from wire import PATIENCE, connect, request

ADDRESS_IN_USE = "Address already in use"


@dataclass
class Served:
    """A running service and what it said at its start."""

    process: asyncio.subprocess.Process
    port: int
    greeting: str

    async def exit_code(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@asynccontextmanager
async def served(*flags: str) -> AsyncIterator[Served]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("serve", "--port", "0", *flags),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=QUIET,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            lines = [(await process.stdout.readline()).decode() for _ in range(2)]
        port = int(lines[0].rpartition(":")[2])
        yield Served(process, port, "".join(lines))
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


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
            assert service.process.stdout is not None
            assert b"draining" in await service.process.stdout.readline()
            answer = await wire.ask(request("/rotate", b"ABC"))  # it is still there for us
            assert (answer.body, answer.headers["connection"]) == (b"NOP", "close")
            assert await wire.closed() == b""
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
        assert service.process.stdout is not None
        assert b"second signal" in await service.process.stdout.readline()
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
