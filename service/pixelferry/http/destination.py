"""Memory that the kernel writes the rest of one request body into."""

import asyncio


class Destination:
    """Borrows a view until it is full or nobody receives into it any more.

    Belongs to the event loop.
    """

    __slots__ = ("_enough", "_free", "_waiter", "last", "nbytes")

    def __init__(self, view: memoryview, now: float) -> None:
        """Begin with nothing in `view`, at the time `now` of the loop's clock."""
        self._free = view
        self._enough = 0
        self._waiter: asyncio.Future[None] | None = None
        self.nbytes = 0
        """Bytes that have come."""
        self.last = now
        """When the last one came."""

    @property
    def free(self) -> memoryview:
        """Where the next bytes go."""
        return self._free

    @property
    def full(self) -> bool:
        """Whether all of it is there."""
        return not self._free

    def advance(self, nbytes: int, now: float) -> None:
        """Take so many bytes of what is free as received."""
        self._free = self._free[nbytes:]
        self.nbytes += nbytes
        self.last = now
        waiter = self._waiter
        if waiter is not None and (not self._free or self.nbytes >= self._enough):
            self._waiter = None
            if not waiter.done():  # whoever waited may have given up
                waiter.set_result(None)

    async def more(self, nbytes: int) -> None:
        """Return when at least `nbytes` more have come, or all. One may wait at a time."""
        self._enough = self.nbytes + nbytes
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter
