"""The names under which the service may be asked.

That refuses pages that make their own name lead here (DNS rebinding), and requests that would fill
a cache in front under another name.
"""

import re
from collections.abc import Sequence
from typing import Final

from aiohttp import hdrs
from aiohttp.http import RawRequestMessage

from pixelferry.http.problems import Refusal
from pixelferry.http.routing import Check
from pixelferry.settings import variable
from pixelferry.units import canonical_ipv6

HOST: Final = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")


def host_check(allowed: Sequence[str]) -> Check:
    """Return what refuses requests for other hosts than `allowed`, which are as units has them.

    421 is what RFC 9110 7.4 and 15.5.20 have for them; ports do not matter.
    """
    names = frozenset(allowed)
    suffixes = tuple(name[1:] for name in allowed if name.startswith("*."))

    def check(message: RawRequestMessage) -> None:
        name = _name_of(message)
        if name not in names and not name.endswith(suffixes):
            raise Refusal(
                "host_not_allowed",
                "the request is for a host that this service does not answer for",
                setting=variable("allowed_hosts"),
            )

    return check


def _name_of(message: RawRequestMessage) -> str:
    """The host that is asked, in lower case, without port and brackets; empty if it is none."""
    # The target, if it names a host, goes before the header (RFC 9112 3.2.2).
    absolute = not message.path.startswith("/")
    asked = message.url.host_subcomponent if absolute else message.headers.get(hdrs.HOST)
    match = HOST.fullmatch(asked or "")
    if match is None or match[1].startswith("."):
        return ""
    if not match[1].startswith("["):
        return match[1].lower().removesuffix(".")
    try:
        return canonical_ipv6(match[1][1:-1])
    except ValueError:
        return ""
