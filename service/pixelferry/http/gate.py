"""Who is let in, before a route begins to work."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from aiohttp import web

from pixelferry.http.aiohttp_handler import client_of, message_of
from pixelferry.http.allowed_hosts import host_check
from pixelferry.http.api_key import key_check
from pixelferry.http.problems import Refusal
from pixelferry.http.routing import Check, Gate, route_of
from pixelferry.settings import Settings, variable


def gate(always: AbstractSet[str], checks: Sequence[Check]) -> Gate:
    """Return what refuses; the routes `always` are open to everybody."""

    def let_in(request: web.Request) -> None:
        if route_of(request) in always:
            return
        if client_of(request).surplus:
            raise Refusal(
                "too_many_connections",
                "as many connections are open as are served",
                setting=variable("max_connections"),
            )
        if checks:
            message = message_of(request)
            for check in checks:
                check(message)

    return let_in


def checks_of(settings: Settings) -> tuple[Check, ...]:
    """Return the checks that are configured, in their order."""
    return tuple(_checks(settings).values())


def gate_problems(settings: Settings) -> tuple[str, ...]:
    """Return the codes with which requests are refused before a route sees them."""
    return ("too_many_connections", *_checks(settings))


def _checks(settings: Settings) -> dict[str, Check]:
    """Only what is configured, by the code of the problem; in the order of the checks."""
    checks: dict[str, Check] = {}
    if settings.allowed_hosts:
        checks["host_not_allowed"] = host_check(settings.allowed_hosts)
    if settings.api_key:
        checks["unauthorized"] = key_check(settings.api_key)
    return checks
