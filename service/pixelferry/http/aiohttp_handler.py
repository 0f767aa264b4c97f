"""aiohttp's part of a connection: parses, queues, runs the application, writes.

The only file that knows aiohttp's internals. What it needs of the connection stands in `Client`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.http import HttpRequestParser, RawRequestMessage
from aiohttp.http_exceptions import (
    BadHttpMessage,
    HttpProcessingError,
    InvalidURLError,
    LineTooLong,
)
from aiohttp.http_writer import StreamWriter, _serialize_headers
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import MAX_MSG_QUEUE_SIZE, RequestHandler, _ErrInfo

from pixelferry.http.ambiguity import ambiguity
from pixelferry.http.chunked_end import BLANK_LINE, cut_behind_chunked, end_begun
from pixelferry.http.date import http_date
from pixelferry.http.exchange import REQUEST_ID_HEADER, SERVER_NAME, request_id
from pixelferry.http.problems import Problem, problem_response, unforeseen
from pixelferry.http.security_headers import add_security_headers
from pixelferry.http.tracebacks import free_frames

if TYPE_CHECKING:
    import asyncio

    from pixelferry.http.connections import Connections
    from pixelferry.http.destination import Destination

MAX_LINE: Final = 8190  # bytes of the request line, and of each header
MAX_FRAMING: Final = 32 * 1024  # bytes between two bytes of a chunked body, and behind the last
MAX_AHEAD: Final = 32 * 1024  # bytes read while requests wait for those before them
READ_AHEAD: Final = 64 * 1024  # bytes of a body that wait to be taken; twice as many pause reading
DIRECT: Final = 64 * 1024  # bytes of a body for which it pays to receive it past the parser

_log = logging.getLogger(__name__)


class Client(Protocol):
    """The connection, as its handler and the routes see it."""

    surplus: bool
    """Whether it is one too many: it is told so, and closed."""

    direct: bool
    """Whether the rest of the body that is arriving may be received by `receive_into`."""

    def parsed(self, *, body_complete: bool, direct: bool) -> None:
        """Tell what is known now of the newest request; a body waits until the route wants it."""

    def want_more(self) -> None:
        """Read one more piece of the body that is arriving."""

    def admit_body(self, expected: int) -> None:
        """Read the body that is arriving as fast as it is taken: there is memory for it.

        `expected` bytes of it are still to come; 0 if that is not known.
        """

    def receive_into(self, destination: Destination) -> None:
        """Receive all that `destination` has room for: exactly the rest of the body, admitted."""

    def stop_receiving(self) -> None:
        """Let go of the destination; if it is not full, the connection is of no more use."""

    def pause_reading(self) -> None:
        """Hold the client back: what it has sent must be taken first."""

    def resume_reading(self) -> None:
        """Let the client go on."""

    def head_grows(self, nbytes: int) -> None:
        """Tell that so much more of a head has come, but not all."""

    def head_complete(self) -> None:
        """Tell that a request has come."""

    def answered_at_once(self) -> None:
        """Tell that a request came whole, and that its answer is on its way."""

    def discard(self) -> None:
        """Take the transport over: the last answer is sent, the rest is of no interest."""


class Handler(RequestHandler):
    """aiohttp's own, with our options."""

    __slots__ = (
        "_ahead",
        "_body",
        "_broken",
        "_chunked",
        "_direct",
        "_end_begun",
        "_framing",
        "_last",
        "_owner",
        "client",
        "idle",
    )

    def __init__(self, client: Client, owner: Connections, loop: asyncio.AbstractEventLoop) -> None:
        # Made here and not by the manager, which drops all options if it does not know one.
        super().__init__(
            owner.manager,
            loop=loop,
            keepalive_timeout=owner.settings.keepalive_timeout,
            tcp_keepalive=True,
            access_log=None,  # type: ignore[arg-type]
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            lingering_time=0,
            read_bufsize=READ_AHEAD,
            auto_decompress=False,
        )
        self._msg_queue_resume_size = 0  # or each small request taken up would let large ones in
        self.client = client
        self._owner = owner
        self.idle = True  # whether no request is being answered or waits for that
        self._ahead = 0  # bytes that have come since no request waited
        self._body: StreamReader = EMPTY_PAYLOAD  # of the newest request
        self._broken = False  # what comes cannot be parsed any more
        self._direct = False  # whether the rest of the newest body need not pass the parser
        self._last = False  # whether nothing may follow the newest request
        self._chunked = False  # whether the newest body is
        self._end_begun = b""  # bytes that may begin the end of a chunked body
        self._framing = 0  # bytes that have come since the newest byte of the body

    @property
    def ends_here(self) -> bool:
        """Whether nothing will be answered behind the request that is being answered."""
        return self._broken and not self._messages

    def data_received(self, data: bytes) -> None:
        """Parse; tell the connection where the newest head stands."""
        if self._chunked or b"hunked" in data:
            for piece in cut_behind_chunked(self._end_begun if self._chunked else b"", data):
                self._parse(piece)
        else:
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        if self._broken:
            return
        requests, in_body = self._request_count, not self._body.is_eof()
        received = self._body.total_bytes
        taken_up = in_body and not self._messages
        self._ahead = self._ahead + len(data) if self._messages else len(data)
        waiter, self._waiter = self._waiter, None  # nobody need wake for what is answered at once
        super().data_received(data)
        self._waiter = waiter
        new = self._request_count - requests
        new -= self._dropped_behind_chunked(new, in_body, data)
        if new == 1 and self.idle and self._answered_at_once():
            return
        if self._messages:
            if self.idle:
                self._owner.flush()  # before what takes the long way, or ends the connection
            self.idle = False
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
        if taken_up and self._body.is_eof():
            self._count_as_taken_up()
        if new:
            self._refuse_ambiguous(new)
            self.client.head_complete()
            self._take_newest()
        elif not in_body and not self._buffer_paused and data.strip(b"\r\n"):
            # Not the rest of a body, no requests too many to parse now, no blank lines before one.
            self._stop_keepalive_clock()
            self.client.head_grows(len(data))
        elif in_body and not self._body.is_eof() and self._body.total_bytes == received:
            self._framing_grows(len(data))
            return  # whoever awaits a byte still does
        self._framing = 0
        if self._messages and self._ahead > MAX_AHEAD and not self._buffer_paused:
            self._pause_reading_for_buffer()  # until none waits
        self.client.parsed(body_complete=self._body.is_eof(), direct=self._direct)

    def body_received(self, nbytes: int) -> None:
        """Take the rest of the newest body, `nbytes`, as received; what comes next is a head.

        Only while `direct` was said of it, and nothing waits to be parsed. The parser still awaits
        the body, so a new one takes its place.
        """
        self._parser = self._new_parser()
        if self._last:  # the old one would have refused what follows
            self._close = True
        self._body.total_bytes += nbytes
        self._body.feed_eof()
        self.client.parsed(body_complete=True, direct=True)

    def give_up_body(self) -> None:
        """Parse nothing any more: a part of the newest body went elsewhere, the rest is unknown."""
        self._broken = True

    def _new_parser(self) -> HttpRequestParser:
        """Return a parser as aiohttp makes it for each connection."""
        return HttpRequestParser(
            self,
            self._loop,
            self._read_bufsize,
            max_line_size=self.max_line_size,
            max_field_size=self.max_field_size,
            max_headers=self.max_headers,
            payload_exception=web.RequestPayloadError,
            auto_decompress=False,
            max_msg_queue_size=MAX_MSG_QUEUE_SIZE,
        )

    def _answered_at_once(self) -> bool:
        """Try to answer the only request there is without waking anybody."""
        message, body = self._messages[0]
        shortcut, transport = self._owner.at_once, self.transport
        if (
            shortcut is None
            or transport is None
            or self.client.surplus
            or self._close
            or self._broken
            or isinstance(message, _ErrInfo)
            or message.should_close
            or message.upgrade
            or message.version is not HttpVersion11
            or body is EMPTY_PAYLOAD
            or not body.is_eof()
            or len(chunks := body._buffer) != 1
            or ambiguity(message) is not None
            or transport.is_closing()
            or transport.get_write_buffer_size()
            or not shortcut.answer(message, chunks[0], transport)
        ):
            return False
        self._messages.clear()
        self._body = EMPTY_PAYLOAD
        self._chunked = self._direct = False
        if self._parser is not None:
            self._parser.message_consumed()
        self._renew_keepalive()
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(
                self._next_keepalive_close_time, self._process_keepalive
            )
        self.client.answered_at_once()
        return True

    def _dropped_behind_chunked(self, new: int, in_body: bool, data: bytes) -> int:
        """Drop those of the `new` messages that lie behind a chunked body; returns how many.

        aiohttp's parser (3.14.5) takes the last trailer of such a body for a header of the request
        behind it, which may be somebody else's. So a new parser takes over where the body ends. If
        this read does not end there, what else it brought is not answered: the connection ends.
        """
        messages = self._messages
        behind = len(messages) - new
        before = b""
        if in_body and self._chunked:
            before, ended = self._end_begun, self._body.is_eof()
        else:
            while behind < len(messages) and not _is_chunked(messages[behind][0]):
                behind += 1
            if behind == len(messages):
                return 0
            ended = messages[behind][1].is_eof()
            behind += 1
        if not ended:
            self._end_begun = end_begun(before, data)
            return 0
        dropped = len(messages) - behind
        ends = (before + data[-4:]).endswith(BLANK_LINE) and not self._keeps_messages()
        if ends and not dropped:
            self._parser = self._new_parser()
            return 0
        for _ in range(dropped):
            messages.pop()
        self._broken = True
        return dropped

    def _keeps_messages(self) -> bool:
        """Whether the parser has stopped, for many requests wait, before the end of what it got."""
        if not self._buffer_paused or self._parser is None:
            return False
        try:
            messages, _, _ = self._parser.feed_data(b"")
        except HttpProcessingError:
            return True
        return bool(messages)

    def _framing_grows(self, nbytes: int) -> None:
        """Bound what the parser keeps of trailers, until the next request or for ever."""
        self._framing += nbytes
        if self._framing > MAX_FRAMING:
            self._break_body("the chunked body has too much around its bytes")

    def _count_as_taken_up(self) -> None:
        """Tell the parser that the request whose body has just ended does not wait any more.

        It counts a request that waits when its body ends, and forgets it when the request is taken
        up, which may be earlier. With each it would pause sooner, and none would wake it.
        """
        if self._parser is not None:
            self._parser.message_consumed()
            super().data_received(b"")

    def _refuse_ambiguous(self, count: int) -> None:
        """Refuse the first ambiguous one of the `count` newest requests; none comes behind it."""
        for at in range(len(self._messages) - count, len(self._messages)):
            message, _ = self._messages[at]
            fault = None if isinstance(message, _ErrInfo) else ambiguity(message)
            if fault is not None:
                while len(self._messages) > at:
                    self._messages.pop()
                refusal = _ErrInfo(status=400, exc=BadHttpMessage(fault), message=fault)
                self._messages.append((refusal, EMPTY_PAYLOAD))
                self._broken = True
                return

    def _take_newest(self) -> None:
        message, body = self._messages[-1]
        if isinstance(message, _ErrInfo) and not self._body.is_eof():
            # It is the body before that broke; its reader would wait for ever.
            self._messages.pop()
            free_frames(message.exc)
            self._break_body(message.message)
        else:
            self._body = body
            self._chunked = _is_chunked(message)
            if isinstance(message, RawRequestMessage) and not body.is_eof():
                self._direct = self._owner.settings.ingest == "direct" and _can_be_direct(message)
                self._last = message.should_close
            else:
                self._direct = False

    def _break_body(self, reason: str) -> None:
        self._broken = True
        self._body.set_exception(web.RequestPayloadError(reason))
        self._body.feed_eof()
        self.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End, without a reference cycle that the garbage collector would have to find."""
        super().connection_lost(exc)
        self._stop_keepalive_clock()
        self._body = EMPTY_PAYLOAD
        for message, _ in self._messages:
            if isinstance(message, _ErrInfo):
                free_frames(message.exc)
        self._messages.clear()

    def force_close(self) -> None:
        """Close behind the answers of this turn."""
        if self.transport is not None:
            self._owner.flush()
        super().force_close()

    def resume_writing(self) -> None:
        """Go on: the client has taken all, and is idle from now on."""
        super().resume_writing()
        self._renew_keepalive()

    def _process_keepalive(self) -> None:
        """Close an idle connection, but not while its client still takes an answer."""
        if self.writing_paused:
            self._renew_keepalive()
        super()._process_keepalive()

    def _renew_keepalive(self) -> None:
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout

    def _stop_keepalive_clock(self) -> None:
        if self._keepalive_handle is not None:
            self._keepalive_handle.cancel()
            self._keepalive_handle = None

    def pause_reading(self) -> None:
        """Pause the transport alone: what was read already is parsed.

        The parser would keep the rest of it, and if it was paused between two pieces of a body, the
        next piece as well, with nobody to ask for it.
        """
        self._reading_paused = True
        self._pause_transport_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on if reading was paused; aiohttp's parses nothing anew for each chunk taken."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def _pause_transport_reading(self) -> None:
        self.client.pause_reading()

    def _resume_transport_reading(self) -> None:
        self.client.resume_reading()

    def let_go(self) -> None:
        """End without closing the transport."""
        self.transport = None
        self.force_close()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer; the next request has to wait until the client has taken it."""
        done = await super().finish_response(request, resp, start_time)
        if self.writing_paused:  # or answers pile up for a client that asks and never reads
            await self._drain_helper()
        if not resp.keep_alive and (self._broken or not self._body.is_eof()):
            self.transport = None  # lest it be closed: the client may still be sending
            self.client.discard()
        # Before aiohttp awaits the next, which a fast client will have sent by then.
        self.idle = resp.keep_alive is True and not self._messages
        return done

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, and what the middlewares could not catch."""
        free_frames(exc)
        if isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            raise ConnectionAbortedError("the client left, or the answer cannot be taken back")
        if status == 400:
            problem = _malformed(exc)
            self._broken = True
        else:
            _log.error("unforeseen error before the middlewares", exc_info=exc)
            problem = unforeseen()
        self._owner.count_refused(problem)
        chosen_id = request_id()
        response = problem_response(problem, chosen_id)
        add_security_headers(response)
        response.headers[REQUEST_ID_HEADER] = chosen_id
        response.headers[hdrs.SERVER] = SERVER_NAME
        response.headers[hdrs.CONNECTION] = "close"
        response.force_close()
        return response


HeadHook: TypeAlias = Callable[[web.Request, web.StreamResponse], None]
"""Completes the head of a response that is about to be sent."""

HEAD_HOOKS: Final = web.AppKey("head_hooks", tuple[HeadHook, ...])


def complete_heads(app: web.Application, *hooks: HeadHook) -> None:
    """Have each response of `app` completed by `hooks`, in this order."""
    app[HEAD_HOOKS] = hooks

    async def call_hooks(request: web.Request, response: web.StreamResponse) -> None:
        for hook in hooks:
            hook(request, response)

    app.on_response_prepare.append(call_hooks)


class WholeResponse(web.StreamResponse):
    """A response 200 whose head and body go out in one write.

    An icon saves a system call and a packet by that, and what aiohttp's own way costs: a third of
    the whole request. Neither part is copied; aiohttp would join them on older Pythons.
    """

    async def send(self, request: web.Request, body: memoryview) -> None:
        """Send head and body; returns when the kernel has all."""
        headers, version = self._headers, request.version
        headers[hdrs.CONTENT_LENGTH] = str(body.nbytes)
        headers[hdrs.DATE] = http_date()
        self._keep_alive = request.keep_alive
        for hook in request.app[HEAD_HOOKS]:
            hook(request, self)
        if version != HttpVersion11:
            if self._keep_alive:
                headers[hdrs.CONNECTION] = "keep-alive"
            status_line = "HTTP/1.0 200 OK"
        else:
            if not self._keep_alive:
                headers[hdrs.CONNECTION] = "close"
            status_line = "HTTP/1.1 200 OK"
        head = _serialize_headers(status_line, headers)
        writer = cast(StreamWriter, request.writer)
        transport = writer.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client left before the answer")
        writer.output_size += len(head) + body.nbytes
        transport.writelines((head, body))
        await writer.drain()  # small ones too, or they pile up for a client that never reads
        self._eof_sent = True


def message_of(request: web.BaseRequest) -> RawRequestMessage:
    """Return the head of `request` as the parser has it."""
    return request._message


async def next_piece(content: StreamReader) -> bytes:
    """Return the next piece of a body as the parser made it; b"" at the end.

    All that aiohttp has for that joins pieces, readchunk those of a chunk: another copy.
    """
    while not content._buffer and content._exception is None and not content._eof:
        await content._wait("next_piece")
    failure = content.exception()
    if failure is not None:
        raise failure
    return content._read_nowait_chunk(-1) if content._buffer else b""


def ends_here(request: web.BaseRequest) -> bool:
    """Tell whether nothing will be answered behind `request`, which is being answered."""
    return cast(Handler, request.protocol).ends_here


def client_of(request: web.BaseRequest) -> Client:
    """Return the connection that `request` came by."""
    return cast(Handler, request.protocol).client


def _is_chunked(message: RawRequestMessage | _ErrInfo) -> bool:
    return isinstance(message, RawRequestMessage) and bool(message.chunked)


def _can_be_direct(message: RawRequestMessage) -> bool:
    """Tell whether the body's end is known, far away, and the end of nothing but the request."""
    if message.chunked or message.upgrade or message.method == hdrs.METH_CONNECT:
        return False
    # One header of digits alone, or the parser had refused it.
    return int(message.headers.get(hdrs.CONTENT_LENGTH, 0)) >= DIRECT


def _malformed(error: BaseException | None) -> Problem:
    """Tell in one line; the parser's message goes on with the bytes it choked on."""
    if isinstance(error, LineTooLong):
        return Problem(
            "head_too_large",
            f"the request line or a header is longer than {MAX_LINE} bytes",
            {"limit": MAX_LINE},
        )
    if isinstance(error, InvalidURLError):
        # the parser's message is the target alone
        return Problem("malformed_request", "the request target is no valid URL")
    text = error.message if isinstance(error, HttpProcessingError) else ""
    detail = text.partition("\n")[0].rstrip(": ")[:200] or "the request cannot be parsed"
    return Problem("malformed_request", detail)
