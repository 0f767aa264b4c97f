"""Servers for the tests: made by the factory that `serve` uses, on uvloop, on real sockets."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvloop

from pixelferry import _native
from pixelferry.http import aiohttp_handler
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer, start_server
from pixelferry.settings import Settings
from png_writer import small_png
from serving import Serve, until


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the service runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def running() -> list[RunningServer]:
    """The servers that the test has started."""
    return []


@pytest.fixture
async def serve(running: list[RunningServer]) -> AsyncIterator[Serve]:
    async def start(**settings: Any) -> RunningServer:  # noqa: ANN401
        running.append(await start_server(Settings(**{"port": 0, "threads": 2, **settings})))
        return running[-1]

    yield start
    for server in running:
        await server.close()


@pytest.fixture
async def server(serve: Serve) -> RunningServer:
    """A server with the default settings."""
    return await serve()


@pytest.fixture
async def everything_comes_back(
    serve: Serve, running: list[RunningServer], caplog: pytest.LogCaptureFixture
) -> AsyncIterator[None]:
    """Whatever the test does, in the end nothing is held, and none of it was our fault."""
    before = _native.pool_stats().used_blocks
    yield
    for server in running:
        telemetry = server.app[TELEMETRY]
        await until(lambda: not server.connections)  # noqa: B023 - called at once
        await until(lambda: telemetry.requests_in_progress == 0)  # noqa: B023
        assert telemetry.connections == 0
        for stats in telemetry.routes.values():
            assert not any(status >= 500 for _, status in stats.answers)
    await until(lambda: _native.pool_stats().used_blocks == before)
    assert not caplog.get_records("call")


@pytest.fixture(params=["direct", "plain"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test for each way in which bodies come in; direct is small ones as well."""
    name = str(request.param)
    monkeypatch.setattr(aiohttp_handler, "DIRECT", 1 if name == "direct" else sys.maxsize)
    return name


@pytest.fixture
async def client(server: RunningServer) -> AsyncIterator[aiohttp.ClientSession]:
    """A well-behaved client of `server`."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield session


@pytest.fixture(scope="session")
def png() -> bytes:
    """A small valid PNG."""
    return small_png(width=5, height=3)


@pytest.fixture(scope="session")
def photo_png(photo: Path) -> bytes:
    """The bytes of a real photo."""
    return photo.read_bytes()
