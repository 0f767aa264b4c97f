"""What a supervisor and its workers tell each other: JSON lines over a socket pair.

A worker's first line is its Assignment, for neither the arguments nor the environment of a process
are a place for secrets. Then come orders; reports go the other way.
"""

import asyncio
import json
import signal
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from pixelferry.listeners import FileId
from pixelferry.settings import Settings

_CHUNK = 65536  # bytes that are read at a time

# A worker inherits them blocked and unblocks them when it has decided what they do.
BLOCKED_AT_START = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM})

Message = dict[str, Any]  # what a line holds


class Order(StrEnum):
    """What a supervisor wants of a worker."""

    DRAIN = "drain"  # turn /readyz red and close connections after their answers; still accept
    LEAVE = "leave"  # accept who waits, then nobody; end when all have left or GRACE is over
    STOP = "stop"  # end at once


class Report(StrEnum):
    """What a worker tells."""

    READY = "ready"  # it answers
    ASKED_TO_END = "asked to end"  # by SIGTERM; its supervisor knows what that means


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a worker is for. File descriptors are inherited; whoever takes the assignment owns them.

    A field must survive JSON, or be put together again in `from_message`.
    """

    settings: Settings
    slot: int  # number of the worker, from 0; a successor has its predecessor's
    listener: int  # file descriptor of the listening socket
    file: FileId | None  # that of a Unix socket
    counters: int  # file descriptor of the CounterBlock
    place: int  # where the worker counts in that

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What the worker inherits."""
        return (self.listener, self.counters)

    def to_message(self) -> Message:
        """The first message."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Read the first message."""
        settings: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value  # JSON knows no tuples
            for name, value in message["settings"].items()
        }
        file = message["file"] and tuple(message["file"])
        return cls(**message | {"settings": Settings(**settings), "file": file})


class Channel:
    """One end of the socket pair. Belongs to the event loop that runs."""

    def __init__(self, sock: socket.socket, received: Callable[[Message | None], None]) -> None:
        """Own `sock`; `received` is called with each message, and with None when no more come."""
        self._sock = sock
        self._received = received
        self._partial = b""
        self._unsent = b""
        self._loop = asyncio.get_running_loop()
        sock.setblocking(False)
        self._loop.add_reader(sock, self._read)

    def send(self, message: Message) -> None:
        """Send a message; it is lost if nobody listens any more.

        What the socket does not take at once waits here: messages are few.
        """
        self._unsent += json.dumps(message).encode() + b"\n"
        if not self._write():
            self._loop.add_writer(self._sock, self._write_rest)

    def close(self) -> None:
        """Neither send nor receive any more."""
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()

    def _write(self) -> bool:
        """Return whether nothing is left to send."""
        try:
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""
        return not self._unsent

    def _write_rest(self) -> None:
        if self._write():
            self._loop.remove_writer(self._sock)

    def _read(self) -> None:
        try:
            data = self._sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._received(json.loads(line))
        if not data:
            self._loop.remove_reader(self._sock)
            self._received(None)
