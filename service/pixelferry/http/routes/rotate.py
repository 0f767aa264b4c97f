"""POST /rotate: every byte of the body plus a number, modulo 256."""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from pixelferry.http.bitmap_response import send_buffer
from pixelferry.http.body import Upload
from pixelferry.http.body_stream import BodyLimits
from pixelferry.http.exchange import EXCHANGE
from pixelferry.http.parameters import choice, integer_modulo, parameter, parse_query
from pixelferry.rotation import rotate_async, rotate_split_async
from pixelferry.worker import InlineLimits

_NOT_PICTURES = "/rotate turns bytes, not pictures: by=13 adds 13 to every byte"
_HINTS: Final = {"angle": _NOT_PICTURES, "rotate": _NOT_PICTURES}


@dataclass(frozen=True)
class RotateOptions:
    """The query of /rotate."""

    by: int = parameter(
        integer_modulo(256, max_digits=1000), 13, "Added to every byte, modulo 256."
    )
    mode: str = parameter(
        choice("in-place", "split"),
        "in-place",
        "in-place answers the bytes plus `by`; split answers the inverse, the bytes minus `by`, "
        "made in a second buffer in the same pass.",
    )


@dataclass(frozen=True)
class RotateDeps:
    """What the route needs."""

    body: BodyLimits
    executor: Executor
    inline: InlineLimits


ROTATE = web.AppKey("rotate", RotateDeps)


async def post_rotate(request: web.Request) -> web.StreamResponse:
    """Rotate the bytes of the body."""
    deps, exchange = request.app[ROTATE], request[EXCHANGE]
    options = parse_query(RotateOptions, request, _HINTS)
    payload = await Upload(request, deps.body).read()
    rotate = rotate_split_async if options.mode == "split" else rotate_async
    inverse = await rotate(
        payload,
        options.by,
        executor=deps.executor,
        inline=deps.inline,
        times=exchange.times,
    )
    if inverse is not None:
        exchange.ledger.add_buffer("convert", inverse)
    answer = payload if inverse is None else inverse
    return await send_buffer(request, answer, "application/octet-stream")
