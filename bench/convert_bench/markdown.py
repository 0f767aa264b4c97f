"""Tables and figures as Markdown that a terminal shows well, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert_bench.results import geometric_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MEBIBYTE = 1 << 20
NOTHING = "–"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return the lines of a Markdown table whose columns stand under each other."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for row in (
        header,
        [":" + "-" * (widths[0] - 1), *("-" * (w - 1) + ":" for w in widths[1:])],
        *rows,
    ):
        first = row[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "| " + " | ".join((first, *rest)) + " |"


def number(value: float | None, digits: int = 3) -> str:
    """Return a figure to `digits` digits behind the point, fewer for large ones."""
    if value is None:
        return NOTHING
    return f"{value:.{digits if value < 10 else max(digits - 1, 1)}f}"


def mebibytes(size: int | None) -> str:
    """Return bytes as MiB."""
    return NOTHING if size is None else f"{size / MEBIBYTE:.2f}"


def mean(values: Sequence[float]) -> str:
    """Return the geometric mean, if there is one."""
    return f"**{geometric_mean(values):.2f}**" if values else NOTHING
