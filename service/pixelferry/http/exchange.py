"""What is kept of one request while it is answered."""

import re
from random import Random
from typing import Final

from aiohttp import web
from multidict import MultiMapping, istr

from pixelferry.http.problems import Problem
from pixelferry.ledger import Ledger
from pixelferry.stage_times import StageTimes

REQUEST_ID_HEADER: Final = istr("X-Request-Id")
COPIES_HEADER: Final = istr("X-Pixelferry-Copies")
SERVER_TIMING_HEADER: Final = istr("Server-Timing")
SERVER_NAME = "pixelferry"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_random_bits: Final = Random().getrandbits  # noqa: S311 - an id has to be unique, not secret


class Exchange:
    """One request and its answer, as logs and metrics see it. Belongs to the event loop."""

    __slots__ = ("ledger", "pixels", "problem", "received", "request_id", "sent", "times")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.ledger = Ledger()
        self.times = StageTimes()
        self.received = 0  # bytes of the request's body
        self.sent = 0  # bytes of the answer's body
        self.pixels = 0
        self.problem: Problem | None = None  # if the answer is one


EXCHANGE = web.RequestKey("exchange", Exchange)


def request_id(headers: MultiMapping[str] | None = None) -> str:
    """Return the id that the client chose, if there is one and it is harmless; else a new one."""
    if headers is not None and REQUEST_ID_HEADER in headers:
        given = ",".join(headers.getall(REQUEST_ID_HEADER))
        if _REQUEST_ID.fullmatch(given):
            return given
    return "%016x" % _random_bits(64)  # noqa: UP031 - for speed
