"""What was copied, where, how much.

A copy is payload written to a second place in user space unchanged; decoding is a transformation,
not a copy. The stages: `stack` (uvloop and aiohttp, declared), `ingest` (into our buffer),
`convert` (the core), `egress` (out of the process, declared).
"""

from collections.abc import ItemsView
from typing import Literal, NamedTuple, get_args

from pixelferry._native import OwnedBuffer, copy_totals

Stage = Literal["stack", "ingest", "convert", "egress"]
STAGES: tuple[Stage, ...] = get_args(Stage)


class Copies(NamedTuple):
    """Passes over a payload, and the bytes they wrote."""

    passes: int
    nbytes: int


class Ledger:
    """The copies of one request. Not thread-safe: it belongs to the event loop."""

    __slots__ = ("_copies",)

    def __init__(self) -> None:
        self._copies: dict[Stage, Copies] = {}

    def add(self, stage: Stage, nbytes: int, passes: int = 1) -> None:
        """Count `passes` copies that wrote `nbytes` bytes in total."""
        if nbytes == 0:
            return
        before = self[stage]
        self._copies[stage] = Copies(before.passes + passes, before.nbytes + nbytes)

    def add_buffer(self, stage: Stage, buffer: OwnedBuffer) -> None:
        """Count what the core copied to make `buffer`."""
        self.add(stage, buffer.copied_bytes, buffer.copies)

    def __getitem__(self, stage: Stage) -> Copies:
        return self._copies.get(stage, Copies(0, 0))

    def entries(self) -> ItemsView[Stage, Copies]:
        """Return the stages that copied, and what."""
        return self._copies.items()

    def header_value(self) -> str:
        """Return X-Pixelferry-Copies: a dictionary of all stages (RFC 9651, 3.2)."""
        return ", ".join(
            f"{stage}={passes};bytes={nbytes}" if nbytes else f"{stage}=0"
            for stage in STAGES
            for passes, nbytes in (self[stage],)
        )


def core_totals() -> Copies:
    """Return all copies the native core made since the process started."""
    return Copies(*copy_totals())
