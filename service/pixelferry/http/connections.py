"""The connections of one server: counted, waited for and cut off here."""

import asyncio
from typing import Protocol

from aiohttp import web

from pixelferry.http.middlewares import OTHER, count_problem
from pixelferry.http.problems import Problem
from pixelferry.settings import Settings
from pixelferry.telemetry import Telemetry


class Open(Protocol):
    """What is known of a connection here."""

    def abort(self) -> None:
        """Close at once."""


class Connections:
    """Knows the connections of one server that are open, and what they share."""

    def __init__(self, manager: web.Server, settings: Settings, telemetry: Telemetry) -> None:
        """`manager` is aiohttp's own, which calls the application."""
        self.manager = manager
        self.settings = settings
        self.telemetry = telemetry
        self._open: set[Open] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: Open) -> None:
        """Count a connection."""
        self._open.add(connection)
        self._empty.clear()
        self.telemetry.connections = len(self._open)

    def lost(self, connection: Open) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self.telemetry.connections = len(self._open)
        if not self._open:
            self._empty.set()

    def count_refused(self, problem: Problem, seconds: float = 0.0) -> None:
        """Count what was refused before it was a request."""
        self.telemetry.routes[OTHER].record(OTHER, problem.type.status, seconds)
        count_problem(self.telemetry, problem)

    async def wait_empty(self) -> None:
        """Return when no connection is open."""
        await self._empty.wait()

    def abort(self) -> None:
        """Cut all connections off; their handlers are cancelled."""
        for connection in tuple(self._open):
            connection.abort()
