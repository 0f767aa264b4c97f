"""Around every handler: the counting, the problem documents, and what each head ends with.

All of it runs for each request that is not answered at once: nothing here may be slow.
"""

import asyncio
import logging
from time import perf_counter
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from pixelferry.http.aiohttp_handler import client_of, ends_here
from pixelferry.http.drain import DRAIN
from pixelferry.http.exchange import (
    COPIES_HEADER,
    EXCHANGE,
    REQUEST_ID_HEADER,
    SERVER_NAME,
    SERVER_TIMING_HEADER,
    Exchange,
    request_id,
)
from pixelferry.http.problems import (
    Problem,
    Refusal,
    problem_of,
    problem_response,
    unforeseen,
)
from pixelferry.http.routing import Gate, route_of
from pixelferry.http.security_headers import add_security_headers
from pixelferry.http.tracebacks import free_frames
from pixelferry.telemetry import OTHER, Telemetry

CLIENT_LEFT: Final = 499  # for log and metrics; never sent
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # counted by name
_LIMIT_STATUSES: Final = frozenset({408, 413, 503})

_log = logging.getLogger(__name__)


def around(telemetry: Telemetry, let_in: Gate) -> Middleware:
    """Return the middleware that names a request, checks it, answers what goes wrong, counts it.

    All in one, for each more would cost every request a call.
    """
    other = telemetry.routes[OTHER]

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = perf_counter()
        exchange = Exchange(request_id(request.headers))
        request[EXCHANGE] = exchange
        telemetry.request_began()
        status = None
        try:
            try:
                if hdrs.EXPECT in request.headers:
                    _check_expectation(request)
                let_in(request)
                response = await handler(request)
            except (asyncio.CancelledError, ConnectionError):
                raise  # the client left: there is nobody to tell
            except Exception as error:
                response = _answer_problem(request, error)
            status = response.status
        except BaseException as error:
            free_frames(error)
            raise
        else:
            return response
        finally:
            telemetry.request_ended(exchange.received, exchange.sent, exchange.pixels)
            if status is None:  # no answer, or none that could be finished
                problem = exchange.problem
                status = CLIENT_LEFT if problem is None else problem.type.status
            stats = telemetry.routes.get(route_of(request), other)
            stats.record(request.method, status, perf_counter() - started)
            stats.record_body(exchange.times, exchange.ledger)
            if exchange.problem is not None:
                count_problem(telemetry, exchange.problem)

    return answer


def count_problem(telemetry: Telemetry, problem: Problem) -> None:
    """Count a problem document, and whether it was a limit that said no."""
    telemetry.errors[problem.code] += 1
    if "limit" in problem.members or problem.type.status in _LIMIT_STATUSES:
        telemetry.rejections[problem.code] += 1


def _answer_problem(request: web.Request, error: Exception) -> web.StreamResponse:
    """Turn whatever a handler raised into a problem document.

    Raises ConnectionAbortedError if the answer has begun and cannot be taken back: cutting it off
    tells the client.
    """
    exchange = request[EXCHANGE]
    problem = problem_of(error)
    if problem is None:
        _log.error("unforeseen error, request %s", exchange.request_id, exc_info=error)
        problem = unforeseen()
    exchange.problem = problem
    if request.writer.output_size > 0:
        raise ConnectionAbortedError(problem.code) from error
    free_frames(error)
    error.__traceback__ = None  # aiohttp keeps some errors, and a frame there knows the request
    return problem_response(problem, exchange.request_id)


def _check_expectation(request: web.Request) -> None:
    """Refuse what nobody knows; 100-continue is answered when the body is wanted."""
    expectation = ",".join(request.headers.getall(hdrs.EXPECT))
    if request.version >= (1, 1) and expectation.lower() != "100-continue":
        raise Refusal("expectation_failed", "only Expect: 100-continue is known")


async def leave_expectation(_: web.Request) -> None:
    """Do nothing: as expect handler of a route it keeps aiohttp from asking for the body."""


def finish_head(request: web.Request, response: web.StreamResponse) -> None:
    """Complete the head of every response; runs when it is about to be sent."""
    headers = response.headers
    headers[hdrs.SERVER] = SERVER_NAME
    add_security_headers(response)
    exchange = request.get(EXCHANGE)
    if exchange is not None:
        headers[REQUEST_ID_HEADER] = exchange.request_id
        if exchange.times.read and COPIES_HEADER not in headers:  # a refusal of what was read
            headers[SERVER_TIMING_HEADER] = exchange.times.server_timing()
            headers[COPIES_HEADER] = exchange.ledger.header_value()
    # A body that nobody will read leaves the connection unusable. aiohttp has already made its own
    # Connection header, hence both.
    leaves_something = _leaves_body(request) or _may_leave_http(request) or ends_here(request)
    if request.app[DRAIN].begun or client_of(request).surplus or leaves_something:
        headers[hdrs.CONNECTION] = "close"
        response.force_close()


def _may_leave_http(request: web.Request) -> bool:
    # The parser skips what came in the same read behind a request to change the protocol, and
    # knows no body of CONNECT: what comes next may be the rest of anything.
    return hdrs.UPGRADE in request.headers or request.method == hdrs.METH_CONNECT


def _leaves_body(request: web.Request) -> bool:
    body = request.content
    if request.body_exists:
        return not body.is_eof() or body.exception() is not None
    # The parser takes the largest length it can hold for "none".
    return hdrs.CONTENT_LENGTH in request.headers and request.content_length != 0
