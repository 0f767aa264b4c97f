"""Kinds of setting values: text to value, value to text, and the form that error messages name."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
A = TypeVar("A", bound=int | None)
N = TypeVar("N", int, float)

_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL}){{0,15}}"  # of a host; containers have underscores in theirs
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_BINARY = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10}
_BYTES_IN = {"gb": 10**9, "mb": 10**6, "kb": 10**3, "b": 1, "": 1} | {
    name.lower(): number for name, number in _BINARY.items()
}


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of value."""

    form: str  # completes the sentence "expected ..."
    brief: str  # the same for a table
    parse: Callable[[str], T]  # ValueError if the text has not this form or is out of range
    show: Callable[[T], str]  # the shortest text that parse reads back


def count(low: int, high: int) -> Kind[int]:
    """A whole number; 50_000_000 is 50000000."""
    return _range("number", "a whole number", _parse_count, str, low, high)


def size(low: int, high: int) -> Kind[int]:
    """Bytes: KB, MB and GB are powers of 1000, KiB, MiB and GiB powers of 1024."""
    form = "a size such as 64MiB, 64MB or 67108864 (bytes)"
    return _range("size", form, _parse_size, _show_size, low, high)


def rate(low: int, high: int) -> Kind[int]:
    """Bytes per second, written as a size."""
    form = "a size per second such as 32KiB or 32768 (bytes)"
    return _range("size per second", form, _parse_size, _show_size, low, high)


def seconds(low: float, high: float) -> Kind[float]:
    """A length of time, in seconds."""
    form = "a time such as 10s, 500ms or 10 (seconds)"
    return _range("time", form, _parse_seconds, _show_seconds, low, high)


def choice(*words: str) -> Kind[str]:
    """One of a few words."""

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    listed = ", ".join(words)
    return Kind(f"one of {listed}", listed, parse, str)


def host() -> Kind[str]:
    """Where to listen: an address, or a name that resolves to one. Nothing is resolved here."""
    form = "an IP address or a host name, without a port"
    return Kind(form, "address or name", _parse_host, str)


def address() -> Kind[str]:
    """An address with a port, as `split_address` takes it; empty for none."""

    def parse(text: str) -> str:
        if text:
            split_address(text)
        return text

    return Kind("an address such as 127.0.0.1:9090 or [::1]:9090", "address:port", parse, str)


def split_address(text: str) -> tuple[str, int]:
    """The host and the port of `text`; ValueError if it names no such."""
    host, colon, port = text.rpartition(":")
    number = int(_match(r"[0-9]{1,5}", port)[0])
    if not colon or number > 65_535:
        raise ValueError(text)
    if host.startswith("[") and host.endswith("]"):
        return canonical_ipv6(host[1:-1]), number
    _match(_NAME, host)
    return host, number


def path(longest: int) -> Kind[str]:
    """A path of at most `longest` bytes; empty for none."""

    def parse(text: str) -> str:
        if len(os.fsencode(text)) > longest or "\0" in text:
            raise ValueError(text)
        return text

    return Kind(f"a path of at most {longest} bytes", "path", parse, str)


def or_auto(kind: Kind[int], auto: Callable[[], A]) -> Kind[int | A]:
    """A number of this kind, or the word auto for what `auto` returns; None is shown as auto."""

    def parse(text: str) -> int | A:
        return auto() if text.lower() == "auto" else kind.parse(text)

    def show(value: int | A) -> str:
        return "auto" if value is None else kind.show(value)

    return Kind(f"auto or {kind.form}", f"auto or {kind.brief}", parse, show)


def bearer_token(low: int, high: int) -> Kind[str]:
    """A secret as `Authorization: Bearer` can carry it (RFC 6750 2.1), or nothing."""
    token = re.compile(r"[A-Za-z0-9._~+/-]+=*")

    def parse(text: str) -> str:
        if text and not (low <= len(text) <= high and token.fullmatch(text)):
            raise ValueError(text)
        return text

    characters = "letters, digits and -._~+/ (= at the end)"
    form = f"{low} to {high} {characters}, such as 'openssl rand -hex 32' prints"
    return Kind(form, f"text, {low} to {high} characters", parse, str)


def origins() -> Kind[tuple[str, ...]]:
    """Origins of web pages as browsers name them (RFC 6454 6.2), or the one word `*`, or none."""

    def parse(text: str) -> tuple[str, ...]:
        return ("*",) if text == "*" else _parse_list(_parse_origin, text)

    form = (
        "origins such as https://www.example.org or http://localhost:3000, parted by commas, or *"
    )
    return Kind(form, "origins, or *", parse, ",".join)


def host_names() -> Kind[tuple[str, ...]]:
    """Hosts without ports, or none; `*.example.org` is any name below example.org."""
    form = "host names such as www.example.org or *.example.org, or IP addresses, parted by commas"
    return Kind(form, "names, addresses", lambda text: _parse_list(_parse_name, text), ",".join)


def canonical_ipv6(text: str) -> str:
    """The one way to write this address (RFC 5952); ValueError if it is none."""
    import socket  # noqa: PLC0415 - only an address needs it

    try:
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
    except OSError:
        raise ValueError(text) from None


def _range(  # noqa: PLR0917 - the callers stand right above
    brief: str, form: str, parse: Callable[[str], N], show: Callable[[N], str], low: N, high: N
) -> Kind[N]:
    def parse_within(text: str) -> N:
        value = parse(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    bounds = f"{show(low)} to {show(high)}"
    return Kind(f"{form} from {bounds}", f"{brief}, {bounds}", parse_within, show)


def _parse_count(text: str) -> int:
    return int(_match(r"[0-9]{1,18}|[0-9]{1,3}(_[0-9]{3}){1,5}", text)[0])


def _parse_size(text: str) -> int:
    match = _match(r"([0-9]{1,18}) ?((?:[kmg]i?)?b|)", text)
    return int(match[1]) * _BYTES_IN[match[2]]


def _show_size(value: int) -> str:
    for unit, number in _BINARY.items():
        if value and value % number == 0:
            return f"{value // number}{unit}"
    return str(value)


def _parse_seconds(text: str) -> float:
    match = _match(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(m?s|)", text)
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def _show_seconds(value: float) -> str:
    return f"{value * 1000:g}ms" if 0 < value < 1 else f"{value:g}s"


def _parse_host(text: str) -> str:
    if ":" in text:
        canonical_ipv6(text.partition("%")[0])
    else:
        _match(_NAME, text)
    return text


def _parse_list(parse: Callable[[str], str], text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parse(one.strip()) for one in text.split(","))) if text else ()


def _parse_origin(text: str) -> str:
    match = _match(rf"([a-z][a-z0-9+.-]*)://({_NAME}|\[.+\])(:[1-9][0-9]{{0,4}})?", text)
    scheme, host, port = match.groups("")
    if host.startswith("["):
        host = f"[{canonical_ipv6(host[1:-1])}]"
    return f"{scheme}://{host}{port if port != _DEFAULT_PORTS.get(scheme) else ''}"


def _parse_name(text: str) -> str:
    if ":" in text:
        return canonical_ipv6(text.removeprefix("[").removesuffix("]"))
    return _match(rf"(?:\*\.)?{_NAME}", text)[0]


def _match(pattern: str, text: str) -> re.Match[str]:
    match = re.fullmatch(pattern, text.lower())
    if match is None:
        raise ValueError(text)
    return match
