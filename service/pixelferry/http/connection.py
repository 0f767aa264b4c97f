"""One client connection: the protocol in front of aiohttp's RequestHandler.

The only file that knows aiohttp's internals. It adds what aiohttp does not have: a deadline for the
head of a request, one for a client that does not take its answer, a count of connections, and
problem documents for what is not even HTTP. What the transport tells arrives at Connection and is
handed on; reading is paused there and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
from traceback import clear_frames
from typing import Final, cast

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError, InvalidURLError, LineTooLong
from aiohttp.http_writer import StreamWriter
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from pixelferry.http.connections import Connections
from pixelferry.http.exchange import REQUEST_ID_HEADER, request_id
from pixelferry.http.middlewares import SERVER_NAME
from pixelferry.http.problems import Problem, problem_response, raw_problem_response, unforeseen
from pixelferry.settings import variable

MAX_LINE: Final = 8190  # bytes of the request line, and of each header
LINGER: Final = 2.0  # seconds in which a refused body is still read, so that the answer is seen
SAMPLE: Final = 1.0  # seconds between two looks at what the client has not taken yet

_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """One client. The clocks run only while something is awaited of it."""

    def __init__(self, owner: Connections) -> None:
        """Belong to `owner`, and to the event loop that runs."""
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._handler = _Handler(self, owner, self._loop)
        self._transport: asyncio.Transport | None = None
        self._head_clock: asyncio.TimerHandle | None = None
        self._head_begun = False
        self._write_clock: asyncio.TimerHandle | None = None
        self._unsent = 0  # bytes
        self._stuck_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock for the first head."""
        self._transport = cast(asyncio.Transport, transport)
        # Then pause_writing tells of every byte that the socket did not take.
        self._transport.set_write_buffer_limits(high=0)
        self._owner.opened(self)
        self._handler.connection_made(transport)
        self._start_head_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks; the handler is cancelled."""
        self._stop_head_clock()
        self._stop_write_clock()
        self._transport = None
        self._owner.lost(self)
        self._handler.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand on what came."""
        self._handler.data_received(data)

    def eof_received(self) -> None:
        """Take a client that closed its side as gone: the transport closes."""
        self._handler.eof_received()

    def pause_writing(self) -> None:
        """Start the clock: the client has not taken all."""
        self._handler.pause_writing()
        self._unsent = self._left_to_send()
        self._stuck_since = self._loop.time()
        self._start_write_clock()

    def resume_writing(self) -> None:
        """Stop the clock: all is sent."""
        self._stop_write_clock()
        self._handler.resume_writing()

    def pause_reading(self) -> None:
        """Hold the client back."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Let the client go on."""
        if self._transport is not None:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        if self._transport is not None:
            self._transport.abort()

    def head_begun(self) -> None:
        """Start the clock: a part of a head has come."""
        if not self._head_begun:
            self._start_head_clock()
            self._head_begun = True

    def head_complete(self) -> None:
        """Stop the clock: a request has come."""
        self._stop_head_clock()

    def _start_head_clock(self) -> None:
        self._stop_head_clock()
        timeout = self._owner.settings.header_timeout
        self._head_clock = self._loop.call_later(timeout, self._head_too_late)

    def _stop_head_clock(self) -> None:
        self._head_begun = False
        if self._head_clock is not None:
            self._head_clock.cancel()
            self._head_clock = None

    def _head_too_late(self) -> None:
        if not self._handler.idle:
            self._start_head_clock()  # first the answers to the requests before
            self._head_begun = True
        elif self._head_begun and self._transport is not None:
            timeout = self._owner.settings.header_timeout
            problem = Problem(
                "header_timeout",
                f"the head of the request was not complete after {timeout:g} seconds",
                {"limit": timeout, "setting": variable("header_timeout")},
            )
            self._owner.count_refused(problem, timeout)
            self._transport.write(raw_problem_response(problem, request_id(None)))
            self._handler.force_close()
        else:
            self._handler.force_close()  # it never said a word

    def _left_to_send(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def _start_write_clock(self) -> None:
        interval = min(SAMPLE, self._owner.settings.write_timeout / 4)
        self._write_clock = self._loop.call_later(interval, self._look_at_writing)

    def _stop_write_clock(self) -> None:
        if self._write_clock is not None:
            self._write_clock.cancel()
            self._write_clock = None

    def _look_at_writing(self) -> None:
        left, now = self._left_to_send(), self._loop.time()
        if left < self._unsent:
            self._stuck_since = now
        self._unsent = left
        if now - self._stuck_since >= self._owner.settings.write_timeout:
            self._owner.telemetry.rejections["write_timeout"] += 1
            self.abort()
        else:
            self._start_write_clock()


class WholeResponse(web.StreamResponse):
    """A response whose head and body go out in one write.

    An icon saves a system call and a packet by that. Neither is copied: aiohttp's own way to join
    them copies the body on older Pythons.
    """

    _send_headers_immediately = False

    async def send(self, request: web.Request, body: memoryview) -> None:
        """Send head and body; returns when the kernel has all. Content-Length must be set."""
        writer = cast(StreamWriter, await self.prepare(request))
        head, writer._headers_buf, writer._headers_written = writer._headers_buf, None, True
        transport = writer.transport
        if transport is None or transport.is_closing() or head is None:
            raise ConnectionResetError("the client left before the answer")
        writer.output_size += len(head) + body.nbytes
        transport.writelines((head, body))
        await writer.drain()  # small ones too, or they pile up for a client that never reads
        await self.write_eof()


class _Handler(RequestHandler):
    """aiohttp's part: parses, queues, runs the application, writes."""

    __slots__ = ("_body", "_connection", "_owner")

    def __init__(
        self, connection: Connection, owner: Connections, loop: asyncio.AbstractEventLoop
    ) -> None:
        # Made here and not by the manager, which drops all options if it does not know one.
        super().__init__(
            owner.manager,
            loop=loop,
            keepalive_timeout=owner.settings.keepalive_timeout,
            tcp_keepalive=True,
            access_log=None,  # type: ignore[arg-type]
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            lingering_time=LINGER,
            auto_decompress=False,
        )
        self._connection = connection
        self._owner = owner
        self._body: StreamReader = EMPTY_PAYLOAD  # of the newest request

    @property
    def idle(self) -> bool:
        """Whether no request is being answered or waits for that."""
        return self._waiter is not None and not self._waiter.done()

    def data_received(self, data: bytes) -> None:
        """Parse; tell the connection where the newest head stands."""
        requests = self._request_count
        super().data_received(data)
        if self._request_count != requests:
            self._connection.head_complete()
            self._take_newest()
        elif self._body.is_eof() and not self._buffer_paused and data.strip(b"\r\n"):
            # Not the rest of a body, no requests too many to parse now, no blank lines before one.
            self._stop_keepalive_clock()
            self._connection.head_begun()

    def _take_newest(self) -> None:
        message, body = self._messages[-1]
        if isinstance(message, _ErrInfo) and not self._body.is_eof():
            # It is the body before that broke; its reader would wait for ever.
            self._messages.pop()
            self._body.set_exception(web.RequestPayloadError(message.message))
            self._body.feed_eof()
            self.close()
        else:
            self._body = body

    def _stop_keepalive_clock(self) -> None:
        if self._keepalive_handle is not None:
            self._keepalive_handle.cancel()
            self._keepalive_handle = None

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on if reading was paused; aiohttp's parses nothing anew for each chunk taken."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def _pause_transport_reading(self) -> None:
        self._connection.pause_reading()

    def _resume_transport_reading(self) -> None:
        self._connection.resume_reading()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, and what the middlewares could not catch."""
        if isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            _let_go(exc)
            raise ConnectionAbortedError("the client left, or the answer cannot be taken back")
        if status == 400:
            problem = Problem("malformed_request", _what_is_malformed(exc))
        else:
            _log.error("unforeseen error before the middlewares", exc_info=exc)
            problem = unforeseen()
        self._owner.count_refused(problem)
        chosen_id = request_id(None)
        response = problem_response(problem, chosen_id)
        response.headers[REQUEST_ID_HEADER] = chosen_id
        response.headers[hdrs.SERVER] = SERVER_NAME
        response.headers[hdrs.CONNECTION] = "close"
        response.force_close()
        return response


def _let_go(error: BaseException | None) -> None:
    """Free what the frames that `error` went through hold: aiohttp keeps it in a cycle."""
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _what_is_malformed(error: BaseException | None) -> str:
    """Return one line; the parser's message goes on with the bytes it choked on."""
    if isinstance(error, LineTooLong):
        return f"the request line or a header is longer than {MAX_LINE} bytes"
    if isinstance(error, InvalidURLError):
        return "the request target is no valid URL"  # the parser's message is the target alone
    text = error.message if isinstance(error, HttpProcessingError) else ""
    return text.partition("\n")[0].rstrip(": ")[:200] or "the request cannot be parsed"
