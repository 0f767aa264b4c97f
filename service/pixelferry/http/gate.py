"""Who is let in, before a route begins to work."""

from collections.abc import Set as AbstractSet

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from pixelferry.http.aiohttp_handler import client_of
from pixelferry.http.middlewares import route_of
from pixelferry.http.problems import Refusal
from pixelferry.settings import variable


def gate(always: AbstractSet[str]) -> Middleware:
    """Return the middleware that refuses; the routes `always` are open to everybody."""

    @web.middleware
    async def let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        if route_of(request) not in always and client_of(request).surplus:
            raise Refusal(
                "too_many_connections",
                "as many connections are open as are served",
                setting=variable("max_connections"),
            )
        return await handler(request)

    return let_in
