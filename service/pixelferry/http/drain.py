"""Whether the server is on its way out."""

from dataclasses import dataclass

from aiohttp import web


@dataclass
class Drain:
    """Each is set once."""

    begun: bool = False  # connections are closed after their next answer
    unready: bool = False  # new requests are not wanted; a server with a successor stays ready


DRAIN = web.AppKey("drain", Drain)
