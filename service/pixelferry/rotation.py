"""Byte rotation for asyncio programs: one call each, inline or in a worker thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pixelferry._native import OwnedBuffer, Reservation, rotate_in_place, rotate_split
from pixelferry.stage_times import StageTimes
from pixelferry.threads import NEVER_INLINE, InlineLimits, run_in_thread, run_inline

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from typing_extensions import Buffer

T = TypeVar("T")


async def rotate_async(
    buffer: Buffer,
    by: int,
    *,
    executor: Executor | None = None,
    inline: InlineLimits = NEVER_INLINE,
    times: StageTimes | None = None,
) -> None:
    """Add `by` to every byte of `buffer`, modulo 256, in place; see `rotate_in_place`."""
    await _run(partial(rotate_in_place, buffer, by), buffer, executor, inline, times)


async def rotate_split_async(
    buffer: Buffer,
    by: int,
    *,
    executor: Executor | None = None,
    inline: InlineLimits = NEVER_INLINE,
    times: StageTimes | None = None,
    reservation: Reservation | None = None,
) -> OwnedBuffer:
    """Add `by` to `buffer` in place and return owned memory of the bytes minus `by`.

    A `reservation` passes to that memory and ends with it.
    """
    call = partial(rotate_split, buffer, by, reservation=reservation)
    return await _run(call, buffer, executor, inline, times)


async def _run(
    call: Callable[[], T],
    buffer: Buffer,
    executor: Executor | None,
    inline: InlineLimits,
    times: StageTimes | None,
) -> T:
    times = times if times is not None else StageTimes()
    size = memoryview(buffer).nbytes
    if inline.admit(size, size):
        return run_inline(call, times)
    return await run_in_thread(call, times, executor)
