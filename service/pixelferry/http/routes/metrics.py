"""GET /metrics: Prometheus text."""

import asyncio

from aiohttp import hdrs, web

from pixelferry.budget import Budget
from pixelferry.telemetry import CONTENT_TYPE, Telemetry

BUDGET = web.AppKey("budget", Budget)
TELEMETRY = web.AppKey("telemetry", Telemetry)


class Rendering:
    """The text of the metrics, made once for all who ask in the same turn of the loop.

    It takes some milliseconds: many who ask again and again would leave the loop no time.
    """

    def __init__(self) -> None:
        self._next: asyncio.Task[bytes] | None = None  # not begun yet

    async def text(self, app: web.Application) -> bytes:
        """Return the metrics as they are in a moment."""
        if self._next is None:
            self._next = asyncio.create_task(self._make(app))
        return await asyncio.shield(self._next)  # others await it as well

    async def _make(self, app: web.Application) -> bytes:
        self._next = None
        publish(app)
        return app[TELEMETRY].exposition()


RENDERING = web.AppKey("rendering", Rendering)


async def get_metrics(request: web.Request) -> web.StreamResponse:
    """Show the metrics of all workers."""
    return web.Response(
        body=await request.app[RENDERING].text(request.app),
        headers={hdrs.CONTENT_TYPE: CONTENT_TYPE, hdrs.CACHE_CONTROL: "no-store"},
    )


def publish(app: web.Application) -> None:
    """Show other workers what is known here only; to be called about once a second."""
    telemetry, budget = app[TELEMETRY], app[BUDGET]
    telemetry.queue_length["small"] = budget.small_waiting
    telemetry.queue_length["large"] = budget.large_waiting
    telemetry.publish()
