"""The sockets the service listens on: one for each worker, or one of a server by itself.

Several workers do not share one socket, for then one of them would take nearly all connections.
"""

import errno
import os
import socket
import stat
import struct
from array import array
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from pixelferry.settings import Settings

T = TypeVar("T")
FileId = tuple[int, int]  # st_dev, st_ino

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_BPF = struct.Struct("HBBI")  # struct sock_filter of linux/filter.h: code, jt, jf, k
_DROP_SYN = b"".join(
    _BPF.pack(*instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the flags of the TCP header,
        (0x54, 0, 0, 0x12),  # of these SYN and ACK;
        (0x15, 0, 1, 0x02),  # if only SYN is set
        (0x06, 0, 0, 0),  # drop the packet,
        (0x06, 0, 0, 0xFFFFFFFF),  # else keep all of it
    )
)

BACKLOG = 1024  # connections that wait to be accepted; the kernel may allow fewer


def open_listeners(settings: Settings) -> list[socket.socket]:
    """Return one listening socket for each worker: of one TCP port, or Unix sockets.

    The caller owns them. Raises OSError if somebody else listens there.
    """
    if settings.uds:
        return _open_all(listen_unix, socket_paths(settings))
    # The kernel lets every process of a user share a port; this first one would be refused.
    first = listen(settings.host, settings.port)
    if settings.workers == 1:
        return [first]
    port = int(first.getsockname()[1])
    first.close()
    return _open_all(lambda _: listen(settings.host, port, shared=True), range(settings.workers))


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket that listens at the first address of `host`; `::` takes IPv4 as well.

    A `shared` port may be listened on by other sockets that share it; the kernel spreads
    connections over all. Raises OSError if the address cannot be had.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


class UnixListener(socket.socket):
    """A socket that knows its file, lest it removes that of a newer one at the same path."""

    file: FileId | None = None

    def unlink(self) -> None:
        """Remove its file, unless somebody else has removed or replaced it."""
        path = self.getsockname()
        if self.file is not None and _file_at(path) == self.file:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - text


def file_of(sock: socket.socket) -> FileId | None:
    """Return what tells the file of a Unix socket from others."""
    return sock.file if isinstance(sock, UnixListener) else None


def adopt(fd: int, file: FileId | None) -> socket.socket:
    """Return the listening socket behind `fd`, and own it; `file` is its file's, by `file_of`."""
    sock = socket.socket(fileno=fd)
    if sock.family != socket.AF_UNIX:
        return sock
    unix = UnixListener(fileno=sock.detach())
    unix.file = file
    return unix


def listen_unix(path: str) -> UnixListener:
    """Return a Unix socket that listens at `path`, in place of one that nobody listens on.

    Everybody may connect whom the folder lets in. Raises OSError if the path cannot be had.
    """
    sock = UnixListener(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            sock.bind(path)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not _is_stale(path):
                raise
            os.unlink(path)  # noqa: PTH108 - text
            sock.bind(path)
        sock.file = _file_at(path)
        os.chmod(path, 0o666)  # noqa: PTH101, S103 - the folder decides who may come in
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, error.strerror, path) from error
    return sock


def _file_at(path: str) -> FileId | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_stale(path: str) -> bool:
    """Whether this is a socket that nobody listens on: left behind by a crash."""
    if not stat.S_ISSOCK(os.lstat(path).st_mode):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # a full backlog would hold us up
        return probe.connect_ex(path) == errno.ECONNREFUSED


def _open_all(
    listen_at: Callable[[T], socket.socket], addresses: Iterable[T]
) -> list[socket.socket]:
    """All of them or none."""
    listeners: list[socket.socket] = []
    try:
        for where in addresses:
            listeners.append(listen_at(where))
    except OSError:
        close_listeners(listeners)
        raise
    return listeners


def socket_paths(settings: Settings) -> list[str]:
    """The Unix socket of each worker."""
    if settings.workers == 1:
        return [settings.uds]
    return [f"{settings.uds}.{number}" for number in range(settings.workers)]


def close_listeners(listeners: list[socket.socket]) -> None:
    """Withdraw and close all, and empty the list."""
    while listeners:
        with listeners.pop() as sock:
            withdraw(sock)


def withdraw(sock: socket.socket) -> None:
    """Let nobody new connect to `sock`; who has connected still waits to be accepted.

    Whoever calls it must listen on it. Closing a TCP socket resets who connected after the last
    accept: 4 clients in 260 closings, with 8 that connected all the time. So their first packets
    are dropped instead; they come again a second later and are refused.
    """
    if isinstance(sock, UnixListener):
        sock.unlink()
    else:
        code = array("B", _DROP_SYN)
        program = struct.pack("HP", len(_DROP_SYN) // _BPF.size, code.buffer_info()[0])
        with suppress(OSError):  # a sandbox may have no filters
            sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def url(settings: Settings, sock: socket.socket) -> str:
    """Where to find the service whose (first) listener is `sock`, for people."""
    if sock.family == socket.AF_UNIX:
        return f"unix:{' unix:'.join(socket_paths(settings))}"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{sock.getsockname()[1]}"
