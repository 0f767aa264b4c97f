"""Which pages may use the service from a browser: CORS, section 3.3 of the Fetch standard.

The key is sent by the page itself and is no credential in the sense of that standard; credentials
(cookies, client certificates) mean nothing here, and so they are never allowed.
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import hdrs, web
from aiohttp.http import RawRequestMessage

from pixelferry.http.aiohttp_handler import HeadHook
from pixelferry.http.exchange import COPIES_HEADER, REQUEST_ID_HEADER, SERVER_TIMING_HEADER

_TIMING_ALLOW_ORIGIN: Final = "Timing-Allow-Origin"  # of Resource Timing: Server-Timing needs it
_EXPOSED: Final = ", ".join(
    (
        SERVER_TIMING_HEADER,
        COPIES_HEADER,
        REQUEST_ID_HEADER,
        hdrs.CONTENT_DISPOSITION,
        hdrs.RETRY_AFTER,
    )
)
_PREFLIGHT: Final = {
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: ", ".join(
        (hdrs.AUTHORIZATION, hdrs.CONTENT_TYPE, REQUEST_ID_HEADER)
    ),
    hdrs.ACCESS_CONTROL_MAX_AGE: "7200",  # seconds; Chromium keeps no answer longer
}


def is_preflight(request: web.Request | RawRequestMessage) -> bool:
    """Tell whether a browser asks what a page may send; it sends no key with that."""
    return (
        request.method == hdrs.METH_OPTIONS
        and hdrs.ORIGIN in request.headers
        and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    )


def share_with(origins: Sequence[str]) -> HeadHook:
    """Return what lets pages of `origins` see an answer; runs when it is about to be sent.

    With `*` an answer is the same for all. Else it depends on who asks, which caches must know.
    """
    anybody, known = "*" in origins, frozenset(origins)

    def share(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        origin = "*"
        if not anybody:
            headers.add(hdrs.VARY, hdrs.ORIGIN)
            origin = request.headers.get(hdrs.ORIGIN, "")
            if origin not in known:
                return
        headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        if response.status == 204 and is_preflight(request):
            headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = headers[hdrs.ALLOW]
            headers.update(_PREFLIGHT)
        else:
            headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED
            headers[_TIMING_ALLOW_ORIGIN] = origin

    return share
