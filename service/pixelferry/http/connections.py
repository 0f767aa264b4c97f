"""The connections of one server: counted, bounded, waited for and cut off here."""

import asyncio
from typing import Final, Protocol

from aiohttp import web
from aiohttp.http import RawRequestMessage

from pixelferry.http.departures import Departures
from pixelferry.http.middlewares import count_problem
from pixelferry.http.problems import Problem
from pixelferry.settings import Settings
from pixelferry.telemetry import OTHER, Telemetry

RECEIVE: Final = 256 * 1024  # bytes read at once of a body that there is memory for
FIRST: Final = 16 * 1024  # bytes read at once of anything else
LITTLE: Final = 1024  # bytes read at once where a large body may begin, for they are copied
MAX_DISCARDING: Final = 8  # connections that are read away at the same time


class Open(Protocol):
    """What is known of a connection here."""

    def abort(self) -> None:
        """Close at once."""

    def read_away(self) -> None:
        """Begin to read what is of no interest: it is this connection's turn."""


class Shortcut(Protocol):
    """Answers some requests by itself."""

    def answer(self, message: RawRequestMessage, body: bytes, transport: asyncio.Transport) -> bool:
        """Take on an HTTP/1.1 request that keeps its connection; False if it does not.

        The answer is sent at the end of this turn of the loop. `transport` has nothing left to send
        but such answers.
        """

    def flush(self) -> None:
        """Send what is left of this turn's answers."""


class Connections:
    """Knows the connections of one server that are open, and what they share.

    Belongs to the event loop it was made on; end with `close`.
    """

    def __init__(
        self,
        manager: web.Server,
        settings: Settings,
        telemetry: Telemetry,
        at_once: Shortcut | None = None,
    ) -> None:
        """`manager` is aiohttp's own and calls the application; `at_once` may answer before."""
        self.manager = manager
        self.settings = settings
        self.telemetry = telemetry
        self.at_once = at_once
        self.receive_buffer = memoryview(bytearray(RECEIVE))
        self.first_buffer = self.receive_buffer[:FIRST]
        self.little_buffer = self.receive_buffer[:LITTLE]
        self.departures = Departures()
        self._open: set[Open] = set()
        self._discarding: set[Open] = set()
        self._to_discard: dict[Open, None] = {}  # a set in order of arrival
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: Open) -> int:
        """Count a connection; returns how many there are with it."""
        self._open.add(connection)
        self._empty.clear()
        self.telemetry.connections = len(self._open)
        return len(self._open)

    def lost(self, connection: Open) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self._discarding.discard(connection)
        self._to_discard.pop(connection, None)
        self._discard_next()
        self.telemetry.connections = len(self._open)
        if not self._open:
            self._empty.set()

    def discard_in_turn(self, connection: Open) -> None:
        """Let `connection` be read away as soon as few enough others are; until it is lost."""
        self._to_discard[connection] = None
        self._discard_next()

    def _discard_next(self) -> None:
        while self._to_discard and len(self._discarding) < MAX_DISCARDING:
            connection = next(iter(self._to_discard))
            del self._to_discard[connection]
            self._discarding.add(connection)
            connection.read_away()

    def count_refused(self, problem: Problem, seconds: float = 0.0) -> None:
        """Count what was refused before it was a request."""
        self.telemetry.routes[OTHER].record(OTHER, problem.type.status, seconds)
        count_problem(self.telemetry, problem)

    def flush(self) -> None:
        """Send what this turn of the loop has answered by itself.

        Goes before whatever else is written to a connection that awaits a request, and before it is
        closed.
        """
        if self.at_once is not None:
            self.at_once.flush()

    async def wait_empty(self) -> None:
        """Return when no connection is open."""
        await self._empty.wait()

    def abort(self) -> None:
        """Cut all connections off; their handlers are cancelled."""
        for connection in tuple(self._open):
            connection.abort()

    def close(self) -> None:
        """Give back what the connections shared; none may be open."""
        self.departures.close()
