"""What a route is: how it is called, what it takes and gives. OpenAPI is made from it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.http import RawRequestMessage

from pixelferry.telemetry import OTHER

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Check: TypeAlias = Callable[[RawRequestMessage], None]
"""Raises Refusal for the head of a request that no route is to see."""
Gate: TypeAlias = Callable[[web.Request], None]
"""Raises Refusal for a request that its route is not to see."""


@dataclass(frozen=True)
class Answer:
    """One way a route answers when all went well, or as documented."""

    status: int
    media_type: str
    about: str
    headers: tuple[tuple[str, str], ...] = ()  # name, description


@dataclass(frozen=True, kw_only=True)
class Route:
    """One path with its methods."""

    methods: tuple[str, ...]
    path: str
    handler: Handler
    summary: str
    answers: tuple[Answer, ...]
    query: type[Any] | None = None  # option type
    upload: str | None = None  # media type of the body it takes, raw or as the file of a form
    problems: tuple[str, ...] = ()  # codes
    always: bool = False  # answers whoever asks, however busy the service is
    works_on_bodies: bool = False  # reads whole bodies, so it has stages and copies


def route_of(request: web.Request) -> str:
    """Return the path of the route that answers, as it was declared; OTHER if none does."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else OTHER
