"""Sends a buffer as the answer: one write, no copy, with what it cost in the headers.

How long a client may take is watched by the connection, see connection.py.
"""

from time import perf_counter

from aiohttp import hdrs, web

from pixelferry._native import OwnedBuffer
from pixelferry.http.aiohttp_handler import WholeResponse
from pixelferry.http.exchange import COPIES_HEADER, EXCHANGE, SERVER_TIMING_HEADER
from pixelferry.http.header_values import attachment


async def send_bitmap(
    request: web.Request, bitmap: OwnedBuffer, filename: str | None
) -> web.StreamResponse:
    """Answer with a BMP file; `filename` is the name its PNG had, if it had one."""
    disposition = attachment(filename, ".bmp") if filename else None
    return await send_buffer(request, bitmap, "image/bmp", disposition)


async def send_buffer(
    request: web.Request,
    buffer: OwnedBuffer | memoryview,
    content_type: str,
    disposition: str | None = None,
) -> web.StreamResponse:
    """Answer with the bytes of `buffer`, which must not change until they are sent.

    Returns when the kernel has all of it.
    """
    exchange = request[EXCHANGE]
    view = memoryview(buffer)
    headers = {
        hdrs.CONTENT_TYPE: content_type,
        SERVER_TIMING_HEADER: exchange.times.server_timing(),
        COPIES_HEADER: exchange.ledger.header_value(),
    }
    if disposition is not None:
        headers[hdrs.CONTENT_DISPOSITION] = disposition
    started = perf_counter()
    response = WholeResponse(headers=headers)
    await response.send(request, view)
    exchange.times.write = perf_counter() - started
    exchange.sent = view.nbytes
    return response
