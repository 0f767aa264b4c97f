"""Which places may copy payload, and for which stage the ledger has to account for it.

A place is a library and a Python function; a copy anywhere else is an error, whoever made it.
"""

import re
from dataclasses import dataclass

from audit.board import Copied
from pixelferry.ledger import Stage


@dataclass(frozen=True)
class Row:
    """Places of one stage."""

    stage: Stage
    python: str
    """Regular expression for the end of file:function; "" is without the interpreter's lock."""
    object: str = ".*"
    """Regular expression for the library."""
    outgoing: bool = False
    """Whether it may also copy payload of the answer."""

    def holds(self, copied: Copied) -> bool:
        """Tell whether `copied` is one of these places."""
        if copied.outgoing and not self.outgoing:
            return False
        python = rf"(.*/)?{self.python}" if self.python else ""
        return bool(
            re.fullmatch(python, copied.python) and re.fullmatch(self.object, copied.object)
        )


SITES = (
    # The receive buffer to bytes, these to the parser's slice.
    Row("stack", r"pixelferry/http/connection\.py:Connection\.buffer_updated"),
    Row("stack", r"aiohttp/web_protocol\.py:RequestHandler\.data_received"),
    # The slices to the request's buffer; before, to what is looked into; and to a larger buffer.
    Row("ingest", r"pixelferry/http/body\.py:Upload\.(read|peek|_joined|_grown)"),
    # The core, with the interpreter's lock or without.
    Row("convert", r".*", r"_native\..*\.so|libisal\.so.*|libdeflate\.so.*", outgoing=True),
    Row("convert", r"", outgoing=True),
    Row("egress", r"pixelferry/http/aiohttp_handler\.py:WholeResponse\.send", outgoing=True),
    Row("egress", r"pixelferry/http/bitmap_response\.py:send_\w+", outgoing=True),
)


def stage_of(copied: Copied) -> Stage | None:
    """Return the stage; None if nobody accounts for a copy there."""
    return next((row.stage for row in SITES if row.holds(copied)), None)
