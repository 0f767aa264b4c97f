"""Who shows a picture as pixelferry does: before anybody is measured, each is asked once."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from typing import IO, TYPE_CHECKING

import pixelferry
from convert_bench.bmp_pixels import pixels_of_bmp
from http_bench.contender import OURS, Kind
from http_bench.server import post, serving

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convert_bench.pictures import Picture
    from http_bench.contender import Contender
    from http_bench.plan import Cores

COPIES_HEADER = "X-Pixelferry-Copies"


@dataclass(frozen=True)
class Agreement:
    """The result."""

    agreed: Sequence[Contender]
    refused: dict[str, str]  # why the others are left out
    copies: str  # what the service says of its copies


def agreement(
    picture: Picture, contenders: Iterable[Contender], cores: Cores, log: IO[bytes]
) -> Agreement:
    """Ask them all. Raises ValueError if anybody but a peer is refused."""
    expected = pixels_of_bmp(bytes(pixelferry.convert(picture.data)))
    agreed: list[Contender] = []
    refused: dict[str, str] = {}
    copies = ""
    for contender in contenders:
        try:
            with serving(contender, picture, cores.of(contender.workers), log) as server:
                answer = post(server.port, picture.data)
            if answer.status != 200:
                reason = f"answers {answer.status}"
            else:
                reason = objection(contender.kind, answer.body, expected, picture.output_size)
        except (OSError, HTTPException, RuntimeError) as error:
            reason = str(error)
        if reason and contender.kind is not Kind.PEER:
            raise ValueError(f"{picture.name}: {contender.name}: {reason}")
        if reason:
            refused[contender.name] = reason
            continue
        agreed.append(contender)
        if contender.name == OURS:
            copies = answer.headers.get(COPIES_HEADER, "")
    return Agreement(agreed, refused, copies)


def objection(kind: Kind, body: bytes, expected: bytes, size: int) -> str:
    """Return why an answer is none, or nothing; the ceiling's need only have the right size."""
    if kind is Kind.CEILING:
        return "" if len(body) == size else "the size is wrong"
    try:
        return "" if pixels_of_bmp(body) == expected else "shows other pixels"
    except ValueError as error:
        return str(error)
