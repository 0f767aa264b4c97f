"""Clients that people use see why they are refused, also in front of nginx, and never a reset.

All send on while the answer is on its way. The bodies are larger than what sockets buffer, and some
larger than what the server accepts.
"""

import asyncio
import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pixelferry.server import RunningServer
from png_writer import RGB, SIGNATURE, ihdr
from wire import PATIENCE

MIB = 1 << 20
CLIENTS = Path(__file__).parents[1] / "clients"
NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr warn;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream pixelferry {{ server 127.0.0.1:{upstream}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 0;
    location / {{
      proxy_pass http://pixelferry;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Case:
    """A body that is refused."""

    begin: bytes
    size: int
    chunked: bool
    headers: Mapping[str, str]
    status: int
    code: str


HOPELESS = SIGNATURE + ihdr(50_000, 50_000, RGB, 8).encoded()
GZIP = {"Content-Encoding": "gzip"}
CASES = {
    "too large": Case(b"", 80 * MIB, False, {}, 413, "body_too_large"),
    "encoded": Case(b"", 60 * MIB, False, GZIP, 415, "unsupported_content_encoding"),
    "encoded, too large": Case(b"", 80 * MIB, True, GZIP, 415, "unsupported_content_encoding"),
    "hopeless": Case(HOPELESS, 60 * MIB, False, {}, 422, "too_many_pixels"),
    "hopeless, too large": Case(HOPELESS, 80 * MIB, True, {}, 422, "too_many_pixels"),
}


def curl(*options: str) -> Callable[[str, Path, Case], list[str]]:
    def command(url: str, body: Path, case: Case) -> list[str]:
        headers = {**case.headers, **({"Transfer-Encoding": "chunked"} if case.chunked else {})}
        lines = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        written = ["-sS", "-w", "\n%{http_code}"]
        return ["curl", *written, *options, *lines, "--upload-file", str(body), url]

    return command


def program(*command: str) -> Callable[[str, Path, Case], list[str]]:
    def with_arguments(url: str, body: Path, case: Case) -> list[str]:
        chunked = "yes" if case.chunked else "no"
        return [*command, url, str(body), chunked, json.dumps(dict(case.headers))]

    return with_arguments


COMMANDS = {
    "curl": curl("-X", "POST"),
    "curl without Expect": curl("-X", "POST", "-H", "Expect:"),
    "requests": program(sys.executable, str(CLIENTS / "upload_requests.py")),
    "node http": program("node", str(CLIENTS / "upload_http.mjs")),
    "node fetch": program("node", str(CLIENTS / "upload_fetch.mjs")),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def body(case: Case, tmp_path: Path) -> Path:
    """A file of holes behind its beginning: it is there at once."""
    path = tmp_path / "upload"
    path.write_bytes(case.begin)
    os.truncate(path, case.size)
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@pytest.fixture
async def nginx(server: RunningServer, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an nginx before `server` that passes bodies on as they come."""
    found = shutil.which("nginx", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
    assert found is not None, "scripts/setup test installs nginx"
    config, port = tmp_path / "nginx.conf", free_port()
    config.write_text(NGINX.format(folder=tmp_path, upstream=server.port, port=port))
    process = await asyncio.create_subprocess_exec(found, "-e", "stderr", "-c", str(config))
    try:
        await answering(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def answering(port: int, process: asyncio.subprocess.Process) -> None:
    """Wait until somebody listens at `port`."""
    async with asyncio.timeout(PATIENCE):
        while True:
            assert process.returncode is None
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                await writer.wait_closed()
                return


async def said(command: list[str]) -> tuple[set[str], str]:
    """Run a client; return the lines that it prints, and what it complains about."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(2 * PATIENCE):
        out, err = await process.communicate()
    return set(out.decode().splitlines()), err.decode()


async def assert_seen(url: str, case: Case, body: Path, client: str) -> None:
    lines, complaint = await said(COMMANDS[client](f"{url}/convert", body, case))
    assert str(case.status) in lines, complaint
    (document,) = (json.loads(line) for line in lines if line.startswith("{"))
    assert document["code"] == case.code


@pytest.mark.parametrize("client", COMMANDS)
async def test_the_refusal_is_seen(
    server: RunningServer, case: Case, body: Path, client: str
) -> None:
    await assert_seen(f"http://127.0.0.1:{server.port}", case, body, client)


@pytest.mark.parametrize("client", COMMANDS)
async def test_the_refusal_is_seen_through_nginx(
    nginx: str, case: Case, body: Path, client: str
) -> None:
    await assert_seen(nginx, case, body, client)


async def test_nginx_keeps_its_connection_to_us(
    nginx: str, server: RunningServer, photo: Path
) -> None:
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", f"@{photo}"]
    for _ in range(3):
        lines, complaint = await said([*command, f"{nginx}/convert"])
        assert lines == {"200"}, complaint
    assert len(server.connections) == 1
