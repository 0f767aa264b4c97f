"""One server: a listening socket, an event loop, and the way it stops.

Stopping loses nothing that was accepted: /readyz turns red and every answer says
`Connection: close`, new connections are still taken for a while, then no more, and those that are
open end by themselves.
"""

import asyncio
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import uvloop
from aiohttp import web

from pixelferry._native import __version__, set_pool_limit, trim_pool
from pixelferry.http.app import create_app
from pixelferry.http.connection import Connection
from pixelferry.http.connections import Connections
from pixelferry.http.drain import DRAIN
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.logs import configure_logging
from pixelferry.settings import Settings
from pixelferry.shared_counters import State

BACKLOG = 1024  # connections that wait to be accepted; the kernel may allow fewer


@dataclass(frozen=True)
class RunningServer:
    """A server that answers. Belongs to the event loop that started it."""

    app: web.Application
    settings: Settings
    port: int  # TCP
    connections: Connections
    _runner: web.AppRunner
    _housekeeping: asyncio.Task[None]
    _listener: asyncio.Server
    _sock: socket.socket

    @property
    def url(self) -> str:
        """The address for people, without a slash at the end."""
        host = self.settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def drain(self) -> None:
        """Stop without losing a request; takes up to DRAIN_DELAY and GRACE. Then `close`."""
        self.app[DRAIN].begun = True
        set_pool_limit(0)  # what comes free is for the successor
        self.app[TELEMETRY].place.state = State.DRAINING
        await asyncio.sleep(self.settings.drain_delay)
        await self._stop_listening()
        with suppress(TimeoutError):  # what is still open then is cut off by close
            await asyncio.wait_for(self.connections.wait_empty(), self.settings.grace)

    async def _stop_listening(self) -> None:
        """Close the listener; those who have connected but were not accepted yet come in first."""
        loop = asyncio.get_running_loop()
        waiting = []
        with suppress(OSError):  # until none is left
            while True:
                waiting.append(self._sock.accept()[0])
        self._listener.close()
        protocol = partial(Connection, self.connections)
        await asyncio.gather(*(loop.connect_accepted_socket(protocol, sock) for sock in waiting))

    async def close(self) -> None:
        """Cut off what is open, and give everything back."""
        self._listener.close()
        self.connections.abort()
        await self.connections.wait_empty()
        self.connections.close()
        self._housekeeping.cancel()
        await self._runner.cleanup()
        self._sock.close()


async def start_server(settings: Settings, sock: socket.socket | None = None) -> RunningServer:
    """Start answering on `sock`, or on a new one at the address of the settings.

    `sock` must be bound; the server owns it from then on. Raises OSError if the address is taken.
    """
    listening = sock or listen(settings.host, settings.port)
    listening.setblocking(False)
    set_pool_limit(settings.memory_budget)
    app = create_app(settings)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    assert runner.server is not None  # noqa: S101 - setup has made it
    connections = Connections(runner.server, settings, app[TELEMETRY], settings.max_connections)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        partial(Connection, connections), sock=listening, backlog=BACKLOG
    )
    app[TELEMETRY].place.state = State.READY
    port = int(listening.getsockname()[1])
    housekeeping = asyncio.create_task(_give_back_idle_memory(settings.pool_idle))
    return RunningServer(
        app, settings, port, connections, runner, housekeeping, listener, listening
    )


async def _give_back_idle_memory(pool_idle: float) -> None:
    while True:
        await asyncio.sleep(max(0.05, min(pool_idle, 1.0)))
        trim_pool(idle_for=pool_idle)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at the first address of `host`; `::` takes IPv4 as well."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def serve(settings: Settings, sock: socket.socket | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends at once.

    Return the exit code: 0, 1 if the address cannot be had, 128 + the second signal's number.
    """
    configure_logging(settings.log_level)
    try:
        listening = sock or listen(settings.host, settings.port)
    except OSError as error:
        address = f"{settings.host}:{settings.port}"
        print(f"pixelferry: cannot listen on {address}: {error.strerror}", file=sys.stderr)
        return 1
    with listening:  # closed even if the server does not come to own it
        return uvloop.run(_serve(settings, listening))


async def _serve(settings: Settings, sock: socket.socket) -> int:
    signals: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.put_nowait, number)
    server = await start_server(settings, sock)
    print(_greeting(server), flush=True)
    await signals.get()
    print("draining; a second signal ends at once", flush=True)
    drained = asyncio.create_task(server.drain())
    again = asyncio.create_task(signals.get())
    await asyncio.wait((drained, again), return_when=asyncio.FIRST_COMPLETED)
    drained.cancel()
    await server.close()
    return 128 + again.result() if again.done() else 0


def _greeting(server: RunningServer) -> str:
    settings = server.settings
    return (
        f"pixelferry {__version__} answers at {server.url}\n"
        f"limits: bodies of {settings.max_body} bytes, pictures of {settings.max_pixels} pixels "
        f"and {settings.max_dimension} a side, {settings.threads} at the same time"
    )
