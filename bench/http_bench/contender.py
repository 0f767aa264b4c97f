"""Who is measured: a server that answers POST /convert on a port of loopback."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convert_bench.pictures import Picture

OURS, CEILING, TWO_WORKERS = "pixelferry", "ceiling", "pixelferry, 2 workers"


class Kind(StrEnum):
    """What a contender's figures mean."""

    OURS = "pixelferry"
    CEILING = "no conversion"
    VARIANT = "pixelferry with other settings"
    PEER = "PNG to BMP"


@dataclass(frozen=True)
class Contender:
    """One who takes part. `command` is for a port and a picture."""

    name: str
    version: str
    kind: Kind
    command: Callable[[int, Picture], list[str]]
    settings: Mapping[str, str] = field(default_factory=dict)  # of its environment
    workers: int = 1  # each has a core
