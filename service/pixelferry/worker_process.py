"""What a worker process runs: one server that does what its supervisor orders.

The supervisor starts it with the number of a file descriptor, its end of their channel. Without a
supervisor it stops by itself, as on SIGTERM.
"""

import asyncio
import gc
import signal
import socket
import sys

import uvloop

from pixelferry.control import BLOCKED_AT_START, Assignment, Channel, Message, Order, Report
from pixelferry.descriptors import allow_connections
from pixelferry.listeners import adopt
from pixelferry.logs import configure_logging
from pixelferry.server import RunningServer, start_server
from pixelferry.shared_counters import CounterBlock

Inbox = asyncio.Queue[Message | None]  # None: the supervisor is gone


def main() -> None:
    """Run until the supervisor or the absence of one ends it."""
    # A terminal sends these to all its processes; it is the supervisor that decides.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    uvloop.run(_work(socket.socket(fileno=int(sys.argv[1]))))


async def _work(sock: socket.socket) -> None:
    inbox: Inbox = asyncio.Queue()
    channel = Channel(sock, inbox.put_nowait)
    loop = asyncio.get_running_loop()
    asked_to_end = {"report": Report.ASKED_TO_END}
    loop.add_signal_handler(signal.SIGTERM, channel.send, asked_to_end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, BLOCKED_AT_START)
    first = await inbox.get()
    if first is None:
        return
    assignment = Assignment.from_message(first)
    configure_logging(assignment.settings.log_level)
    allow_connections(2 * assignment.settings.max_connections)  # those to be refused, too
    listener = adopt(assignment.listener, assignment.file)
    place = CounterBlock.attach(assignment.counters).place(assignment.place)
    server = await start_server(assignment.settings, listener, place)
    gc.collect()
    gc.freeze()  # all there is now stays: the collector need not look at it again and again
    channel.send({"report": Report.READY})
    await _obey(inbox, server)
    await server.close()


async def _obey(inbox: Inbox, server: RunningServer) -> None:
    """Return when the server is to be closed."""
    leaving: asyncio.Task[None] | None = None
    while (order := _order(await inbox.get())) is not Order.STOP:
        if order is Order.DRAIN:
            server.turn_unready()
        elif leaving is None:
            leaving = asyncio.create_task(server.leave() if order else server.drain())
            leaving.add_done_callback(lambda _: inbox.put_nowait({"order": Order.STOP}))
    if leaving is not None:
        leaving.cancel()


def _order(message: Message | None) -> Order | None:
    return None if message is None else Order(message["order"])


if __name__ == "__main__":
    main()
