"""The key as requests carry it: `Authorization: Bearer <key>` (RFC 6750, section 2.1)."""

import hmac
from collections.abc import Iterable
from typing import Final

CHALLENGE: Final = 'Bearer realm="pixelferry"'


def token_of(fields: Iterable[str]) -> bytes:
    """Return the key in the Authorization `fields` of a head; empty if none was sent."""
    # Two fields would make one value that is no key: nobody may see one and check the other.
    scheme, _, token = ", ".join(fields).partition(" ")
    return token.strip(" ").encode(errors="surrogateescape") if scheme.lower() == "bearer" else b""


def is_key(token: bytes, key: str) -> bool:
    """Say whether `token` is `key`; the time taken does not tell how much of it was right."""
    return hmac.compare_digest(token, key.encode())
