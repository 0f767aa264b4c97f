"""One client connection: the protocol between the transport and aiohttp's handler.

It adds what aiohttp does not have: one receive buffer for all connections, deadlines for the head
of a request and for a client that does not take its answer, bounds on heads, the way in which
refused bodies are read away, and an eye on clients that leave while nobody reads. Reading is paused
here and nowhere else.
"""

import asyncio
from typing import Final, cast

from pixelferry.http.aiohttp_handler import Handler
from pixelferry.http.connections import FIRST, Connections
from pixelferry.http.destination import Destination
from pixelferry.http.exchange import request_id
from pixelferry.http.problems import Problem, raw_problem_response
from pixelferry.http.write_progress import WriteProgress
from pixelferry.settings import variable

MAX_HEAD: Final = 16 * 1024  # bytes of a request's line and headers
LINGER: Final = 2.0  # seconds in which a refused body is still read, so that the answer is seen
SURPLUS_PATIENCE: Final = 2.0  # seconds for the head of a connection that is one too many
MIN_DISCARDABLE: Final = 16 * 2**20  # bytes of it, or twice what is accepted: it was too large
SAMPLE: Final = 1.0  # seconds between two looks at what the client has not taken yet


class Connection(asyncio.BufferedProtocol):
    """One client. The clocks run only while something is awaited of it."""

    __slots__ = (
        "_admitted",
        "_destination",
        "_discard_clock",
        "_discardable",
        "_discarding",
        "_expected",
        "_fd",
        "_handler",
        "_head_bytes",
        "_head_clock",
        "_held",
        "_loop",
        "_owner",
        "_paused",
        "_piece",
        "_progress",
        "_transport",
        "_write_clock",
        "direct",
        "surplus",
    )

    def __init__(self, owner: Connections) -> None:
        """Belong to `owner`, and to the event loop that runs."""
        self.surplus = False
        self.direct = False
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._handler: Handler | None = None
        self._transport: asyncio.Transport | None = None
        self._fd = -1
        self._head_clock: asyncio.TimerHandle | None = None
        self._head_bytes = 0  # of a head that is not complete
        self._paused = False  # by the handler: what came must be taken first
        self._held = False  # until the route wants more of the body
        self._admitted = False  # the body: there is memory for all of it
        self._expected = 0  # bytes of it that are still to come, if it has a length
        self._destination: Destination | None = None  # of the rest of it
        self._piece = owner.little_buffer  # where anything else is read
        self._write_clock: asyncio.TimerHandle | None = None
        self._progress: WriteProgress | None = None
        self._discard_clock: asyncio.TimerHandle | None = None
        self._discardable = 0  # bytes that may still be read away
        self._discarding = False  # what comes is read away now

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock for the first head, if the client may stay."""
        self._transport = cast(asyncio.Transport, transport)
        # Then pause_writing tells of every byte that the socket did not take.
        self._transport.set_write_buffer_limits(high=0)
        rank, limit = self._owner.opened(self), self._owner.settings.max_connections
        if rank > 2 * limit:
            self._owner.telemetry.rejections["too_many_connections"] += 1
            self._transport.abort()
            return
        self.surplus = rank > limit
        self._fd = self._transport.get_extra_info("socket").fileno()
        self._start_head_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks; the handler is cancelled."""
        self._owner.departures.forget(self._fd)
        self._stop_head_clock()
        self._stop_write_clock()
        self._stop_discard_clock()
        self._transport = None
        self._destination = None
        self._owner.lost(self)
        handler, self._handler = self._handler, None  # each knew the other: a cycle
        if handler is not None:
            handler.connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go: into the body's own memory, or a buffer that all share.

        There, little at a time of all but a body that there is memory for, and little of what comes
        behind it: so much may wait in each connection.
        """
        if self._destination is not None:
            return self._destination.free
        if self._discarding:
            return self._owner.receive_buffer
        if self._expected > FIRST:
            return self._owner.receive_buffer[: self._expected]
        return self._piece

    def buffer_updated(self, nbytes: int) -> None:
        """Hand on what came."""
        if self._destination is not None:
            self._received_directly(self._destination, nbytes)
        elif self._discarding:
            self._count_read_away(nbytes)
        elif self._transport is not None:
            self._expected = max(0, self._expected - nbytes)
            if self._handler is None:  # not before: of a crowd many never say a word
                self._handler = Handler(self, self._owner, self._loop)
                self._handler.connection_made(self._transport)
            self._handler.data_received(bytes(self._owner.receive_buffer[:nbytes]))

    def _received_directly(self, destination: Destination, nbytes: int) -> None:
        destination.advance(nbytes, self._loop.time())
        if destination.full:
            self._destination = None
            if self._handler is not None:
                self._handler.body_received(destination.nbytes)

    def eof_received(self) -> None:
        """Take a client that closed its side as gone: the transport closes."""
        self._owner.flush()

    def pause_writing(self) -> None:
        """Start the clock: the client has not taken all."""
        if self._handler is not None:
            self._handler.pause_writing()
        settings = self._owner.settings
        self._progress = WriteProgress(
            self._loop.time(), self._left_to_send(), settings.write_timeout, settings.min_rate
        )
        self._start_write_clock()

    def resume_writing(self) -> None:
        """Stop the clock: all is sent."""
        self._stop_write_clock()
        if self._handler is not None:
            self._handler.resume_writing()

    def pause_reading(self) -> None:
        """Hold the client back: what it has sent must be taken first."""
        self._paused = True
        self._set_reading()

    def resume_reading(self) -> None:
        """Let the client go on."""
        self._paused = False
        self._set_reading()

    def parsed(self, *, body_complete: bool, direct: bool) -> None:
        """Tell what is known now of the newest request; a body waits until the route wants it."""
        self.direct = direct
        if body_complete:
            self._forget_body()
            self._held = False
        elif not self._admitted:
            # Of a small body the rest may come at once, if there was no room for it yet.
            self._held = direct or self._piece is self._owner.first_buffer
        # The next request of this client will probably be like its last.
        if not direct:
            self._piece = self._owner.first_buffer
        elif not body_complete:
            self._piece = self._owner.little_buffer
        self._set_reading()

    def want_more(self) -> None:
        """Read one more piece of the body that is arriving."""
        self._held = False
        self._set_reading()

    def admit_body(self, expected: int) -> None:
        """Read the body that is arriving as fast as it is taken: there is memory for it."""
        self._admitted = True
        self._expected = expected
        self._held = False
        self._set_reading()

    def receive_into(self, destination: Destination) -> None:
        """Receive all that `destination` has room for, the rest of the body that is arriving."""
        self._admitted = True
        self._destination = destination
        self._held = False
        self._set_reading()

    def stop_receiving(self) -> None:
        """Let go of the destination; if it is not full, the connection is of no more use."""
        if self._destination is None:
            return
        self._destination = None
        self._held = True
        self._set_reading()
        if self._handler is not None:
            self._handler.give_up_body()

    def _set_reading(self) -> None:
        transport = self._transport
        if transport is None:
            return
        if not self._reads():
            if transport.is_reading():
                transport.pause_reading()
                self._owner.departures.watch(self._fd, transport.close)
        elif not transport.is_reading():
            self._owner.departures.forget(self._fd)
            transport.resume_reading()

    def _reads(self) -> bool:
        if self._discard_clock is not None:
            return self._discarding
        return not (self._paused or self._held)

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        if self._transport is not None:
            self._transport.abort()

    def discard(self) -> None:
        """Close behind the answer; before, read away for a while what the client still sends.

        Closing with bytes unread resets the connection, and the client would lose the answer.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._stop_head_clock()
        transport.write_eof()
        self._discardable = max(MIN_DISCARDABLE, 2 * self._owner.settings.max_body)
        self._discard_clock = self._loop.call_later(LINGER, transport.close)
        self._set_reading()  # not before its turn: many are refused at once when there is no room
        self._owner.discard_in_turn(self)

    def read_away(self) -> None:
        """Begin to read what is of no interest: it is this connection's turn."""
        self._discarding = True
        self._set_reading()

    def _count_read_away(self, nbytes: int) -> None:
        transport = self._transport
        self._discardable -= nbytes
        if transport is None:
            return
        if self._discardable <= 0:
            transport.close()
        else:  # one piece for each turn of the loop: others want theirs
            transport.pause_reading()
            self._loop.call_soon(transport.resume_reading)

    def _stop_discard_clock(self) -> None:
        if self._discard_clock is not None:
            self._discard_clock.cancel()
            self._discard_clock = None

    def head_grows(self, nbytes: int) -> None:
        """Start the clock: a part of a head has come."""
        if not self._head_bytes:
            self._start_head_clock()
        self._head_bytes += nbytes
        if self._head_bytes > MAX_HEAD:
            self._head_too_large()

    def _head_too_large(self) -> None:
        if self._handler is not None and not self._handler.idle:
            self.pause_reading()  # the clock ends it, after the answers to the requests before
            return
        detail = f"the head of the request is longer than {MAX_HEAD} bytes"
        self._refuse(Problem("head_too_large", detail, {"limit": MAX_HEAD}), 0)

    def head_complete(self) -> None:
        """Stop the clock: a request has come, and there is no memory for its body yet."""
        self._stop_head_clock()
        self._forget_body()

    def answered_at_once(self) -> None:
        """Stop the clock; nothing waits, and nothing did."""
        self._stop_head_clock()
        self.direct = False
        self._piece = self._owner.first_buffer

    def _forget_body(self) -> None:
        self._admitted = False
        self._expected = 0

    def _start_head_clock(self) -> None:
        self._stop_head_clock()
        self._head_clock = self._loop.call_later(self._head_timeout(), self._head_too_late)

    def _head_timeout(self) -> float:
        timeout = self._owner.settings.header_timeout
        return min(timeout, SURPLUS_PATIENCE) if self.surplus else timeout

    def _stop_head_clock(self) -> None:
        self._head_bytes = 0
        if self._head_clock is not None:
            self._head_clock.cancel()
            self._head_clock = None

    def _head_too_late(self) -> None:
        if self._handler is None:
            if self._transport is not None:
                self._transport.close()  # it never said a word
        elif not self._handler.idle:
            begun = self._head_bytes
            self._start_head_clock()  # first the answers to the requests before
            self._head_bytes = begun
        elif self._head_bytes:
            timeout = self._head_timeout()
            problem = Problem(
                "header_timeout",
                f"the head of the request was not complete after {timeout:g} seconds",
                {"limit": timeout, "setting": variable("header_timeout")},
            )
            self._refuse(problem, timeout)
        else:
            self._handler.force_close()  # it said nothing but blank lines

    def _refuse(self, problem: Problem, seconds: float) -> None:
        """Answer a head that never became a request, `seconds` after it began, and close."""
        if self._handler is None or self._transport is None:
            return
        self._owner.count_refused(problem, seconds)
        self._owner.flush()
        self._transport.write(raw_problem_response(problem, request_id()))
        self._handler.let_go()
        self.discard()

    def _left_to_send(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def _start_write_clock(self) -> None:
        interval = min(SAMPLE, self._owner.settings.write_timeout / 4)
        self._write_clock = self._loop.call_later(interval, self._look_at_writing)

    def _stop_write_clock(self) -> None:
        self._progress = None
        if self._write_clock is not None:
            self._write_clock.cancel()
            self._write_clock = None

    def _look_at_writing(self) -> None:
        if self._progress is None:
            return
        reason = self._progress.refused_for(self._loop.time(), self._left_to_send())
        if reason is None:
            self._start_write_clock()
        else:
            self._owner.telemetry.rejections[reason] += 1
            self.abort()
