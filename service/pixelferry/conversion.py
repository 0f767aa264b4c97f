"""The conversion for asyncio programs: one call, inline or in a worker thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pixelferry._native import Bitmap, CancelFlag, Header, Limits, Reservation, convert, inspect
from pixelferry.stage_times import StageTimes
from pixelferry.threads import NEVER_INLINE, InlineLimits, run_in_thread, run_inline

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from typing_extensions import Buffer

DEFAULT_LIMITS = Limits()


async def convert_async(
    png: Buffer,
    *,
    limits: Limits = DEFAULT_LIMITS,
    executor: Executor | None = None,
    inline: InlineLimits = NEVER_INLINE,
    header: Header | None = None,
    times: StageTimes | None = None,
    reservation: Reservation | None = None,
) -> Bitmap:
    """Convert a PNG to a BMP without blocking the event loop.

    `png` is borrowed until the work ends, also if the caller is cancelled before: cancelling stops
    the conversion within a few rows. It runs in a thread of `executor` (None: the loop's own)
    unless `inline` admits its sizes; `header` is inspect(png), if known. A `reservation` passes to
    the bitmap's memory and ends with it. Raises as `convert` does.
    """
    times = times if times is not None else StageTimes()
    header = header or inspect(png)
    call = partial(convert, png, limits=limits, reservation=reservation)
    if inline.admit(memoryview(png).nbytes, header.output_size):
        return run_inline(call, times)
    cancel = CancelFlag()
    call = partial(call, cancel=cancel)
    return await run_in_thread(call, times, executor, cancel)
