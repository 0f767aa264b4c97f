"""The supervisor's own address: health and metrics of all workers, even while their loops are busy.

It reads the block of counters and nothing else. Requests are short GETs of probes and scrapers, so
each connection gets one answer; a supervisor imports no web framework for that.
"""

import asyncio
from http import HTTPStatus
from time import monotonic
from typing import Final, NamedTuple

from pixelferry.bearer import CHALLENGE, is_key, token_of
from pixelferry.exposition import CONTENT_TYPE, Exposition
from pixelferry.shared_counters import CounterBlock, State

PATIENCE: Final = 5.0  # seconds for a request to come and its answer to be taken
MAX_HEAD: Final = 8 * 1024  # bytes
MAX_CONNECTIONS: Final = 32
STALE: Final = 10.0  # seconds without a beat; a worker beats about once a second

_TEXT: Final = "text/plain; charset=utf-8"


class _Answer(NamedTuple):
    status: HTTPStatus
    text: bytes
    content_type: str = _TEXT
    header: str = ""


class Admin:
    """Answers at one address. Belongs to the event loop that runs."""

    def __init__(self, block: CounterBlock, api_key: str) -> None:
        """Show `block`; its metrics to those who have the key, if there is one."""
        self._block = block
        self._exposition = Exposition(block)
        self._api_key = api_key
        self._open = 0
        self._routes = {"/livez": self._livez, "/healthz": self._livez, "/readyz": self._readyz}

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Start answering. Raises OSError if the address cannot be had."""
        return await asyncio.start_server(self._serve, host, port, limit=MAX_HEAD)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                async with asyncio.timeout(PATIENCE):
                    await self._answer_one(reader, writer)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asks so gets nothing
        finally:
            self._open -= 1
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode(errors="surrogateescape")
        method, _, rest = head.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        answer = self._answer(method, path, head)
        lines = (
            f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.text)}",
            "Cache-Control: no-store",
            "Connection: close",
            *filter(None, (answer.header,)),
        )
        writer.write("\r\n".join((*lines, "", "")).encode())
        if method != "HEAD":
            writer.write(answer.text)
        await writer.drain()

    def _answer(self, method: str, path: str, head: str) -> _Answer:
        if path not in self._routes and path != "/metrics":
            return _Answer(HTTPStatus.NOT_FOUND, b"/livez, /readyz and /metrics are here\n")
        if method not in {"GET", "HEAD"}:
            return _Answer(HTTPStatus.METHOD_NOT_ALLOWED, b"only GET\n", header="Allow: GET, HEAD")
        if path in self._routes:
            return self._routes[path]()
        if not self._has_key(head):
            challenge = f"WWW-Authenticate: {CHALLENGE}"
            return _Answer(HTTPStatus.UNAUTHORIZED, b"the key is needed\n", header=challenge)
        return _Answer(HTTPStatus.OK, self._exposition.text(), CONTENT_TYPE)

    def _has_key(self, head: str) -> bool:
        if not self._api_key:
            return True
        fields = (line.partition(":") for line in head.split("\r\n")[1:])
        given = (value.strip(" \t") for name, _, value in fields if name.lower() == "authorization")
        return is_key(token_of(given), self._api_key)

    def _livez(self) -> _Answer:
        return _Answer(HTTPStatus.OK, self._workers())

    def _readyz(self) -> _Answer:
        ready = any(
            worker.state is State.READY and monotonic() - worker.heartbeat < STALE
            for worker in self._block.workers()
        )
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return _Answer(status, self._workers())

    def _workers(self) -> bytes:
        """A line for each worker."""
        now = monotonic()
        return "".join(
            f"worker {one.slot}: {one.state.name.lower()}, process {one.pid}, "
            f"last beat {now - one.heartbeat:.1f} s ago\n"
            for one in self._block.workers()
        ).encode()
