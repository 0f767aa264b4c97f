"""Query parameters: an option type declares them, one parser reads them, OpenAPI shows them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Generic, TypeVar

from aiohttp import web

from pixelferry.http.problems import Refusal

T = TypeVar("T")
Options = TypeVar("Options")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of value."""

    form: str  # completes the sentence "expected ..."
    schema: Mapping[str, Any]  # JSON schema of the text
    parse: Callable[[str], T]  # ValueError if the text has not this form


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """What is known of one parameter beside its value."""

    about: str
    kind: Kind[T]


def parameter(kind: Kind[T], default: T, about: str) -> T:
    """Declare a field of an option type."""
    made: T = field(default=default, metadata={"parameter": Parameter(about, kind)})
    return made


def choice(*words: str) -> Kind[str]:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return Kind(f"one of {', '.join(words)}", {"type": "string", "enum": list(words)}, parse)


def text(max_length: int) -> Kind[str | None]:
    """Any text up to `max_length` characters."""

    def parse(value: str) -> str:
        if not 0 < len(value) <= max_length:
            raise ValueError(value)
        return value

    schema = {"type": "string", "minLength": 1, "maxLength": max_length}
    return Kind(f"1 to {max_length} characters", schema, parse)


def integer_modulo(modulus: int, max_digits: int) -> Kind[int]:
    """Any whole number up to `max_digits` digits, reduced to 0 .. modulus - 1."""
    # A plus sign in a query reads as a space, hence both.
    number = re.compile(rf"[ +-]?[0-9]{{1,{max_digits}}}")

    def parse(value: str) -> int:
        if not number.fullmatch(value):
            raise ValueError(value)
        return int(value) % modulus

    form = f"a whole number of up to {max_digits} digits"
    return Kind(form, {"type": "string", "pattern": rf"^[+-]?[0-9]{{1,{max_digits}}}$"}, parse)


def declared(options: type[Any]) -> Mapping[str, tuple[Parameter[Any], Any]]:
    """Return name → (parameter, default) of an option type."""
    return {one.name: (one.metadata["parameter"], _default(one)) for one in fields(options)}


def _default(one: Field[Any]) -> object:
    assert one.default is not MISSING, one.name  # noqa: S101 - a parameter is never required
    return one.default


def parse_query(
    options: type[Options], request: web.Request, hints: Mapping[str, str] | None = None
) -> Options:
    """Read the query of `request` into an option type.

    `hints` answer to names that people try here but that do not exist. Raises Refusal.
    """
    if not request.rel_url.raw_query_string:
        return options()
    known = declared(options)
    values: dict[str, Any] = {}
    for name, value in request.query.items():
        if name not in known:
            raise _unknown(name, list(known), (hints or {}).get(name))
        if name in values:
            raise Refusal("bad_parameter", f"{name} is given more than once", parameter=name)
        kind = known[name][0].kind
        try:
            values[name] = kind.parse(value)
        except ValueError:
            detail = f"{name}={_short(value)}: expected {kind.form}"
            raise Refusal("bad_parameter", detail, parameter=name) from None
    return options(**values)


def _unknown(name: str, known: list[str], hint: str | None) -> Refusal:
    name = _short(name)
    detail = hint or f"{name} is no parameter here; known: {', '.join(known)}"
    return Refusal("unknown_parameter", detail, parameter=name, known=known)


def _short(value: str) -> str:
    return value if len(value) <= 64 else value[:64] + "..."
