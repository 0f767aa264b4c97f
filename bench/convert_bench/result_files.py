"""What one run leaves: Markdown for people, JSON for programs, a chart, and a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from convert_bench.bars import Bar


def write_files(
    stem: Path, text: str, json: str, draw: Callable[[Path], None], caption: str
) -> str | None:
    """Write them all; `draw` gets the path of the chart. Return why there is none, if so."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".json").write_text(json)
    missing = None
    try:
        draw(stem.with_suffix(".svg"))
        text += f"\n![{caption}]({stem.name}.svg)\n"
    except ImportError as error:
        missing = str(error)
    stem.with_suffix(".md").write_text(text)
    return missing


def tell_unmet(bars: Iterable[Bar], say: Callable[[str], None]) -> bool:
    """Say which bars were missed or could not be measured; whether there are any."""
    unmet = [bar.what for bar in bars if not bar.met]
    if unmet:
        say(f"not met: {', '.join(unmet)}")
    return bool(unmet)
