"""An HTTP client that does exactly what a test says, byte by byte, and waits for what comes back.

Real clients are too well-behaved for tests of limits, disconnects and malformed requests.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 30.0  # seconds until a test that waits for something is stuck


@dataclass(frozen=True)
class Answer:
    """One response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document."""
        assert self.headers["content-type"] == "application/problem+json", self
        document: dict[str, Any] = json.loads(self.body)
        assert document["status"] == self.status, self
        assert document["request_id"] == self.headers["x-request-id"], self
        assert document["type"] == f"/problems/{document['code']}", self
        return document

    @property
    def code(self) -> str:
        """The code of the problem document."""
        return str(self.problem["code"])


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes) -> None:
        """Send each part in a write of its own."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def head(self) -> tuple[int, dict[str, str]]:
        """Receive status and headers, also those of an interim response."""
        async with asyncio.timeout(PATIENCE):
            text = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = text.rstrip("\r\n").split("\r\n")
        headers = dict(line.lower().split(": ", 1)[:1] + line.split(": ", 1)[1:] for line in lines)
        return int(status_line.split(" ")[1]), headers

    async def answer(self, *, to_head: bool = False) -> Answer:
        """Receive one final response; one `to_head` has no body."""
        status, headers = await self.head()
        length = 0 if to_head else int(headers["content-length"])
        async with asyncio.timeout(PATIENCE):
            return Answer(status, headers, await self.reader.readexactly(length))

    async def ask(self, request: bytes) -> Answer:
        """Send a request and receive the response."""
        await self.send(request)
        return await self.answer()

    async def closed(self) -> bytes:
        """Wait until the server has closed, and return what came before."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    def reset(self) -> None:
        """Leave without a word."""
        self.writer.transport.abort()


@asynccontextmanager
async def connect(port: int, **options: Any) -> AsyncIterator[Wire]:  # noqa: ANN401 - asyncio's
    """Open a connection to the server under test."""
    streams = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20, **options)
    async with _wire(*streams) as wire:
        yield wire


@asynccontextmanager
async def connect_unix(path: Path) -> AsyncIterator[Wire]:
    """Open a connection to the Unix socket under test."""
    async with _wire(*await asyncio.open_unix_connection(path)) as wire:
        yield wire


@asynccontextmanager
async def _wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[Wire]:
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


def request(
    target: str = "/convert",
    body: bytes | None = None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
) -> bytes:
    """Return a request; `length` announces another Content-Length than the body has."""
    lines = [f"{method} {target} HTTP/1.1", "Host: test"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if length is None and body is not None:
        length = len(body)
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def chunked(target: str, *chunks: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a request whose body has these chunks."""
    head = request(target, headers={**(headers or {}), "Transfer-Encoding": "chunked"})
    parts = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk]
    return head + b"".join(parts) + b"0\r\n\r\n"


def form(*parts: tuple[str, bytes], boundary: str = "a-boundary") -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of a form: each part its Content-Disposition and content."""
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"
        for disposition, content in parts
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return headers, body + f"--{boundary}--\r\n".encode()
