"""An HTTP client that costs little: one buffer for all connections, answers compared as they come.

It keeps no large answer, and lets a caller send and take as slowly as it likes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE = 60.0  # seconds for an answer; the service's own limits are shorter
BUFFER = 256 * 1024
HEAD_END = b"\r\n\r\n"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # struct linger: on, 0 seconds


class LostError(Exception):
    """The connection ended before the answer did."""


@dataclass(frozen=True)
class Answer:
    """One response; header names in lower case. `body` is what was not as expected."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    as_expected: bool  # the whole body, byte by byte

    @property
    def closes(self) -> bool:
        """Whether the connection takes no more requests."""
        return self.headers.get("connection") == "close"


class Connection(asyncio.BufferedProtocol):
    """One connection, one request at a time. Belongs to the event loop it was made on."""

    def __init__(self, buffer: memoryview) -> None:
        """Receive into `buffer`, which connections of the same loop may share."""
        self.port = 0  # our own
        self.closed = False
        self.taken = 0  # bytes of bodies received
        self._buffer = buffer
        self._rate = 0.0  # bytes per second that are taken; 0: all
        self._awaited: asyncio.Future[Answer] | None = None
        self._expected = b""
        self._head = b""  # as far as it has come; the rest is the body's
        self._status = 0
        self._headers: dict[str, str] = {}
        self._unexpected = bytearray()
        self._place = 0  # in the body
        self._length = -1  # of the body; below 0 while the head is not complete
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn who we are."""
        self._transport = cast(asyncio.Transport, transport)
        self.port = self._transport.get_extra_info("sockname")[1]

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go; they are taken before anybody else's come."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came."""
        if self._rate and not self.closed:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(nbytes / self._rate, self.take_on)
        data = self._buffer[:nbytes]
        while data:
            data = self._take_head(data) if self._length < 0 else self._take_body(data)

    def eof_received(self) -> None:
        """Close, too."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits for an answer."""
        self.closed = True
        self._writable.set()
        if self._awaited is not None and not self._awaited.done():
            begun = "within an answer" if self._length >= 0 or self._head else "without an answer"
            how = "reset" if isinstance(exc, ConnectionError) else "closed"
            self._awaited.set_exception(LostError(f"{how} {begun}"))
            self._awaited.exception()  # nobody need wait for it

    def pause_writing(self) -> None:
        """Let senders wait."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let senders go on."""
        self._writable.set()

    def expect(self, body: bytes = b"") -> asyncio.Future[Answer]:
        """Return the next answer to come; `body` is compared with that of an answer 200."""
        self._expected = body
        self._awaited = asyncio.get_running_loop().create_future()
        if self.closed:
            self._awaited.set_exception(LostError("closed before the request"))
        return self._awaited

    def write(self, *parts: bytes | memoryview) -> None:
        """Send as fast as the other side takes it; the parts must stay as they are."""
        for part in parts:
            self._transport.write(part)

    async def drain(self) -> None:
        """Return when most is sent, or the connection is closed."""
        await self._writable.wait()

    async def ask(
        self, *parts: bytes | memoryview, body: bytes = b"", patience: float = PATIENCE
    ) -> Answer:
        """Send a request and return the answer. Raises LostError, and TimeoutError."""
        answer = self.expect(body)
        self.write(*parts)
        return await asyncio.wait_for(answer, patience)

    def take_slowly(self, rate: float) -> None:
        """Take no more than so many bytes per second from now on."""
        self._rate = rate

    def take_nothing(self) -> None:
        """Leave what comes in the sockets' buffers until `take_on`."""
        self._transport.pause_reading()

    def take_on(self) -> None:
        """Take what comes again."""
        if not self.closed and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Leave; what was not sent is not sent any more, and no answer will come."""
        if self._awaited is not None:
            self._awaited.cancel()
        self.closed = True  # the loop tells only later
        self._transport.abort()

    def reset(self) -> None:
        """Leave as one who crashed."""
        sock = self._transport.get_extra_info("socket")
        if not self.closed and sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.close()

    def _take_head(self, data: memoryview) -> memoryview:
        before = len(self._head)
        self._head += data
        head, complete, _ = self._head.partition(HEAD_END)
        if not complete:
            return data[len(data) :]
        self._head = b""
        status_line, *lines = head.decode("latin-1").split("\r\n")
        self._status = int(status_line.split(" ")[1])
        fields = (line.partition(":") for line in lines)
        self._headers = {name.lower(): value.strip() for name, _, value in fields}
        rest = data[len(head) + len(HEAD_END) - before :]
        if self._status >= 200:
            self._length = int(self._headers.get("content-length", 0))
            self._place = 0
            self._unexpected.clear()
            if self._length == 0:
                self._finish()
        return rest

    def _take_body(self, data: memoryview) -> memoryview:
        part = data[: self._length - self._place]
        end = self._place + len(part)
        if self._unexpected or self._status != 200 or not self._is_expected(part, end):
            self._unexpected += part
        self._place = end
        self.taken += len(part)
        if end == self._length:
            self._finish()
        return data[len(part) :]

    def _is_expected(self, part: memoryview, end: int) -> bool:
        return self._expected.startswith(part, self._place, end)  # 80 times as fast as ==

    def _finish(self) -> None:
        right = self._status == 200 and not self._unexpected and self._length == len(self._expected)
        answer = Answer(self._status, self._headers, bytes(self._unexpected), right)
        self._length = -1
        if self._awaited is None or self._awaited.done():
            self.close()  # nobody has asked for that: whoever asks next is told
        else:
            self._awaited.set_result(answer)


async def connect(port: int, buffer: memoryview) -> Connection:
    """Open a connection on loopback. Raises OSError, and TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        _, connection = await loop.create_connection(lambda: Connection(buffer), "127.0.0.1", port)
    return connection
