"""What tests of the service share: how they start a server, and how they wait for it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any, Protocol
from unittest.mock import patch

from pixelferry._native import Reservation
from pixelferry.http.aiohttp_handler import Handler
from pixelferry.http.connection import Connection
from pixelferry.http.routes.convert import CONVERT
from pixelferry.server import RunningServer
from wire import PATIENCE, Wire, request

LONG_WAY = "/convert?"  # with a query, though empty, no request is answered at once


class Serve(Protocol):
    """Starts a server with these settings on a free port; it is closed after the test."""

    def __call__(self, **settings: Any) -> Awaitable[RunningServer]: ...  # noqa: ANN401


def only_connection(server: RunningServer) -> Connection:
    """The one connection that is open."""
    (connection,) = server.connections._open
    assert isinstance(connection, Connection)
    return connection


def handler_of(connection: object) -> Handler:
    """What parses and answers for a connection that has received something."""
    assert isinstance(connection, Connection)
    assert connection._handler is not None
    return connection._handler


async def warm(wire: Wire, server: RunningServer) -> None:
    """Have a first request answered, as all others: the next read of `wire` is a long one."""
    await wire.ask(request("/livez", method="GET"))
    await until(lambda: all(handler_of(one).idle for one in server.connections._open))


async def until(condition: Callable[[], object]) -> None:
    """Wait until `condition` is true."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - anything may be waited for
            await asyncio.sleep(0.002)


@contextmanager
def releasing(reservation: Reservation) -> Iterator[Reservation]:
    """Give memory back when the block ends."""
    try:
        yield reservation
    finally:
        reservation.release()


@asynccontextmanager
async def busy_workers(server: RunningServer) -> AsyncIterator[asyncio.Event]:
    """Keep all worker threads occupied; yields an event that tells when a job waits for one."""
    threads = server.app[CONVERT].threads
    release, waiting = threading.Event(), asyncio.Event()

    def telling(submit: Callable[..., Future[Any]]) -> Callable[..., Future[Any]]:
        def tell_and_submit(*args: Any) -> Future[Any]:  # noqa: ANN401 - as Executor.submit
            waiting.set()
            return submit(*args)

        return tell_and_submit

    with ExitStack() as patches:
        for executor in (threads._short, threads._long):
            for _ in range(server.settings.threads_of_worker):
                executor.submit(release.wait)
            patches.enter_context(patch.object(executor, "submit", telling(executor.submit)))
        try:
            yield waiting
        finally:
            release.set()
