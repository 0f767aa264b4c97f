"""Whether the server is on its way out."""

from dataclasses import dataclass

from aiohttp import web


@dataclass
class Drain:
    """Set once, when stopping begins."""

    begun: bool = False


DRAIN = web.AppKey("drain", Drain)
