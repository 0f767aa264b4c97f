"""The bytes of a request body as they come: counted, bounded in size, never waited for too long."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from aiohttp import hdrs, web

from pixelferry.http.aiohttp_handler import client_of, next_piece
from pixelferry.http.connections import RECEIVE
from pixelferry.http.destination import Destination
from pixelferry.http.exchange import EXCHANGE
from pixelferry.http.min_rate import paid_until
from pixelferry.http.problems import Refusal
from pixelferry.settings import Settings, variable


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bounds for one request body."""

    max_body: int  # bytes
    read_timeout: float  # seconds without a byte
    min_rate: int  # bytes per second, averaged; 0 allows any

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take them from the settings."""
        return cls(settings.max_body, settings.read_timeout, settings.min_rate)


class BodyStream:
    """Receives the body of one request. If the client leaves, the handler is cancelled."""

    __slots__ = ("_awaited_since", "_content", "_exchange", "_limits", "_request", "length")

    def __init__(self, request: web.Request, limits: BodyLimits) -> None:
        """Raise Refusal if the head already announces too much. Nothing is read."""
        self._request = request
        self._content = request.content
        self._exchange = request[EXCHANGE]
        self._limits = limits
        self._awaited_since: float | None = None  # by the loop's clock
        announced = request.content_length
        if announced is not None and announced > limits.max_body:
            raise self._too_large(announced, "")
        self.length = announced if request.body_exists else 0
        """Bytes announced; None if the body is chunked."""

    @property
    def received(self) -> int:
        """Bytes handed out so far."""
        return self._exchange.received

    def excuse(self, seconds: float) -> None:
        """Do not count `seconds` against the client: nothing was read, for want of memory."""
        if self._awaited_since is not None:
            self._awaited_since += seconds

    @property
    def direct(self) -> bool:
        """Whether what has not come yet may be received by `receive_into`."""
        return not self._content.is_eof() and client_of(self._request).direct

    @property
    def waiting(self) -> bool:
        """Whether some bytes have come that were not handed out."""
        return self._content.total_bytes > self.received

    def admit(self) -> None:
        """Let the body come as fast as it is taken; until then it comes in small pieces."""
        if not self._content.is_eof():  # else it is the next request that is arriving
            expected = 0 if self.length is None else self.length - self._content.total_bytes
            client_of(self._request).admit_body(expected)

    async def receive_into(
        self, rest: memoryview, look: Callable[[int], None] | None = None
    ) -> None:
        """Let the kernel write the rest of the body into `rest`, which has just the room for it.

        Only if `direct` and nothing is `waiting`. `look` is told now and then how many bytes have
        come. Raises Refusal if they are late, and what `look` raises; then nothing is written to
        `rest` any more, and no other request comes by this connection.
        """
        loop, client = asyncio.get_running_loop(), client_of(self._request)
        destination = Destination(rest, loop.time())
        before, since = self.received, await self._begin_to_wait(destination.last)
        client.receive_into(destination)
        try:
            while not destination.full:
                due, code = self._due(destination.last, since)
                if loop.time() >= due:
                    raise self._too_late(code)
                with suppress(TimeoutError):  # it may have gone on meanwhile
                    async with asyncio.timeout_at(due):
                        await destination.more(len(rest) if look is None else RECEIVE)
                self._exchange.received = before + destination.nbytes
                if look is not None:
                    look(destination.nbytes)
        finally:
            self._exchange.received = before + destination.nbytes
            client.stop_receiving()

    async def receive(self) -> bytes:
        """Return the next bytes, b"" at the end. Raises Refusal if they are late or too many."""
        content = self._content
        while not content.at_eof():
            try:
                if self.waiting:  # no timer
                    chunk = await next_piece(content)
                else:
                    chunk = await self._await_chunk()
            except web.RequestPayloadError:
                detail = "the chunked encoding of the body is broken"
                raise Refusal("malformed_body", detail) from None
            if chunk:
                self._exchange.received += len(chunk)
                if self.received > self._limits.max_body:
                    raise self._too_large(self.received, "at least ")
                return chunk
        return b""

    async def _await_chunk(self) -> bytes:
        now = asyncio.get_running_loop().time()
        since = await self._begin_to_wait(now)
        client_of(self._request).want_more()
        due, code = self._due(now, since)
        try:
            async with asyncio.timeout_at(due):
                chunk = await next_piece(self._content)
        except TimeoutError:
            raise self._too_late(code) from None
        return chunk

    async def _begin_to_wait(self, now: float) -> float:
        """Return since when the client has been waited for; the first time, ask for the body."""
        if self._awaited_since is None:
            self._awaited_since = now
            await self._send_continue()
        return self._awaited_since

    async def _send_continue(self) -> None:
        """Ask for a body that the client holds back until it is wanted (RFC 9110 10.1.1)."""
        request = self._request
        if hdrs.EXPECT in request.headers and request.version >= (1, 1) and not self.received:
            writer = request.writer
            await writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            writer.output_size = 0  # the answer itself has not begun

    def _due(self, last: float, since: float) -> tuple[float, str]:
        """Return until when the next byte must come, and what it is called if it does not.

        The last one came at `last`, or the client was asked then.
        """
        due, code = last + self._limits.read_timeout, "body_timeout"
        if self._limits.min_rate:
            paid = paid_until(since, self.received, self._limits.min_rate)
            if paid < due:
                due, code = paid, "body_too_slow"
        return due, code

    def _too_late(self, code: str) -> Refusal:
        limit: float
        if code == "body_timeout":
            limit, setting = self._limits.read_timeout, "read_timeout"
            detail = f"no byte of the body came for {limit:g} seconds"
        else:
            limit, setting = self._limits.min_rate, "min_rate"
            detail = f"the body came with less than {limit} bytes per second"
        return Refusal(code, detail, limit=limit, setting=variable(setting))

    def _too_large(self, needed: int, exactly: str) -> Refusal:
        limit = self._limits.max_body
        return Refusal(
            "body_too_large",
            f"the body has {exactly}{needed} bytes; {limit} are accepted",
            limit=limit,
            needed=needed,
            setting=variable("max_body"),
        )
