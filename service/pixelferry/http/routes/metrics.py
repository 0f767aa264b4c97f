"""GET /metrics: Prometheus text."""

from aiohttp import hdrs, web

from pixelferry.budget import Budget
from pixelferry.telemetry import CONTENT_TYPE, Telemetry

BUDGET = web.AppKey("budget", Budget)
TELEMETRY = web.AppKey("telemetry", Telemetry)


async def get_metrics(request: web.Request) -> web.StreamResponse:
    """Show the metrics of all workers."""
    publish(request.app)
    return web.Response(
        body=request.app[TELEMETRY].exposition(),
        headers={hdrs.CONTENT_TYPE: CONTENT_TYPE, hdrs.CACHE_CONTROL: "no-store"},
    )


def publish(app: web.Application) -> None:
    """Show other workers what is known here only; to be called about once a second."""
    telemetry, budget = app[TELEMETRY], app[BUDGET]
    telemetry.queue_length["small"] = budget.small_waiting
    telemetry.queue_length["large"] = budget.large_waiting
    telemetry.publish()
