"""The supervisor: owns the listening sockets; starts, watches, replaces and ends the workers.

It serves nothing itself and imports nothing that serving needs, so it stays small and goes on
whatever happens to a worker.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import suppress

from pixelferry._native import __version__
from pixelferry.control import BLOCKED_AT_START, Assignment
from pixelferry.listeners import close_listeners, file_of, open_listeners, url
from pixelferry.logs import configure_logging
from pixelferry.memory import largest_need
from pixelferry.reaper import Reaper
from pixelferry.settings import Settings, variable
from pixelferry.shared_counters import PLACES_PER_SLOT, CounterBlock
from pixelferry.slot import Slot
from pixelferry.supervisor_telemetry import SupervisorTelemetry
from pixelferry.units import split_address

_STDERR = 2  # file descriptor

_log = logging.getLogger(__name__)


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends at once.

    SIGHUP replaces the workers, unless it tells that the terminal is gone: then it is as SIGTERM.

    Return the exit code: 0, 1 if the address cannot be had or workers keep dying, 128 + the second
    signal's number.
    """
    configure_logging(settings.log_level)
    _fill_standard_streams()
    try:
        listeners = open_listeners(settings)
    except OSError as error:
        where = error.filename or f"{settings.host}:{settings.port}"
        print(f"pixelferry: cannot listen on {where}: {error.strerror}", file=sys.stderr)
        return 1
    try:
        return asyncio.run(_supervise(settings, listeners))
    finally:
        close_listeners(listeners)


async def _supervise(settings: Settings, listeners: list[socket.socket]) -> int:
    block = CounterBlock.create(len(listeners))
    if settings.admin_bind:
        try:
            await _start_admin(settings, block)
        except OSError as error:
            message = f"pixelferry: cannot listen on {settings.admin_bind}: {error.strerror}"
            print(message, file=sys.stderr)
            return 1
    return await _Supervisor(settings, listeners, block).run()


async def _start_admin(settings: Settings, block: CounterBlock) -> None:
    from pixelferry.admin import Admin  # noqa: PLC0415 - only this needs what renders metrics

    server = await Admin(block, settings.api_key).start(*split_address(settings.admin_bind))
    host, port = server.sockets[0].getsockname()[:2]
    _log.info("the supervisor answers at %s port %d", host, port)


class _Supervisor:
    def __init__(
        self, settings: Settings, listeners: list[socket.socket], block: CounterBlock
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._signals: asyncio.Queue[int] = asyncio.Queue()
        self._hangup = asyncio.Event()
        self._has_terminal = os.isatty(_STDERR)
        self._failed = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signals.put_nowait, number)
        loop.add_signal_handler(signal.SIGHUP, self._hung_up)
        reaper = Reaper()
        # Whoever started us may have blocked them, and a mask is inherited.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, BLOCKED_AT_START | {signal.SIGCHLD})
        telemetry = SupervisorTelemetry(block)
        self._share = settings.share()
        self._slots = [
            Slot(
                Assignment(
                    settings=self._share,
                    slot=number,
                    listener=listener.fileno(),
                    file=file_of(listener),
                    counters=block.fd,
                    place=number * PLACES_PER_SLOT,
                ),
                reaper,
                telemetry,
                self._failed.set,
            )
            for number, listener in enumerate(listeners)
        ]

    async def run(self) -> int:
        """Return the exit code when no worker is left."""
        serving = asyncio.create_task(self._serve())
        failed = asyncio.create_task(self._failed.wait())
        first = asyncio.create_task(self._signals.get())
        await asyncio.wait((serving, failed, first), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()  # only an error ends it
        serving.cancel()
        second = asyncio.create_task(self._signal_after(first))
        drained = asyncio.create_task(self._drain())
        await asyncio.wait((drained, second), return_when=asyncio.FIRST_COMPLETED)
        if second.done():
            drained.cancel()
            await self._stop()
            return 128 + second.result()
        drained.result()  # only an error is of interest
        return 1 if self._failed.is_set() else 0

    async def _signal_after(self, first: asyncio.Task[int]) -> int:
        await first
        _say("draining; a second signal ends at once")
        return await self._signals.get()

    def _hung_up(self) -> None:
        if self._has_terminal and not os.isatty(_STDERR):
            self._has_terminal = False  # a shell tells it once more
            self._signals.put_nowait(signal.SIGHUP)
        else:
            self._hangup.set()

    async def _serve(self) -> None:
        """Tell when all workers are ready; then replace them at each SIGHUP."""
        for slot in self._slots:
            await slot.served.wait()
        pixels = _largest_picture(self._share)
        if pixels < self._settings.max_pixels:
            _log.warning(
                "%s has room for pictures of about %d pixels, %s allows %d",
                *(variable("memory_budget"), pixels),
                *(variable("max_pixels"), self._settings.max_pixels),
            )
        _say(_greeting(self._settings, self._share, self._listeners[0]))
        while True:
            await self._hangup.wait()
            self._hangup.clear()
            for slot in self._slots:
                if not await slot.replace():
                    break

    async def _drain(self) -> None:
        for slot in self._slots:
            slot.drain()
        await asyncio.sleep(self._settings.drain_delay)
        # First nobody new can connect, then the workers, by now the only ones that listen, accept
        # who has, and close: nobody is left in a backlog.
        close_listeners(self._listeners)
        for slot in self._slots:
            slot.leave()
        await self._wait_empty()

    async def _stop(self) -> None:
        close_listeners(self._listeners)
        for slot in self._slots:
            slot.stop()
        await self._wait_empty()

    async def _wait_empty(self) -> None:
        for slot in self._slots:
            await slot.wait_empty()


def _fill_standard_streams() -> None:
    """Open those that are closed: a socket with their number would not reach a worker."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(opened, True)
    os.close(opened)


def _greeting(settings: Settings, share: Settings, listener: socket.socket) -> str:
    return (
        f"pixelferry {__version__} answers at {url(settings, listener)}\n"
        f"limits: bodies of {settings.max_body} bytes, pictures of {settings.max_pixels} pixels "
        f"and {settings.max_dimension} a side, {settings.threads_of_worker} at the same time "
        f"in each of {settings.workers} {'worker' if settings.workers == 1 else 'workers'}; "
        f"memory for requests {settings.budget} bytes, {share.budget} a worker, "
        f"which is enough for a picture of {_largest_picture(share)} pixels"
    )


def _largest_picture(share: Settings) -> int:
    """About how many pixels fit: 3 bytes of output each, rounded up to a block, and 1 of body."""
    return largest_need(share.budget) * 8 // 35


def _say(text: str) -> None:
    with suppress(OSError):  # nobody reads it: no reason to end
        print(text, flush=True)
