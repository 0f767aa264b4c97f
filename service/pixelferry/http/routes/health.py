"""GET /livez, /healthz and /readyz: alive, and ready for more."""

from aiohttp import web

from pixelferry.http.drain import DRAIN

_HEADERS = {"Cache-Control": "no-store"}


async def get_livez(_: web.Request) -> web.StreamResponse:
    """Answer: the loop turns."""
    return web.Response(text="ok\n", headers=_HEADERS)


async def get_readyz(request: web.Request) -> web.StreamResponse:
    """Tell whether new requests should be sent here; not any more once the service stops."""
    if request.app[DRAIN].unready:
        return web.Response(status=503, text="draining\n", headers=_HEADERS)
    return web.Response(text="ready\n", headers=_HEADERS)
