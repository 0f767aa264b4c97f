"""A request body: refused as early as possible, read into one buffer.

The stack has copied every byte twice before we see it (uvloop's receive buffer → bytes → the
parser's slice); we copy it once, into the buffer. Without a Content-Length the buffer doubles when
it is full, which copies again.
"""

from time import perf_counter
from typing import Final

from aiohttp import hdrs, web

from pixelferry._native import request_buffer
from pixelferry.http.body_stream import BodyLimits, BodyStream
from pixelferry.http.exchange import EXCHANGE
from pixelferry.http.multipart import FilePart, is_multipart
from pixelferry.http.problems import Refusal

FIRST_CAPACITY: Final = 64 * 1024  # bytes, for a body of unknown length
STACK_PASSES: Final = 2


class Upload:
    """The file in the body of one request: `peek` into it, then `read` it. Both raise Refusal."""

    __slots__ = ("_exchange", "_held", "_max_body", "_part", "_started", "_stream")

    def __init__(self, request: web.Request, limits: BodyLimits) -> None:
        """Raise Refusal for a body that would not be accepted. Nothing is read."""
        self._part = _part_of(request)
        self._stream = BodyStream(request, limits)
        self._max_body = limits.max_body
        self._exchange = request[EXCHANGE]
        self._held: list[bytes] = []  # received by peek
        self._started = perf_counter()

    @property
    def filename(self) -> str | None:
        """The name that came with the file of a form."""
        return self._part.filename if self._part else None

    async def peek(self, wanted: int) -> bytes:
        """Return the first `wanted` bytes of the file as soon as they are there.

        Fewer if the file is shorter. They stay to be read.
        """
        joined = b""  # grows over several chunks only while they are tiny
        start, there = 0, 0
        while there < wanted and (chunk := await self._stream.receive()):
            self._held.append(chunk)
            joined = joined + chunk if joined else chunk
            there = len(joined)
            if self._part:
                self._part.feed(joined, len(joined))
                start, there = self._part.start or 0, self._part.certain(len(joined))
                if self._part.end is not None:
                    break
        if self._part and there < wanted:
            self._part.require_end()
        return joined[start : start + min(wanted, there)]

    async def read(self) -> memoryview:
        """Read the rest and return the file: exactly the bytes received, in a buffer of its own."""
        self._stream.admit()
        length = self._stream.length
        buffer = request_buffer(FIRST_CAPACITY if length is None else length)
        view = memoryview(buffer)
        filled = 0
        held, self._held = self._held[::-1], []
        while chunk := held.pop() if held else await self._stream.receive():
            end = filled + len(chunk)
            if end > len(buffer) and length is None:
                buffer = self._grown(view[:filled], end)
                view = memoryview(buffer)
            view[filled:end] = chunk
            filled = end
            if self._part:
                self._part.feed(buffer, filled)
        self._exchange.ledger.add("stack", STACK_PASSES * filled, STACK_PASSES)
        self._exchange.ledger.add("ingest", filled)
        self._exchange.times.read = perf_counter() - self._started
        start, end = self._part.finish() if self._part else (0, filled)
        return view[start:end]

    def _grown(self, view: memoryview, needed: int) -> bytearray:
        """Return a larger buffer that begins with `view`."""
        buffer = request_buffer(min(max(2 * len(view), needed), self._max_body))
        memoryview(buffer)[: len(view)] = view
        self._exchange.ledger.add("ingest", len(view))
        return buffer


def _part_of(request: web.Request) -> FilePart | None:
    """Check how the file is wrapped; None if the body is the file."""
    headers = request.headers
    if hdrs.CONTENT_ENCODING in headers:
        coding = ", ".join(headers.getall(hdrs.CONTENT_ENCODING)).strip().lower()
        if coding not in {"", "identity"}:
            raise Refusal(
                "unsupported_content_encoding",
                f"Content-Encoding: {coding[:64]} is not accepted: send the bytes as they are",
                headers={hdrs.ACCEPT_ENCODING: "identity"},
            )
    content_type = headers.get(hdrs.CONTENT_TYPE, "")
    return FilePart(content_type) if is_multipart(content_type) else None
