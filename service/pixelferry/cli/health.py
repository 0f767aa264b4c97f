"""pixelferry health: a probe for containers, which must start fast and never hang."""

import socket
from time import monotonic

import click

from pixelferry.cli.options import load_settings, setting_flags
from pixelferry.cli.report import tell

_PATIENCE = 1.0  # seconds, for all of it
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to connect, not to listen


@click.command()
@click.option("--ready", is_flag=True, help="Ask whether it takes new work, not only if it lives.")
@setting_flags("host", "port")
def health(ready: bool, **flags: str | None) -> int:
    """Probe a running service: exit code 0 or 1.

    It asks at HOST and PORT, on this machine if the service listens on every interface, and waits
    for at most a second.
    """
    settings = load_settings(flags)
    address = (_LOOPBACK.get(settings.host, settings.host), settings.port)
    path = "/readyz" if ready else "/livez"
    try:
        status = _status_of(address, path)
    except OSError as error:
        tell(f"{address[0]} port {address[1]}: {error.strerror or error}")
        return 1
    if status != "200":
        tell(f"{address[0]} port {address[1]}: {path} answered {status or 'no HTTP'}")
        return 1
    return 0


def _status_of(address: tuple[str, int], path: str) -> str:
    """The status code that a GET is answered with; empty if the answer is not HTTP."""
    deadline = monotonic() + _PATIENCE
    with socket.create_connection(address, _PATIENCE) as connection:
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        request = f"GET {path} HTTP/1.1\r\nHost: {host}:{address[1]}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        answer = b""
        while len(answer) < len("HTTP/1.1 200"):
            connection.settimeout(max(deadline - monotonic(), 0.001))
            if not (part := connection.recv(64)):
                break
            answer += part
    version, _, rest = answer.decode("latin-1").partition(" ")
    return rest[:3] if version.startswith("HTTP/1.") else ""
