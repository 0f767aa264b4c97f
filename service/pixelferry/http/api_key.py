"""The key that requests must carry: `Authorization: Bearer <key>` (RFC 6750)."""

import hmac
from typing import Final

from aiohttp import hdrs, web

from pixelferry.http.cors import is_preflight
from pixelferry.http.problems import Refusal
from pixelferry.http.routing import Check

_CHALLENGE: Final = 'Bearer realm="pixelferry"'
_WRONG: Final = f'{_CHALLENGE}, error="invalid_token"'


def key_check(key: str) -> Check:
    """Return what refuses every request without `key`, but for what browsers ask before one."""
    expected = key.encode()

    def check(request: web.Request) -> None:
        if is_preflight(request):
            return
        token = _token_of(request)
        if not token:
            detail = "send the key of this service as Authorization: Bearer <key>"
            raise Refusal("unauthorized", detail, headers={hdrs.WWW_AUTHENTICATE: _CHALLENGE})
        if not hmac.compare_digest(token, expected):
            detail = "the key that was sent is not the key of this service"
            raise Refusal("unauthorized", detail, headers={hdrs.WWW_AUTHENTICATE: _WRONG})

    return check


def _token_of(request: web.Request) -> bytes:
    """What was sent as a key; empty if nothing was, or something else."""
    # Two headers would make one value that is no key: nobody may see one and check the other.
    value = ", ".join(request.headers.getall(hdrs.AUTHORIZATION, ()))
    scheme, _, token = value.partition(" ")
    return token.strip(" ").encode(errors="surrogateescape") if scheme.lower() == "bearer" else b""
