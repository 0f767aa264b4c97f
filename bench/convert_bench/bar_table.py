"""Bars and whether they were met, as a Markdown table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert_bench.markdown import NOTHING, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from convert_bench.bars import Bar


def bar_table(judged: Iterable[Bar], verdicts: Mapping[bool | None, str]) -> Iterator[str]:
    """Return its lines; `verdicts` are the words for met, missed and not measured."""
    header = ["bar", "bound", "measured", "", "decided by"]
    return table(
        header,
        [
            [
                bar.what,
                f"{'≥' if bar.at_least else '≤'} {bar.bound:g}{bar.unit}",
                NOTHING if bar.measured is None else f"{bar.measured:.2f}{bar.unit}",
                verdicts[bar.met],
                bar.where,
            ]
            for bar in judged
        ],
    )
