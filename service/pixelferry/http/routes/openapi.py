"""GET /openapi.json: the API in full."""

from aiohttp import web

OPENAPI = web.AppKey("openapi", bytes)


async def get_openapi(request: web.Request) -> web.StreamResponse:
    """Show the document."""
    return web.Response(body=request.app[OPENAPI], content_type="application/json")
