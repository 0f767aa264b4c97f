"""What is sent to the service: every way in which a body can come, and every way it can take."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Final

from audit.bodies import Body, picture, raw_body
from wire import PATIENCE, Answer, Wire, chunked, connect, form, request

KIB, MIB = 1024, 1024**2
ODD_PIECES: Final = (2, 3, 5, 7, 11, 13, 29, 40_009)  # a single byte needs no memcpy


@dataclass(frozen=True)
class Case:
    """Requests on one connection, all with the same body."""

    name: str
    route: str
    incoming: Body
    outgoing: Body
    send: Callable[[Wire, str, bytes], Awaitable[list[Answer]]]
    query: str = ""
    barred: bool = True
    """Whether the bars hold; not if buffers grow, or the beginning comes in pieces."""
    fast: bool = True
    """Whether it is of the subset that every test run has."""

    @property
    def target(self) -> str:
        return self.route + self.query


async def whole(wire: Wire, target: str, body: bytes) -> list[Answer]:
    """Send it as it is."""
    return [await wire.ask(request(target, body))]


async def three_times(wire: Wire, target: str, body: bytes) -> list[Answer]:
    """Send it again on the same connection after each answer."""
    return [await wire.ask(request(target, body)) for _ in range(3)]


async def three_times_at_leisure(wire: Wire, target: str, body: bytes) -> list[Answer]:
    """Send each when the service is done with the one before, not only its client."""
    answers = []
    for _ in range(3):
        answers.append(await wire.ask(request(target, body)))
        async with connect(wire.writer.get_extra_info("peername")[1]) as other:
            await other.ask(request("/livez", method="GET"))
    return answers


async def pipelined(wire: Wire, target: str, body: bytes) -> list[Answer]:
    """Send two requests before the first answer."""
    answers = asyncio.create_task(_answers(wire, 2))
    await wire.send(request(target, body) + request(target, body))
    return await answers


async def in_chunks(wire: Wire, target: str, body: bytes) -> list[Answer]:
    """Send it without a length, in chunks of 50,000 bytes."""
    size = 50_000
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return [await wire.ask(chunked(target, *chunks))]


async def in_a_form(wire: Wire, target: str, body: bytes) -> list[Answer]:
    """Send it as the file of a form."""
    headers, data = form(('form-data; name="file"; filename="a.png"', body))
    return [await wire.ask(request(target, data, headers=headers))]


async def expecting(wire: Wire, target: str, body: bytes) -> list[Answer]:
    """Send it when the service has asked for it."""
    await wire.send(request(target, headers={"Expect": "100-continue"}, length=len(body)))
    status, _ = await wire.head()
    assert status == 100
    return [await wire.ask(body)]


async def in_odd_pieces(wire: Wire, target: str, body: bytes) -> list[Answer]:
    """Send pieces, each when the one before has been received."""
    await wire.send(request(target, length=len(body)))
    await _pieces(wire, body)
    return [await wire.answer()]


async def form_in_odd_pieces(wire: Wire, target: str, body: bytes) -> list[Answer]:
    """Send a form in pieces."""
    headers, data = form(('form-data; name="file"; filename="a.png"', body))
    await wire.send(request(target, headers=headers, length=len(data)))
    await _pieces(wire, data)
    return [await wire.answer()]


async def _answers(wire: Wire, count: int) -> list[Answer]:
    return [await wire.answer() for _ in range(count)]


async def _pieces(wire: Wire, body: bytes) -> None:
    at = 0
    for size in cycle(ODD_PIECES):
        await _received(wire)
        left = len(body) - at
        if left - size < 2:
            return await wire.send(body[at:])
        await wire.send(body[at : at + size])
        at += size
    raise AssertionError("unreachable")


async def _received(wire: Wire) -> None:
    """Wait until the service has taken from its socket all that was sent to it."""
    own, other = (wire.writer.get_extra_info(name)[1] for name in ("sockname", "peername"))
    async with asyncio.timeout(PATIENCE):
        while _unread(other, own):  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.001)


def _unread(own: int, other: int) -> int:
    """Return how many bytes wait in the socket that connects these ports; 0 if it is closed."""
    ends = f"0100007F:{own:04X} 0100007F:{other:04X} "
    for row in Path("/proc/net/tcp").read_text().splitlines():
        if ends in row:
            return int(row.split()[4].partition(":")[2], 16)
    return 0


def cases() -> list[Case]:
    """Return all of them."""
    icon = picture(3 * KIB, 32, 16)
    photo = picture(200 * KIB, 256, 256)
    large = picture(4 * MIB, 1024, 512)
    small, bytes_200k, bytes_4m = raw_body(3 * KIB + 5), raw_body(200 * KIB + 3), raw_body(4 * MIB)
    convert, rotate = "/convert", "/rotate"
    return [
        Case("icon", convert, *icon, whole),
        Case("picture of 200 KB", convert, *photo, whole),
        Case("picture of 4 MB", convert, *large, whole),
        Case("chunked", convert, *photo, in_chunks, barred=False),
        Case("chunked, 4 MB", convert, *large, in_chunks, barred=False, fast=False),
        Case("form, icon", convert, *icon, in_a_form, fast=False),
        Case("form", convert, *photo, in_a_form),
        Case("100-continue", convert, *photo, expecting, fast=False),
        Case("icon in odd pieces", convert, *icon, in_odd_pieces, barred=False),
        Case("200 KB in odd pieces", convert, *photo, in_odd_pieces, barred=False, fast=False),
        Case("form in odd pieces", convert, *icon, form_in_odd_pieces, barred=False),
        Case("pipelined icons", convert, *icon, pipelined, fast=False),
        Case("pipelined", convert, *photo, pipelined),
        # The first has been read in two pieces; the others come in one, and are answered at once.
        Case("icons, same connection", convert, *icon, three_times_at_leisure),
        Case("same connection", convert, *photo, three_times, fast=False),
        Case("3 KB by 13", rotate, small, small.plus(13), whole, "?by=13"),
        Case("200 KB by 13", rotate, bytes_200k, bytes_200k.plus(13), whole, "?by=13"),
        Case("4 MB by 13", rotate, bytes_4m, bytes_4m.plus(13), whole, "?by=13", fast=False),
        Case("200 KB by 0", rotate, bytes_200k, bytes_200k, whole, "?by=0"),
        Case("200 KB split", rotate, bytes_200k, bytes_200k.plus(-13), whole, "?by=13&mode=split"),
        Case(
            "chunked split",
            rotate,
            bytes_200k,
            bytes_200k.plus(-13),
            in_chunks,
            "?by=13&mode=split",
            barred=False,
            fast=False,
        ),
        Case("3 KB in odd pieces", rotate, small, small.plus(13), in_odd_pieces, "?by=13"),
    ]
