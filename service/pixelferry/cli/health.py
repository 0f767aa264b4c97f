"""pixelferry health: a probe for containers, which must start fast and never hang."""

import socket
from collections.abc import Sequence
from time import monotonic

import click

from pixelferry.cli.options import load_settings, setting_flags
from pixelferry.cli.report import tell
from pixelferry.listeners import socket_paths
from pixelferry.settings import Settings

_PATIENCE = 1.0  # seconds, for all of it
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to connect, not to listen

_Address = tuple[str, int] | str  # host and port, or the path of a Unix socket


@click.command()
@click.option("--ready", is_flag=True, help="Ask whether it takes new work, not only if it lives.")
@setting_flags("host", "port", "uds", "workers")
def health(ready: bool, **flags: str | None) -> int:
    """Probe a running service: exit code 0 or 1.

    It asks at HOST and PORT, on this machine if the service listens on every interface, or at UDS:
    there each worker must answer. It waits for at most a second.
    """
    path = "/readyz" if ready else "/livez"
    deadline = monotonic() + _PATIENCE
    for address in _addresses(load_settings(flags)):
        try:
            status = _status_of(address, path, deadline)
        except OSError as error:
            tell(f"{_name(address)}: {error.strerror or error}")
            return 1
        if status != "200":
            tell(f"{_name(address)}: {path} answered {status or 'no HTTP'}")
            return 1
    return 0


def _addresses(settings: Settings) -> Sequence[_Address]:
    if settings.uds:
        return socket_paths(settings)
    return [(_LOOPBACK.get(settings.host, settings.host), settings.port)]


def _name(address: _Address) -> str:
    return address if isinstance(address, str) else f"{address[0]} port {address[1]}"


def _status_of(address: _Address, path: str, deadline: float) -> str:
    """The status code that a GET is answered with; empty if the answer is not HTTP."""
    with _connect(address, deadline) as connection:
        request = f"GET {path} HTTP/1.1\r\nHost: {_host(address)}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        answer = b""
        while len(answer) < len("HTTP/1.1 200"):
            connection.settimeout(_left(deadline))
            if not (part := connection.recv(64)):
                break
            answer += part
    version, _, rest = answer.decode("latin-1").partition(" ")
    return rest[:3] if version.startswith("HTTP/1.") else ""


def _connect(address: _Address, deadline: float) -> socket.socket:
    if not isinstance(address, str):
        return socket.create_connection(address, _left(deadline))
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_left(deadline))
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _host(address: _Address) -> str:
    """The Host header."""
    if isinstance(address, str):
        return "localhost"
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _left(deadline: float) -> float:
    return max(deadline - monotonic(), 0.001)
