"""The lines on / work as they stand: they name the address that the client used."""

import pytest

from pixelferry.server import RunningServer
from wire import connect, request


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "pixel.example", "[::1]:8080"])
async def test_the_lines_name_the_host_that_was_asked(server: RunningServer, host: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(f"GET /?x=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    page = answer.body.decode()
    for path in ("convert", "inspect", "rotate?by=13", "livez", "metrics", "openapi.json"):
        assert f"http://{host}/{path}" in page


async def test_the_lines_send_the_key_where_one_is_needed(server: RunningServer) -> None:
    start = "  curl "
    with_key = f'{start}-H "Authorization: Bearer $KEY" '
    async with connect(server.port) as wire:
        plain = await wire.ask(request("/", method="GET"))
        keyed = await wire.ask(request("/", method="GET", headers={"Authorization": "Bearer x"}))
    assert "Authorization" not in plain.body.decode()
    assert keyed.body.decode() == plain.body.decode().replace(start, with_key)


@pytest.mark.parametrize("host", ["a b", "x;reboot", "$(reboot)", 'x"', "x/../y", "[::1", ""])
async def test_a_host_that_is_none_gets_no_lines(server: RunningServer, host: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert (answer.status, answer.code) == (400, "malformed_request")
