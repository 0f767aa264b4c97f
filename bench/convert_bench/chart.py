"""A chart of the ratios: how many times as long as pixelferry everybody takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert_bench.contender import Kind
from convert_bench.results import geometric_mean

if TYPE_CHECKING:
    from pathlib import Path

    from convert_bench.results import Results

ROW_INCHES = 0.16  # of one bar
# A card of its own, readable on light and dark pages; colours that differ in lightness as well.
CARD, INK, OWN = "#f7f7f5", "#26262b", "#b3261e"
COLOURS = ("#0b3c5d", "#328cc1", "#6b4e9b", "#2f7d4f", "#d98e04", "#8c8c8c", "#b0578d")
STYLE = {  # of matplotlib: text stays text, and the same figures make the same file
    "svg.fonttype": "none",
    "svg.hashsalt": "pixelferry",
    "font.family": "sans-serif",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw(results: Results, file: Path) -> None:
    """Write an SVG. Raises ImportError without matplotlib."""
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    peers = [name for name in results.of_kind(Kind.PEER, Kind.DECODER) if results.ratios(name)]
    labels = [*(picture.name for picture in results.pictures), "geometric mean"]
    thickness = 0.84 / len(peers)
    with rc_context(STYLE):
        height = 1.2 + ROW_INCHES * len(labels) * (len(peers) + 1)
        figure = Figure(figsize=(9, height), layout="constrained", facecolor=CARD)
        axes = figure.subplots()
        axes.set_facecolor(CARD)
        for place, (name, colour) in enumerate(zip(peers, COLOURS, strict=False)):
            values = [picture.ratio(name) for picture in results.pictures]
            values.append(geometric_mean(results.ratios(name)))
            known = [(row, value) for row, value in enumerate(values) if value is not None]
            bars = axes.barh(
                [row + (place + 0.5) * thickness - 0.42 for row, _ in known],
                [value for _, value in known],
                thickness * 0.9,
                color=colour,
                label=f"{name} (decodes only)" if name == "kornia_rs" else name,
            )
            axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=7)
        axes.axvline(1, color=OWN, linewidth=1.5, label="pixelferry")
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        axes.margins(y=0.01)
        axes.set_xlabel("times as long as pixelferry", color=INK)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title("PNG to 24-bit BMP in memory, one thread", color=INK)
        axes.legend(loc="lower right", fontsize=8, facecolor=CARD)
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
