"""A request body: refused as early as possible, read into one buffer.

The kernel writes straight into that, once it is there. What comes before, or cannot come that way,
was copied twice when we see it (the receive buffer → bytes → the parser's slice); we copy it once,
into the buffer. Without a Content-Length the buffer doubles when it is full, which copies again.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Final

from aiohttp import hdrs, web

from pixelferry._native import (
    RequestBuffer,
    Reservation,
    output_capacity,
    request_buffer,
    request_capacity,
)
from pixelferry.budget import Budget, Need
from pixelferry.http.aiohttp_handler import READ_AHEAD
from pixelferry.http.body_stream import BodyLimits, BodyStream
from pixelferry.http.connections import FIRST, RECEIVE
from pixelferry.http.exchange import EXCHANGE
from pixelferry.http.multipart import MAX_BEFORE, FilePart, Received, is_multipart
from pixelferry.http.problems import Refusal
from pixelferry.ledger import Stage

FIRST_CAPACITY: Final = 2**20 - 1  # bytes, for a body of unknown length: with a NUL a whole block
STACK_PASSES: Final = 2
STACK_BUFFERS: Final = 2 * READ_AHEAD + RECEIVE  # bytes of a body that the stack holds at most
BEFORE_DIRECT: Final = 2 * FIRST  # the same, of a body that comes directly as soon as it may


class Upload:
    """The file in the body of one request: `peek` into it, have it admitted, then `read` it.

    All raise Refusal.
    """

    __slots__ = (
        "_beside",
        "_budget",
        "_copied",
        "_exchange",
        "_held",
        "_max_body",
        "_part",
        "_reservation",
        "_reserved",
        "_started",
        "_stream",
    )

    def __init__(self, request: web.Request, limits: BodyLimits) -> None:
        """Raise Refusal for a body that would not be accepted. Nothing is read."""
        self._part = _part_of(request)
        self._stream = BodyStream(request, limits)
        self._max_body = limits.max_body
        self._exchange = request[EXCHANGE]
        self._held: list[bytes] = []  # received by peek
        self._copied: list[tuple[Stage, int]] = []  # so many of the body's first bytes, by whom
        self._reservation: Reservation | None = None  # between admit and read
        self._budget: Budget | None = None  # since admit
        self._beside = 0  # bytes reserved for the output
        self._reserved = 0
        self._started = perf_counter()

    @property
    def filename(self) -> str | None:
        """The name that came with the file of a form."""
        return self._part.filename if self._part else None

    @property
    def expected(self) -> int:
        """Bytes that the file has at most; if its body is of unknown length, a guess."""
        return FIRST_CAPACITY if self._stream.length is None else self._stream.length

    @property
    def reserved(self) -> int:
        """Bytes that the buffer which `read` has filled holds until its end."""
        return self._reserved

    async def peek(self, wanted: int) -> memoryview:
        """Return the first `wanted` bytes of the file as soon as they are there.

        Fewer if the file is shorter. They stay to be read.
        """
        seen: Received = b""
        filled, start, there = 0, 0, 0
        while there < wanted and (chunk := await self._stream.receive()):
            self._held.append(chunk)
            # Mostly the first is enough.
            seen = self._joined(seen, filled, chunk, wanted) if filled else chunk
            filled = there = min(filled + len(chunk), len(seen))
            if self._part:
                self._part.feed(seen, filled)
                start, there = self._part.start or 0, self._part.certain(filled)
                if self._part.end is not None:
                    break
        if self._part and there < wanted:
            self._part.require_end()
        if isinstance(seen, bytearray):
            self._copied.append(("ingest", filled))
        return memoryview(seen)[start : start + min(wanted, there)]

    def _joined(self, seen: Received, filled: int, chunk: bytes, wanted: int) -> bytearray:
        """Return what was seen with `chunk` behind it, as far as it is of interest."""
        if isinstance(seen, bytes):
            before, seen = seen, bytearray(max(filled, wanted + (MAX_BEFORE if self._part else 0)))
            memoryview(seen)[:filled] = before
        more = memoryview(chunk)[: len(seen) - filled]
        memoryview(seen)[filled : filled + len(more)] = more
        return seen

    async def admit(self, budget: Budget, output: int = 0, working_set: int = 0) -> Reservation:
        """Wait until there is memory for the body, the output and the working set, all in bytes.

        Until then no more is read. Returns the part that is for the output; the rest ends with the
        buffer that `read` makes. Raises what Budget.admit raises.
        """
        body = self.expected
        in_stack = min(body, BEFORE_DIRECT if self._stream.direct else STACK_BUFFERS)
        need = Need.of(body, output, in_stack + working_set)
        reservation = budget.admit_now(need)
        if reservation is None:
            asked = perf_counter()
            reservation = await budget.admit(need)
            waited = perf_counter() - asked
            self._exchange.times.queue += waited
            self._stream.excuse(waited)
        for_output = reservation.split(output_capacity(output) if output else 0)
        self._reservation = reservation
        self._budget, self._beside = budget, for_output.nbytes
        return for_output

    async def read(self) -> memoryview:
        """Read the rest and return the file: exactly the bytes received, in a buffer of its own."""
        assert self._reservation is not None  # noqa: S101 - admit comes first
        reservation, self._reservation = self._reservation, None
        stream = self._stream
        direct = stream.direct
        if not direct:
            stream.admit()
        buffer = request_buffer(self.expected, reservation=reservation)
        view = memoryview(buffer)
        filled = 0
        held, self._held = self._held[::-1], []
        while chunk := await self._next(held, wait=not direct):
            end = filled + len(chunk)
            if end > len(buffer) and stream.length is None:
                buffer = self._grown(buffer, filled, end)
                view = memoryview(buffer)
            view[filled:end] = chunk
            filled = end
            if self._part:
                self._part.feed(buffer, filled)
        self._copied += [*STACK_PASSES * (("stack", filled),), ("ingest", filled)]
        if direct:
            await stream.receive_into(view[filled:], self._feeding(buffer, filled))
            filled = len(buffer)
        self._exchange.times.read = perf_counter() - self._started
        self._reserved = buffer.reservation.nbytes
        start, end = 0, filled
        try:
            if self._part:
                start, end = self._part.finish()
        finally:  # also of a form that is refused
            self._enter_copies(start, end)
        return view[start:end]

    def _enter_copies(self, start: int, end: int) -> None:
        """Tell the ledger what was copied of the file, which is all of the body or a part of it."""
        for stage, filled in self._copied:
            nbytes = min(filled, end) - start
            if nbytes > 0:
                self._exchange.ledger.add(stage, nbytes)

    async def _next(self, held: list[bytes], *, wait: bool) -> bytes:
        """Return the next bytes by way of the stack; b"" if no more come, or are there yet."""
        if held:
            return held.pop()
        return await self._stream.receive() if wait or self._stream.waiting else b""

    def _feeding(self, buffer: RequestBuffer, filled: int) -> Callable[[int], None] | None:
        """Return what looks for the file in `buffer` when more has come behind `filled` bytes."""
        if self._part is None:
            return None
        feed = self._part.feed
        return lambda more: feed(buffer, filled + more)

    def _grown(self, buffer: RequestBuffer, filled: int, needed: int) -> RequestBuffer:
        """Return a larger buffer that begins with what is in `buffer`; never waits for memory."""
        assert self._budget is not None  # noqa: S101 - admit comes first
        capacity = min(max(2 * len(buffer) + 1, needed), self._max_body)
        reservation = buffer.reservation
        self._budget.grow(reservation, request_capacity(capacity), self._beside)
        old = request_capacity(len(buffer))  # what the old buffer takes with it
        others = reservation.nbytes - old
        larger = request_buffer(capacity, reservation=reservation.split(others))
        memoryview(larger)[:filled] = memoryview(buffer)[:filled]
        self._copied.append(("ingest", filled))
        return larger


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
