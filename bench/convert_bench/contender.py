"""What is timed: somebody who turns a PNG into a BMP, decodes it, or marks a limit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert_bench.pictures import Picture


class Kind(StrEnum):
    """What a contender's time means."""

    OURS = "pixelferry"
    LEVEL = "pixelferry at one SIMD level"
    PEER = "PNG to BMP"
    DECODER = "decodes only"
    LIMIT = "part of the work"


class UnsupportedError(Exception):
    """This contender does not read this picture."""


class Job(Protocol):
    """A contender that holds one picture."""

    def seconds(self, count: int) -> float:
        """Run `count` times; return the seconds of all."""

    def pixels(self) -> bytes:
        """Run once; return RGB triples, top row first, unpadded."""


@dataclass(frozen=True)
class Contender:
    """One who takes part; `job` raises UnsupportedError for a picture that it does not read."""

    name: str
    version: str
    kind: Kind
    job: Callable[[Picture], Job]


@dataclass(frozen=True)
class Absent:
    """One who would take part if it were installed."""

    name: str
    reason: str
