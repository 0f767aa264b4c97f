"""Problem documents (RFC 9457): one table of codes; HTTP statuses stand here and nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from aiohttp import web

from pixelferry._native import InvalidPng, LimitExceeded
from pixelferry.budget import ExceedsBudget, Exhausted, Saturated
from pixelferry.http.date import http_date
from pixelferry.settings import variable

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """What is fixed for a code."""

    status: int
    title: str
    retry_after: int | None = None  # seconds


_REQUEST = {
    "malformed_request": ProblemType(400, "The request is not valid HTTP"),
    "malformed_body": ProblemType(400, "The body breaks its own framing"),
    "malformed_multipart": ProblemType(400, "The form does not carry exactly one file"),
    "unknown_parameter": ProblemType(400, "The query has an unknown parameter"),
    "bad_parameter": ProblemType(400, "A query parameter has a wrong value"),
    "unauthorized": ProblemType(401, "The request needs the key of this service"),
    "not_found": ProblemType(404, "There is nothing at this path"),
    "method_not_allowed": ProblemType(405, "The path does not answer to this method"),
    "header_timeout": ProblemType(408, "The head of the request took too long"),
    "body_timeout": ProblemType(408, "The body stopped arriving"),
    "body_too_slow": ProblemType(408, "The body arrives too slowly"),
    "body_too_large": ProblemType(413, "The body is too large"),
    "host_not_allowed": ProblemType(421, "The service does not answer under this host name"),
    "head_too_large": ProblemType(431, "The head of the request is too large"),
    "unsupported_content_encoding": ProblemType(415, "The body is encoded"),
    "unsupported_multipart": ProblemType(415, "The multipart body is no form"),
    "expectation_failed": ProblemType(417, "The expectation is unknown"),
    "exceeds_budget": ProblemType(422, "The request needs more memory than one may hold"),
    "internal_error": ProblemType(500, "Something went wrong here"),
    "too_many_connections": ProblemType(503, "There are too many connections", retry_after=1),
    "queue_full": ProblemType(503, "Too many requests wait for memory", retry_after=1),
    "queue_timeout": ProblemType(503, "No memory came free in time", retry_after=1),
    "budget_exhausted": ProblemType(
        503, "There is no memory for more of the request", retry_after=1
    ),
    "out_of_memory": ProblemType(503, "There is no memory for the output", retry_after=1),
}

INVALID_PNG = {
    "not_a_png": ProblemType(422, "The body is not a PNG"),
    "truncated": ProblemType(422, "The PNG ends early"),
    "missing_ihdr": ProblemType(422, "The PNG does not start with IHDR"),
    "bad_ihdr_length": ProblemType(422, "IHDR has a wrong length"),
    "bad_crc": ProblemType(422, "The CRC of a chunk does not match"),
    "bad_dimensions": ProblemType(422, "IHDR has an impossible width or height"),
    "bad_color_type": ProblemType(422, "IHDR has an unknown color type"),
    "bad_bit_depth": ProblemType(422, "IHDR has a wrong bit depth"),
    "bad_compression_method": ProblemType(422, "IHDR has an unknown compression method"),
    "bad_filter_method": ProblemType(422, "IHDR has an unknown filter method"),
    "bad_interlace_method": ProblemType(422, "IHDR has an unknown interlace method"),
    "bad_chunk_length": ProblemType(422, "A chunk is longer than a PNG allows"),
    "unknown_critical_chunk": ProblemType(422, "A critical chunk is unknown or misplaced"),
    "bad_palette": ProblemType(422, "PLTE has a wrong length"),
    "missing_palette": ProblemType(422, "PLTE is missing"),
    "bad_transparency": ProblemType(422, "tRNS does not fit the picture"),
    "missing_idat": ProblemType(422, "IDAT is missing"),
    "missing_iend": ProblemType(422, "IEND is missing"),
    "bad_zlib_header": ProblemType(422, "The zlib header is wrong"),
    "bad_deflate": ProblemType(422, "The compressed data is damaged"),
    "bad_adler": ProblemType(422, "The Adler-32 checksum does not match"),
    "bad_filter_type": ProblemType(422, "A scanline has an unknown filter type"),
    "too_much_data": ProblemType(422, "IDAT holds more than IHDR promises"),
    "too_little_data": ProblemType(422, "IDAT holds less than IHDR promises"),
    "trailing_data": ProblemType(422, "Bytes follow the compressed data"),
}

BEYOND_LIMIT = {
    "too_many_pixels": ProblemType(422, "The picture has too many pixels"),
    "dimension_too_large": ProblemType(422, "The picture is too wide or too high"),
    "bmp_too_large": ProblemType(422, "The picture does not fit a BMP file"),
    "output_too_small": ProblemType(422, "The output does not fit the memory given"),
}

PROBLEMS: Mapping[str, ProblemType] = MappingProxyType(_REQUEST | INVALID_PNG | BEYOND_LIMIT)

# Which setting allows more.
_SETTING = {
    "too_many_pixels": "max_pixels",
    "dimension_too_large": "max_dimension",
    "exceeds_budget": "memory_budget",
    "budget_exhausted": "memory_budget",
    "queue_full": "max_queue",
    "queue_timeout": "queue_timeout",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One occurrence of a problem. `members` extend the document, `headers` the response."""

    code: str
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> ProblemType:
        """What is fixed for its code."""
        return PROBLEMS[self.code]

    def document(self, request_id: str) -> bytes:
        """Return the JSON text."""
        known = self.type
        members = {
            "type": f"/problems/{self.code}",
            "title": known.title,
            "status": known.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
        }
        return json.dumps(members | dict(self.members)).encode()


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """Raised anywhere below the middlewares: the request ends with this problem."""

    def __init__(
        self, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(code, detail, members, headers or {})


def problem_of(error: Exception) -> Problem | None:
    """Return what the client is told about `error`; None for what nobody foresaw."""
    match error:
        case Refusal():
            return error.problem
        case InvalidPng():
            return Problem(error.code, str(error), {"offset": error.offset})
        case LimitExceeded() | ExceedsBudget() | Saturated() | Exhausted():
            return _beyond(error)
        case MemoryError():  # OutOfMemory is one; Python's own has no message
            return Problem("out_of_memory", str(error) or "there is no memory for the request")
        case web.HTTPNotFound():  # from aiohttp: the target is no path, as in CONNECT
            return Problem("not_found", "the request target is no path")
        case _:
            return None


def _beyond(error: LimitExceeded | ExceedsBudget | Saturated | Exhausted) -> Problem:
    members: dict[str, object] = {}
    if not isinstance(error, Exhausted):
        members["limit"] = error.limit
    if not isinstance(error, Saturated):
        members["needed"] = error.asked
    if error.code in _SETTING:
        members["setting"] = variable(_SETTING[error.code])
    return Problem(error.code, str(error), members)


def unforeseen() -> Problem:
    """Return the problem that tells nothing of what happened inside."""
    return Problem("internal_error", "The server failed; its log has the reason.")


def problem_response(problem: Problem, request_id: str) -> web.Response:
    """Return the response that carries `problem`."""
    known = problem.type
    response = web.Response(
        status=known.status,
        body=problem.document(request_id),
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )
    if known.retry_after is not None:
        response.headers["Retry-After"] = str(known.retry_after)
    return response


def raw_problem_response(problem: Problem, request_id: str) -> bytes:
    """Return the whole response, for a client whose request could not be parsed; it closes."""
    body = problem.document(request_id)
    status = HTTPStatus(problem.type.status)
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Date: {http_date()}\r\n"
        f"X-Request-Id: {request_id}\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
