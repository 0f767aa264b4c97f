"""Requests that must succeed: pictures of all sizes, and bytes to rotate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soak.exchange import Request
from wire import chunked, form, request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from soak.exchange import Source
    from soak.pictures import Picture

ROTATABLE = 4 << 20  # bytes
BY = 13  # what /rotate adds
PIECES = 8  # of a chunked body


def raw(kind: str, picture: Picture) -> Request:
    """Return the request whose body is the picture as it is; nothing is copied."""
    head = request("/convert", length=len(picture.png))
    return Request(kind, (head, picture.png), picture.bmp)


def in_chunks(kind: str, picture: Picture) -> Request:
    """Return the request that does not tell its length."""
    return Request(kind, (chunked("/convert", *_pieces(picture.png)),), picture.bmp)


def in_form(kind: str, picture: Picture) -> Request:
    """Return the request a browser would send."""
    headers, body = form(('form-data; name="file"; filename="a.png"', picture.png))
    return Request(kind, (request("/convert", body, headers=headers),), picture.bmp)


def raw_pictures(kind: str, pictures: Sequence[Picture], random: Random) -> Source:
    """Post any of the pictures as it is."""
    requests = [raw(kind, picture) for picture in pictures]
    return lambda: random.choice(requests)


def wrapped_pictures(kind: str, pictures: Sequence[Picture], random: Random) -> Source:
    """Post any of the pictures in any way."""
    ways = (raw, in_chunks, in_form)
    return lambda: random.choice(ways)(kind, random.choice(pictures))


class Rotations:
    """Bytes to rotate, of any length up to ROTATABLE, and what must become of them."""

    def __init__(self, random: Random) -> None:
        self._bytes = random.randbytes(ROTATABLE)
        self._plus = self._bytes.translate(bytes((value + BY) % 256 for value in range(256)))
        self._minus = self._bytes.translate(bytes((value - BY) % 256 for value in range(256)))

    def source(self, kind: str, random: Random) -> Source:
        """Rotate some of them, in place or split, with a length or in chunks."""

        def draw() -> Request:
            size = int(ROTATABLE ** random.random())  # as many small ones as large ones
            start = random.randrange(ROTATABLE - size + 1)
            body, split = self._bytes[start : start + size], random.random() < 0.5
            target = f"/rotate?by={BY}&mode={'split' if split else 'in-place'}"
            sent = (
                (chunked(target, *_pieces(body)),)
                if random.random() < 0.5
                else (request(target, length=size), body)
            )
            answer = self._minus if split else self._plus
            return Request(kind, sent, answer[start : start + size])

        return draw


def _pieces(data: bytes) -> list[bytes]:
    size = -(-len(data) // PIECES)
    return [data[at : at + size] for at in range(0, len(data), size)]
