"""One server: a listening socket, and the way it stops.

Stopping loses nothing that was accepted: /readyz turns red and every answer says
`Connection: close`, new connections are still taken for a while, then no more, and those that are
open end by themselves.
"""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from pixelferry._native import set_pool_limit, trim_pool
from pixelferry.http.app import AT_ONCE, create_app
from pixelferry.http.connection import Connection
from pixelferry.http.connections import Connections
from pixelferry.http.drain import DRAIN
from pixelferry.http.routes.metrics import TELEMETRY, publish
from pixelferry.listeners import BACKLOG, listen, withdraw
from pixelferry.settings import Settings
from pixelferry.shared_counters import Place, State


@dataclass(frozen=True)
class RunningServer:
    """A server that answers. Belongs to the event loop that started it."""

    app: web.Application
    settings: Settings
    port: int  # TCP; 0 on a Unix socket
    connections: Connections
    _runner: web.AppRunner
    _housekeeping: asyncio.Task[None]
    _listener: asyncio.Server
    _sock: socket.socket

    def turn_unready(self) -> None:
        """Tell balancers and clients to go elsewhere; all who come are served."""
        self._begin_to_drain()
        self.app[DRAIN].unready = True

    def _begin_to_drain(self) -> None:
        self.app[DRAIN].begun = True
        self.app[TELEMETRY].place.state = State.DRAINING

    async def leave(self) -> None:
        """Accept nobody new, without losing a request; takes up to GRACE. Then `close`.

        The socket itself stays usable for others that listen on it.
        """
        self._begin_to_drain()
        self.app[TELEMETRY].budget_limit_bytes = 0  # the successor's counts now
        set_pool_limit(0)  # what comes free is for the successor
        await self._stop_listening()
        with suppress(TimeoutError):  # what is still open then is cut off by close
            await asyncio.wait_for(self.connections.wait_empty(), self.settings.grace)

    async def drain(self) -> None:
        """Stop without losing a request; takes up to DRAIN_DELAY and GRACE. Then `close`."""
        self.turn_unready()
        await asyncio.sleep(self.settings.drain_delay)
        withdraw(self._sock)
        await self.leave()

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


async def start_server(
    settings: Settings, sock: socket.socket | None = None, place: Place | None = None
) -> RunningServer:
    """Start answering on `sock`, or on a new one at the address of the settings.

    `sock` must listen; the server owns it from then on. `place` is where it counts. Raises OSError
    if the address is taken.
    """
    listening = sock or listen(settings.host, settings.port)
    listening.setblocking(False)
    set_pool_limit(settings.budget)
    app = create_app(settings, place)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    assert runner.server is not None  # noqa: S101 - setup has made it
    connections = Connections(runner.server, settings, app[TELEMETRY], app.get(AT_ONCE))
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        partial(Connection, connections), sock=listening, backlog=BACKLOG
    )
    app[TELEMETRY].place.state = State.READY
    port = 0 if listening.family == socket.AF_UNIX else int(listening.getsockname()[1])
    housekeeping = asyncio.create_task(_keep_house(app, settings.pool_idle))
    return RunningServer(
        app, settings, port, connections, runner, housekeeping, listener, listening
    )


async def _keep_house(app: web.Application, pool_idle: float) -> None:
    while True:
        publish(app)
        await asyncio.sleep(max(0.05, min(pool_idle, 1.0)))
        trim_pool(idle_for=pool_idle)
