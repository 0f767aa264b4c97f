"""POST /rotate: every byte of the body plus a number, modulo 256."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from pixelferry._native import OwnedBuffer, output_capacity
from pixelferry.budget import Budget
from pixelferry.http.bitmap_response import send_buffer
from pixelferry.http.body import Upload
from pixelferry.http.body_stream import BodyLimits
from pixelferry.http.exchange import EXCHANGE, Exchange
from pixelferry.http.parameters import choice, integer_modulo, parameter, parse_query
from pixelferry.rotation import rotate_async, rotate_split_async
from pixelferry.threads import InlineLimits, Threads

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
    budget: Budget
    threads: Threads
    inline: InlineLimits


ROTATE = web.AppKey("rotate", RotateDeps)


async def post_rotate(request: web.Request) -> web.StreamResponse:
    """Rotate the bytes of the body."""
    deps = request.app[ROTATE]
    options = parse_query(RotateOptions, request, _HINTS)
    upload = Upload(request, deps.body)
    turn = _split if options.mode == "split" else _in_place
    answer = await turn(upload, options.by, deps, request[EXCHANGE])
    return await send_buffer(request, answer, "application/octet-stream")


async def _in_place(upload: Upload, by: int, deps: RotateDeps, exchange: Exchange) -> memoryview:
    await upload.admit(deps.budget)
    payload = await upload.read()
    await rotate_async(
        payload,
        by,
        executor=deps.threads.executor(payload.nbytes),
        inline=deps.inline,
        times=exchange.times,
    )
    return payload


async def _split(upload: Upload, by: int, deps: RotateDeps, exchange: Exchange) -> OwnedBuffer:
    for_output = await upload.admit(deps.budget, upload.expected)
    payload = await upload.read()
    missing = output_capacity(payload.nbytes) - for_output.nbytes
    if missing > 0:  # the length was not announced
        deps.budget.grow(for_output, missing, beside=upload.reserved)
    inverse = await rotate_split_async(
        payload,
        by,
        executor=deps.threads.executor(2 * payload.nbytes),
        inline=deps.inline,
        times=exchange.times,
        reservation=for_output,
    )
    exchange.ledger.add_buffer("convert", inverse)
    return inverse
