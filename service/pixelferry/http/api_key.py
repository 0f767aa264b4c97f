"""Refuses requests without the key that they must carry, if there is one."""

from typing import Final

from aiohttp import hdrs
from aiohttp.http import RawRequestMessage

from pixelferry.bearer import CHALLENGE, is_key, token_of
from pixelferry.http.cors import is_preflight
from pixelferry.http.problems import Refusal
from pixelferry.http.routing import Check

_WRONG: Final = f'{CHALLENGE}, error="invalid_token"'


def key_check(key: str) -> Check:
    """Return what refuses every request without `key`, but for what browsers ask before one."""

    def check(message: RawRequestMessage) -> None:
        if is_preflight(message):
            return
        token = token_of(message.headers.getall(hdrs.AUTHORIZATION, ()))
        if not token:
            detail = "send the key of this service as Authorization: Bearer <key>"
            raise Refusal("unauthorized", detail, headers={hdrs.WWW_AUTHENTICATE: CHALLENGE})
        if not is_key(token, key):
            detail = "the key that was sent is not the key of this service"
            raise Refusal("unauthorized", detail, headers={hdrs.WWW_AUTHENTICATE: _WRONG})

    return check
