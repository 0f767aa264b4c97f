"""Sees clients leave while nobody reads from them.

An event loop notices a client that has closed or reset its connection by reading; what is not read
is not noticed. Here the kernel is asked for nothing but that. A FIN behind more bytes than the
kernel takes in without a reader stays unseen until they are read: TCP tells it only then.
"""

import asyncio
import select
from collections.abc import Callable

_LEFT = select.EPOLLRDHUP  # EPOLLHUP and EPOLLERR are always told


class Departures:
    """Watches sockets for one event loop, and belongs to it."""

    def __init__(self) -> None:
        """Begin on the loop that runs; end with `close`."""
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self._watched: dict[int, Callable[[], None]] = {}
        self._loop.add_reader(self._epoll.fileno(), self._look)

    def watch(self, fd: int, left: Callable[[], None]) -> None:
        """Call `left` once when the client behind `fd` has gone, unless it is forgotten before."""
        self._watched[fd] = left
        self._epoll.register(fd, _LEFT)

    def forget(self, fd: int) -> None:
        """Watch no longer; must come before `fd` is closed."""
        if self._watched.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def close(self) -> None:
        """Watch nothing any more; a second call does nothing."""
        if self._epoll.closed:
            return
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def _look(self) -> None:
        for fd, _ in self._epoll.poll(0):
            left = self._watched[fd]
            self.forget(fd)
            left()
