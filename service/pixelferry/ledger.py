"""What was copied, where, how much.

A copy is payload written to a second place in user space unchanged; decoding is a transformation,
not a copy. The stages: `stack` (the connection and aiohttp, declared), `ingest` (into our buffer),
`convert` (the core), `egress` (out of the process, declared). docs/copies.md has the details, and
scripts/audit holds this to what memcpy does.
"""

from typing import Final, Literal, NamedTuple, get_args

from pixelferry._native import OwnedBuffer

Stage = Literal["stack", "ingest", "convert", "egress"]
STAGES: tuple[Stage, ...] = get_args(Stage)


class Copies(NamedTuple):
    """Passes over a payload, and the bytes they wrote."""

    passes: int
    nbytes: int

    def told(self) -> str:
        """Return the item of X-Pixelferry-Copies: an integer with a parameter."""
        return f"{self.passes};bytes={self.nbytes}" if self.nbytes else "0"


_NONE: Final = Copies(0, 0)


class Ledger:
    """The copies of one request. Not thread-safe: it belongs to the event loop."""

    __slots__ = STAGES

    stack: Copies
    ingest: Copies
    convert: Copies
    egress: Copies

    def __init__(self) -> None:
        self.stack = self.ingest = self.convert = self.egress = _NONE

    def add(self, stage: Stage, nbytes: int, passes: int = 1) -> None:
        """Count `passes` copies that wrote `nbytes` bytes in total."""
        if nbytes:
            before = self[stage]
            setattr(self, stage, Copies(before.passes + passes, before.nbytes + nbytes))

    def add_buffer(self, stage: Stage, buffer: OwnedBuffer) -> None:
        """Count what the core copied to make `buffer`."""
        self.add(stage, buffer.copied_bytes, buffer.copies)

    def __getitem__(self, stage: Stage) -> Copies:
        copies: Copies = getattr(self, stage)
        return copies

    def all(self) -> tuple[Copies, Copies, Copies, Copies]:
        """Return the copies of each stage, in the order of STAGES."""
        return self.stack, self.ingest, self.convert, self.egress

    def header_value(self) -> str:
        """Return X-Pixelferry-Copies: a dictionary of all stages (RFC 9651, 3.2)."""
        return (
            f"stack={self.stack.told()}, ingest={self.ingest.told()}, "
            f"convert={self.convert.told()}, egress={self.egress.told()}"
        )
