"""A chart of one run: requests per second of everybody, picture by picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert_bench.chart import CARD, COLOURS, INK, OWN, STYLE
from http_bench.contender import Kind
from http_bench.plan import JUDGED

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from http_bench.results import PictureResult, Results

COLOUR = {Kind.OURS: OWN, Kind.VARIANT: COLOURS[6], Kind.CEILING: COLOURS[5], Kind.PEER: COLOURS[1]}


def draw(results: Results, file: Path) -> None:
    """Write an SVG. Raises ImportError without matplotlib."""
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(STYLE):
        height = 0.6 + len(results.pictures) * (0.5 + 0.24 * len(results.entrants))
        figure = Figure(figsize=(9, height), layout="constrained", facecolor=CARD)
        rows = figure.subplots(len(results.pictures), squeeze=False)
        for (axes,), picture in zip(rows, results.pictures, strict=True):
            _draw_picture(axes, results, picture)
        figure.suptitle(
            f"POST /convert: requests per second, one core a worker, {JUDGED} connections",
            color=INK,
        )
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})


def _draw_picture(axes: Axes, results: Results, picture: PictureResult) -> None:
    rates = {name: picture.typical(name, lambda turn: turn.rate) for name in results.entrants}
    known = {name: rate for name, rate in rates.items() if rate is not None}
    colours = [COLOUR[results.entrants[name].kind] for name in known]
    bars = axes.barh(list(known), list(known.values()), 0.8, color=colours)
    axes.bar_label(bars, fmt="{:,.0f}" if max(known.values()) > 200 else "{:.1f}", padding=3)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.margins(x=0.12)
    axes.set_facecolor(CARD)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    sizes = f"{picture.input_size / 1e3:,.0f} KB → {picture.output_size / 1e3:,.0f} KB"
    axes.set_title(f"{picture.name}: {sizes}", loc="left", fontsize=10, color=INK)
