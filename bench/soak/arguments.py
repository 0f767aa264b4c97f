"""What the command lines of this folder share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from pixelferry.units import Kind

T = TypeVar("T")

TOP = Path(__file__).parents[2]
RESULTS = TOP / "bench" / "results"
LOGS = TOP / "build" / "soak"


class Options(argparse.ArgumentParser):
    """A parser whose options all have a value and a default."""

    def option(self, name: str, kind: Callable[[str], object], default: object, about: str) -> None:
        """Add one."""
        self.add_argument(f"--{name}", type=kind, default=default, help=about)


def parsed_by(kind: Kind[T]) -> Callable[[str], T]:
    """Return what argparse takes, with the message of the service's own settings."""

    def parse(text: str) -> T:
        try:
            return kind.parse(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected {kind.form}") from None

    return parse
