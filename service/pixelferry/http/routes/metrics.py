"""GET /metrics: Prometheus text."""

from aiohttp import hdrs, web

from pixelferry.telemetry import CONTENT_TYPE, Telemetry

TELEMETRY = web.AppKey("telemetry", Telemetry)


async def get_metrics(request: web.Request) -> web.StreamResponse:
    """Show the metrics of all workers."""
    return web.Response(
        body=request.app[TELEMETRY].exposition(),
        headers={hdrs.CONTENT_TYPE: CONTENT_TYPE, hdrs.CACHE_CONTROL: "no-store"},
    )
