"""What browsers are told to keep from doing with an answer; all such headers stand here."""

from typing import Final

from aiohttp import hdrs, web
from multidict import istr

_CONTENT_TYPE_OPTIONS: Final = istr("X-Content-Type-Options")
_HTML: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def add_security_headers(response: web.StreamResponse) -> None:
    """Add what the media type of `response` calls for; runs for every answer."""
    headers = response.headers
    headers[_CONTENT_TYPE_OPTIONS] = "nosniff"
    if headers.get(hdrs.CONTENT_TYPE, "").startswith("text/html"):
        headers.update(_HTML)
