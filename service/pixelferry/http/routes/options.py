"""OPTIONS of any route: its methods. What browsers want to know beside, http/cors.py adds."""

from collections.abc import Sequence
from typing import Final

from aiohttp import hdrs, web

from pixelferry.http.routing import Handler

STATUS: Final = 204


def options_handler(methods: Sequence[str]) -> Handler:
    """Return the handler for a route with these methods."""
    allowed = ", ".join(sorted((*methods, hdrs.METH_OPTIONS)))

    async def answer_options(_: web.Request) -> web.StreamResponse:
        return web.Response(status=STATUS, headers={hdrs.ALLOW: allowed})

    return answer_options
