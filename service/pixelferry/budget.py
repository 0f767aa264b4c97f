"""Admission by bytes: a request begins when there is memory for all that it will hold.

What it needs is reserved in one step, never in two, so that requests cannot wait for each other.
Who does not fit waits in one of two lanes, first come, first served, bounded in number and time:
small needs draw from an eighth that is kept for them and, while no large one waits, from the rest;
large needs never use that eighth. A reservation ends with the memory it stands for, on whatever
thread that dies; see `pixelferry._native.Account`.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final, Self

from typing_extensions import Buffer

from pixelferry._native import (
    Account,
    PixelferryError,
    Reservation,
    output_capacity,
    request_capacity,
)
from pixelferry.memory import kept_for_small, largest_need

SMALL: Final = 2**20  # bytes: a need up to this, and to the part kept, has the lane for small ones
PEER_LOOK: Final = 0.05  # seconds: what another process gives back does not wake this one


class Saturated(PixelferryError):  # noqa: N818 - named as the core's are
    """There is no memory now; `code` says why the request does not wait (any longer).

    `limit` is the bound that it has met, in the bound's unit.
    """

    def __init__(self, code: str, message: str, limit: float) -> None:
        super().__init__(message)
        self.code = code
        self.limit = limit


class Exhausted(PixelferryError):  # noqa: N818 - named as the core's are
    """There is no memory now for a request that has outgrown its need, to `asked` bytes."""

    code = "budget_exhausted"

    def __init__(self, asked: int) -> None:
        super().__init__(f"{asked} bytes of memory are needed by now, and not there")
        self.asked = asked


class ExceedsBudget(PixelferryError):  # noqa: N818 - named as the core's are
    """There will never be so much memory: `asked` and `limit` are bytes."""

    code = "exceeds_budget"

    def __init__(self, asked: int, limit: int) -> None:
        super().__init__(f"{asked} bytes of memory are needed; a request may hold {limit}")
        self.asked = asked
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Need:
    """What one request will hold, in bytes."""

    nbytes: int
    """All of it."""
    output: int = 0
    """The size of its output; all of the block that this lies in is part of `nbytes`."""
    body: int = 0
    """The size of the RequestBuffer that its body is received in; the same goes for its block."""

    @classmethod
    def of(cls, body: int = 0, output: int = 0, others: int = 0) -> Self:
        """Add up a RequestBuffer for the body, the output, and all `others` in bytes."""
        block = output_capacity(output) if output else 0
        return cls(request_capacity(body) + block + others, output, body)


@dataclass(frozen=True, slots=True)
class _Waiter:
    need: Need
    admitted: asyncio.Future[Reservation]


class Budget:
    """The memory that the requests of one worker may hold. Belongs to the event loop's thread.

    Reservations may be given back on any thread.
    """

    def __init__(
        self,
        limit: int,
        *,
        max_queue: int,
        queue_timeout: float,
        held: Buffer | None = None,
        peer: Buffer | None = None,
    ) -> None:
        """Admit up to `limit` bytes; `held` and `peer` are cells as Account takes them.

        `max_queue` bounds each lane, `queue_timeout` the seconds that one may wait.
        """
        self.limit = limit
        """Bytes that all requests together may hold."""
        self.largest = largest_need(limit)
        """Bytes that one request may need."""
        kept = kept_for_small(limit)
        # What the kept part could never hold would only stand in the way of those it is for.
        self._small_up_to = min(SMALL, kept)
        self._account = Account(limit, kept=kept, held=held, peer=peer)
        self._max_queue = max_queue
        self._queue_timeout = queue_timeout
        self._beside_peer = peer is not None
        self._small: deque[_Waiter] = deque()
        self._large: deque[_Waiter] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None  # once somebody has waited
        self._peer_clock: asyncio.TimerHandle | None = None

    @property
    def held(self) -> int:
        """Bytes reserved now."""
        return self._account.held

    @property
    def small_waiting(self) -> int:
        """Requests in the lane for small needs."""
        return len(self._small)

    @property
    def large_waiting(self) -> int:
        """Requests in the lane for large needs."""
        return len(self._large)

    def check(self, need: Need) -> None:
        """Raise ExceedsBudget if `need` will never fit."""
        if need.nbytes > self.largest:
            raise ExceedsBudget(need.nbytes, self.largest)

    def admit_now(self, need: Need) -> Reservation | None:
        """Reserve all of `need` if it fits now and nobody waits for its turn.

        Raises ExceedsBudget.
        """
        self.check(need)
        return None if self._lane_of(need) else self._try(need)

    def admit_at_once(self, nbytes: int, output: int) -> Reservation | None:
        """Reserve a need of `nbytes`, which fits the lane for small ones, if nobody waits.

        `output` is the size of its output; the block of that is part of `nbytes`.
        """
        if self._small or self._large or nbytes > self._small_up_to:
            return None
        return self._account.try_reserve(nbytes, output, small=True, rest=True)

    def grow(self, reservation: Reservation, nbytes: int, beside: int = 0) -> None:
        """Reserve `nbytes` more, without waiting for them.

        The request holds `beside` bytes in other reservations. Raises ExceedsBudget, Exhausted.
        """
        needed = reservation.nbytes + nbytes + beside
        self.check(Need(needed))
        if not reservation.try_grow(nbytes):
            raise Exhausted(needed)

    async def admit(self, need: Need) -> Reservation:
        """Reserve all of `need`, waiting for a turn if it does not fit now.

        Raises ExceedsBudget, and Saturated if the lane is full or the turn does not come in time.
        Whoever is cancelled gives up its place.
        """
        if (reservation := self.admit_now(need)) is not None:
            return reservation
        lane = self._lane_of(need)
        if len(lane) >= self._max_queue:
            raise Saturated(
                "queue_full", f"{len(lane)} requests wait for memory already", self._max_queue
            )
        return await self._wait(lane, need)

    def _lane_of(self, need: Need) -> deque[_Waiter]:
        return self._small if need.nbytes <= self._small_up_to else self._large

    def _try(self, need: Need) -> Reservation | None:
        small = need.nbytes <= self._small_up_to
        return self._account.try_reserve(
            need.nbytes,
            need.output,
            small=small,
            rest=not (small and self._large),
            body=need.body,
        )

    async def _wait(self, lane: deque[_Waiter], need: Need) -> Reservation:
        self._listen()
        waiter = _Waiter(need, asyncio.get_running_loop().create_future())
        lane.append(waiter)
        self._account.wanted = True
        self._admit_waiting()  # again, for what came back before it was wanted
        try:
            async with asyncio.timeout(self._queue_timeout):
                return await waiter.admitted
        except TimeoutError:
            self._give_up(lane, waiter)
            seconds = self._queue_timeout
            raise Saturated(
                "queue_timeout", f"no memory came free within {seconds:g} seconds", seconds
            ) from None
        except asyncio.CancelledError:
            self._give_up(lane, waiter)
            raise

    def _give_up(self, lane: deque[_Waiter], waiter: _Waiter) -> None:
        if waiter in lane:
            lane.remove(waiter)
            self._admit_waiting()  # those behind may fit where this one did not
        elif not waiter.admitted.cancelled():  # its turn came at the very moment
            waiter.admitted.result().release()

    def _listen(self) -> None:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._account.fileno(), self._woken)
        if self._beside_peer and self._peer_clock is None:
            self._peer_clock = self._loop.call_later(PEER_LOOK, self._look_at_peer)

    def _woken(self) -> None:
        self._account.drain_wakeups()
        self._admit_waiting()

    def _look_at_peer(self) -> None:
        self._peer_clock = None
        self._admit_waiting()
        if self._small or self._large:
            self._listen()

    def _admit_waiting(self) -> None:
        # The small ones once more: no large one may wait any longer.
        for lane in (self._small, self._large, self._small):
            while lane and (reservation := self._try(lane[0].need)) is not None:
                admitted = lane.popleft().admitted
                if admitted.cancelled():  # and not yet gone
                    reservation.release()
                else:
                    admitted.set_result(reservation)
        self._account.wanted = bool(self._small or self._large)

    def close(self) -> None:
        """Wake nobody any more."""
        if self._loop is not None:
            self._loop.remove_reader(self._account.fileno())
            self._loop = None
        if self._peer_clock is not None:
            self._peer_clock.cancel()
            self._peer_clock = None
