"""How the routes answer, for their documentation."""

from typing import Final

from pixelferry.http.exchange import COPIES_HEADER, SERVER_TIMING_HEADER
from pixelferry.http.problems import INVALID_PNG
from pixelferry.http.routing import Answer

_COST = (
    (SERVER_TIMING_HEADER, "Milliseconds of the stages read, queue and convert."),
    (COPIES_HEADER, "Passes that copied the payload in each stage, and the bytes they wrote."),
)

BITMAP: Final = Answer(
    200,
    "image/bmp",
    "The picture: 24-bit BGR, bottom-up, BITMAPINFOHEADER.",
    (*_COST, ("Content-Disposition", "The name, if one is known, with the ending .bmp.")),
)
ROTATED: Final = Answer(200, "application/octet-stream", "The bytes, rotated.", _COST)
INSPECTION: Final = Answer(200, "application/json", "The header of the PNG, and its BMP's size.")
METRICS: Final = Answer(200, "text/plain", "All metrics of this process.")
ALIVE: Final = Answer(200, "text/plain", "The event loop turns.")
READY: Final = Answer(200, "text/plain", "Ready for requests.")
DRAINING: Final = Answer(503, "text/plain", "Stopping: send requests elsewhere.")
PAGE: Final = Answer(200, "text/plain", "Lines for curl.")
OPENAPI: Final = Answer(200, "application/json", "OpenAPI 3.1.")
PROBLEM_PAGE: Final = Answer(200, "text/plain", "The problem, explained.")

ANY_PROBLEMS: Final = (
    "malformed_request",
    "header_timeout",
    "head_too_large",
    "expectation_failed",
    "internal_error",
)
"""What any request may be answered, whatever its route."""

CROWD_PROBLEMS: Final = ("too_many_connections",)
"""What any route may answer that does not answer always."""

BODY_PROBLEMS: Final = (
    "unknown_parameter",
    "bad_parameter",
    "malformed_body",
    "malformed_multipart",
    "body_timeout",
    "body_too_slow",
    "body_too_large",
    "unsupported_content_encoding",
    "unsupported_multipart",
)
MEMORY_PROBLEMS: Final = (
    "exceeds_budget",
    "queue_full",
    "queue_timeout",
    "budget_exhausted",
    "out_of_memory",
)
HEADER_PROBLEMS: Final = (
    "not_a_png",
    "truncated",
    "missing_ihdr",
    "bad_ihdr_length",
    "bad_crc",
    "bad_dimensions",
    "bad_color_type",
    "bad_bit_depth",
    "bad_compression_method",
    "bad_filter_method",
    "bad_interlace_method",
)
PNG_PROBLEMS: Final = (*INVALID_PNG, "too_many_pixels", "dimension_too_large", "bmp_too_large")
