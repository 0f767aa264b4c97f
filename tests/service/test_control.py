"""What a supervisor and its workers tell each other arrives whole, and in order."""

import asyncio
import socket

from pixelferry.control import Channel, Message
from wire import PATIENCE


async def test_more_than_the_socket_takes_arrives() -> None:
    """The assignment has the settings, and lists of names may be long."""
    inbox: asyncio.Queue[Message | None] = asyncio.Queue()
    ours, theirs = socket.socketpair()
    sender = Channel(ours, lambda _: None)
    receiver = Channel(theirs, inbox.put_nowait)
    sent = [{"names": "x" * 2**20}, {"order": "drain"}]
    for message in sent:
        sender.send(message)
    async with asyncio.timeout(PATIENCE):
        assert [await inbox.get() for _ in sent] == sent
        sender.close()
        assert await inbox.get() is None
    receiver.send(sent[0])  # nobody listens
    receiver.close()
