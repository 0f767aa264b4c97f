"""Inline or in a thread: where a call into the core runs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from time import perf_counter
from typing import Final, TypeVar

from pixelferry._native import CancelFlag
from pixelferry.stage_times import StageTimes

SHORT: Final = 2**20  # bytes: some milliseconds of work

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InlineLimits:
    """Sizes in bytes up to which a call is so short that a thread hop would cost more."""

    max_input: int
    max_output: int

    def admit(self, input_size: int, output_size: int) -> bool:
        """Tell whether a call of these sizes may run on the event loop."""
        return input_size <= self.max_input and output_size <= self.max_output


class Threads:
    """The threads of one server; short calls have their own, lest they wait behind long."""

    def __init__(self, count: int) -> None:
        """Start `count` threads for each kind; end them with `shutdown`.

        Raises RuntimeError if they cannot be had: better now than in the middle of a request.
        """
        self._short = _started(count, "short")
        self._long = _started(count, "long")

    def executor(self, nbytes: int) -> Executor:
        """Return where a call runs that reads and writes so many bytes."""
        return self._short if nbytes <= SHORT else self._long

    def shutdown(self) -> None:
        """Wait for what runs, and drop what waits."""
        for executor in (self._short, self._long):
            executor.shutdown(cancel_futures=True)


def _started(count: int, name: str) -> ThreadPoolExecutor:
    executor = ThreadPoolExecutor(count, thread_name_prefix=name)
    # An executor starts no thread while one is idle. We wait as well: if it were ended at once,
    # what had not begun would be dropped, and the others would wait for ever.
    all_there = Barrier(count + 1)
    try:
        for _ in range(count):
            executor.submit(all_there.wait)
        all_there.wait()
    except RuntimeError:
        all_there.abort()  # or those that did start would wait for ever
        executor.shutdown()
        raise
    return executor


NEVER_INLINE = InlineLimits(max_input=-1, max_output=-1)


def run_inline(call: Callable[[], T], times: StageTimes) -> T:
    """Run `call` here, timed as the convert stage."""
    started = perf_counter()
    try:
        return call()
    finally:
        times.convert = perf_counter() - started


async def run_in_thread(
    call: Callable[[], T],
    times: StageTimes,
    executor: Executor | None = None,
    cancel: CancelFlag | None = None,
) -> T:
    """Run `call` in a thread of `executor` (None: the loop's own), timed as queue and convert.

    Cancelling the awaiting task sets `cancel` and returns at once; the thread ends by itself and
    keeps what it borrowed until then. What has not begun lets go of everything at once.
    """
    submitted = perf_counter()
    not_begun = [call]  # all that the executor's queue holds it by

    def timed() -> T:
        begun = not_begun.pop()
        times.queue += perf_counter() - submitted
        return run_inline(begun, times)

    try:
        return await asyncio.get_running_loop().run_in_executor(executor, timed)
    except asyncio.CancelledError:
        not_begun.clear()
        if cancel is not None:
            cancel.set()
        raise
