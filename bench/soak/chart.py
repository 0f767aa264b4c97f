"""A chart of one run: memory, and how long health took, with the signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert_bench.chart import CARD, COLOURS, INK, OWN, STYLE
from soak.results import MEBIBYTE

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from soak.results import Results


def draw(results: Results, file: Path) -> None:
    """Write an SVG. Raises ImportError without matplotlib."""
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(STYLE):
        figure = Figure(figsize=(9, 6), layout="constrained", facecolor=CARD)
        memory, health = figure.subplots(2, sharex=True, height_ratios=(2, 1))
        _draw_memory(memory, results)
        _draw_health(health, results)
        for axes in (memory, health):
            _mark(axes, results)
        for event in results.events:
            place = event.sent - results.began, 1
            memory.annotate(f" {event.signal}", place, xycoords=("data", "axes fraction"), va="top")
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})


def _draw_memory(axes: Axes, results: Results) -> None:
    plan = results.plan
    times = [sample.when - results.began for sample in results.samples]
    rss = [sample.rss / MEBIBYTE for sample in results.samples]
    axes.plot(times, rss, color=COLOURS[0], label="resident, all processes")
    reserved = [
        (sample.when - results.began, sample.metrics.budget_used / MEBIBYTE)
        for sample in results.samples
        if sample.metrics and sample.metrics.budget_used is not None
    ]
    if reserved:
        axes.plot(*zip(*reserved, strict=True), color=COLOURS[4], label="reserved")
    bound = results.idle_rss + plan.budget + plan.workers * plan.constant
    for value, text, dashes in (
        (bound, "idle + budget + constant", "-"),
        (plan.budget, "budget", "--"),
        (results.idle_rss, "idle", ":"),
    ):
        axes.axhline(value / MEBIBYTE, color=OWN, linestyle=dashes, linewidth=1, label=text)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("MiB", color=INK)
    axes.set_title(f"{plan.workers} workers under a mixed load for {plan.seconds:g} s", color=INK)


def _draw_health(axes: Axes, results: Results) -> None:
    by_second = results.health.by_second
    milliseconds = [1e3 * seconds for seconds in by_second.values()]
    axes.plot(list(by_second), milliseconds, color=COLOURS[3], label="health, p99 of each second")
    axes.axhline(1e3 * results.plan.health_bound, color=OWN, linewidth=1, label="bound of all")
    axes.set_yscale("log")
    axes.set_ylabel("ms", color=INK)
    axes.set_xlabel("seconds", color=INK)


def _mark(axes: Axes, results: Results) -> None:
    for event in results.events:
        axes.axvline(event.sent - results.began, color=INK, linestyle=":", linewidth=1)
    rest, end = results.ended - results.began, results.samples[-1].when - results.began
    axes.axvspan(rest, end, color=INK, alpha=0.06)
    axes.set_xlim(0, end)
    axes.set_facecolor(CARD)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper right", fontsize=8, facecolor=CARD)
