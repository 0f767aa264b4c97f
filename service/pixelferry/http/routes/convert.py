"""POST /convert: a PNG in, a BMP out. Nothing is caught here: problems.py knows the answers."""

from dataclasses import dataclass

from aiohttp import web

from pixelferry._native import Limits, inspect
from pixelferry.budget import Budget
from pixelferry.conversion import convert_async
from pixelferry.description import HEADER_BYTES
from pixelferry.http.bitmap_response import send_bitmap
from pixelferry.http.body import Upload
from pixelferry.http.body_stream import BodyLimits
from pixelferry.http.exchange import EXCHANGE
from pixelferry.http.parameters import parameter, parse_query, text
from pixelferry.threads import InlineLimits, Threads


@dataclass(frozen=True)
class ConvertOptions:
    """The query of /convert."""

    filename: str | None = parameter(
        text(max_length=255),
        None,
        "Name of the picture; the answer's Content-Disposition carries it with the ending .bmp.",
    )


@dataclass(frozen=True)
class ConvertDeps:
    """What the route needs."""

    body: BodyLimits
    limits: Limits
    budget: Budget
    threads: Threads
    inline: InlineLimits


CONVERT = web.AppKey("convert", ConvertDeps)


async def post_convert(request: web.Request) -> web.StreamResponse:
    """Convert the PNG in the body."""
    deps, exchange = request.app[CONVERT], request[EXCHANGE]
    options = parse_query(ConvertOptions, request)
    upload = Upload(request, deps.body)
    header = inspect(await upload.peek(HEADER_BYTES))
    deps.limits.check(header)  # hopeless ones end here, before the rest is read
    for_output = await upload.admit(deps.budget, header.output_size, header.working_set)
    bitmap = await convert_async(
        await upload.read(),
        limits=deps.limits,
        executor=deps.threads.executor(upload.expected + header.output_size),
        inline=deps.inline,
        header=header,
        times=exchange.times,
        reservation=for_output,
    )
    exchange.pixels = bitmap.width * bitmap.height
    exchange.ledger.add_buffer("convert", bitmap)
    return await send_bitmap(request, bitmap, options.filename or upload.filename)
