"""What aiohttp's parser lets pass and another reader may understand differently.

A proxy that sees another target or another end of a request than we do can be made to hand one
client's request to us as part of another's (request smuggling). Such requests are no HTTP here.
"""

import re
from functools import lru_cache
from typing import Final

from aiohttp import HttpVersion10, HttpVersion11, hdrs
from aiohttp.http import RawRequestMessage

# RFC 3986 3.2.2 and 3.2.3; empty where the target has no authority (RFC 9110 7.2).
_HOST: Final = re.compile(
    r"(?:\[[0-9A-Za-z:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
)


def ambiguity(message: RawRequestMessage) -> str | None:
    """Return what is wrong with the head of a request, or None. Runs for each request."""
    headers, version = message.headers, message.version
    newest = version is HttpVersion11 or version == HttpVersion11  # the first is the faster
    if not newest and version != HttpVersion10:
        return "only HTTP/1.0 and HTTP/1.1 are understood"
    coding = headers.get(hdrs.TRANSFER_ENCODING)
    if coding is not None and not newest:  # RFC 9112 6.1: the framing is faulty
        return "HTTP/1.0 knows no Transfer-Encoding"
    if coding is not None and coding.lower() != "chunked":
        return "the only Transfer-Encoding understood is chunked"
    if not _is_host(headers.get(hdrs.HOST, "")):  # RFC 9112 3.2
        return "the Host header names no host"
    if "#" in message.path:  # RFC 9112 3.2.1
        return "the request target has a fragment"
    return None if message.path[:1] == "/" else _of_other_target(message)


@lru_cache(maxsize=64)
def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text) is not None


def _of_other_target(message: RawRequestMessage) -> str | None:
    """Look at a target that is no path: `*`, an authority, or a whole URL."""
    if message.method == hdrs.METH_CONNECT or not message.url.absolute:
        return None
    if message.url.scheme not in {"http", "https"}:
        return "the request target is not of HTTP"
    host = message.headers.get(hdrs.HOST)  # HTTP/1.0 may do without
    if host is not None and host.lower() != message.url.raw_authority.lower():
        return "the request target and the Host header name different hosts"
    return None
