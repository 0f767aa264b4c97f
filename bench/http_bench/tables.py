"""A run as Markdown, for the terminal and for bench/results/."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from convert_bench.bar_table import bar_table
from convert_bench.bars import MEBIBYTE
from convert_bench.markdown import NOTHING, number, table
from http_bench.bars import bars
from http_bench.contender import CEILING, OURS, TWO_WORKERS
from http_bench.plan import JUDGED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from http_bench.results import PictureResult, Results
    from http_bench.turn import Turn

VERDICTS = {True: "PASS", False: "missed", None: "not measured"}
COLUMNS = (
    "server",
    "connections",
    "req/s",
    "MB/s",
    "CPU ms",
    "p50 ms",
    "p99 ms",
    "RSS MiB",
    "PSS MiB",
    "worker MiB",
    "core %",
    "load's core %",
    "failed",
    "pixelferry is",
)
METHOD = (
    "A figure is the median of the rounds; a ratio is the median of the ratios of each round, in "
    "which the two were measured one soon after the other. MB/s: of BMP. CPU: processor time of "
    "all processes of the server for a request, in the same window in which requests are counted. "
    "RSS, PSS: the most that all processes had together, in any round, looked at every 50 ms and "
    "every 250 ms; in RSS what two share counts twice. Worker: the most that one process had, as "
    "the kernel keeps it. Core: the processor time that the server had; what is missing to 100 % "
    "at many connections went to others on the machine, or to interrupts, and a server of many "
    "threads gets more of a core that it has to share. Load's core: near 100 % the load would be "
    "the limit."
)


def report(results: Results) -> str:
    """Return the whole report."""
    sections = [
        head(results),
        verdicts(results),
        *(picture_table(results, picture) for picture in results.pictures),
        own_work(results),
        two_workers(results),
    ]
    return "\n\n".join(filter(None, map("\n".join, sections))) + "\n"


def head(results: Results) -> Iterator[str]:
    """Say what ran where."""
    machine = results.machine
    yield f"# POST /convert, one server core, {results.date}"
    yield ""
    yield (
        f"{machine.cpus} × {machine.cpu} ({machine.cpu_family}), {machine.memory_gib} GiB, "
        f"{machine.system}, Linux {machine.kernel}. The server has one core, the load another; "
        "two workers have both."
    )
    if results.one_core:
        yield ""
        yield "**Server and load shared one core: these figures say nothing.**"
    yield ""
    yield (
        f"{results.rounds} interleaved rounds, in each a new server for everybody, in an order "
        f"drawn anew; {results.warm_up:g} s to warm up and {results.seconds:g} s to measure at "
        f"least. {METHOD}"
    )
    yield ""
    used = results.processors
    yield (
        f"Processor seconds: servers, load and measuring {used.load:.0f}, everybody else on the "
        f"machine {used.others:.0f}, none {used.idle:.0f}."
    )
    yield ""
    yield ", ".join(f"{name} {text}" for name, text in results.versions.items()) + "."
    for absent in results.absent:
        yield ""
        yield f"Without {absent.name}: {absent.reason}."


def verdicts(results: Results) -> Iterator[str]:
    """Show the bars."""
    yield f"## Bars, at {JUDGED} connections"
    yield ""
    yield from bar_table(bars(results), VERDICTS)


def picture_table(results: Results, picture: PictureResult) -> Iterator[str]:
    """Show everybody who was measured with one picture."""
    yield f"## {picture.name}"
    yield ""
    yield (
        f"{picture.width} × {picture.height}, {picture.input_size:,} bytes in, "
        f"{picture.output_size:,} bytes out. "
        f"Copies for the first request of a connection: `{picture.copies}`."
    )
    for name, reason in picture.refused.items():
        yield ""
        yield f"Without {name}: {reason}."
    yield ""
    yield from table(
        COLUMNS,
        [
            [name, str(connections), *_figures(picture, name, connections, turns)]
            for name in results.entrants
            for connections, turns in picture.turns.get(name, {}).items()
        ],
    )


def _figures(
    picture: PictureResult, name: str, connections: int, turns: Sequence[Turn]
) -> Iterator[str]:
    yield number(median(turn.rate for turn in turns), 2)
    yield f"{median(turn.speed for turn in turns) / 1e6:,.0f}"
    yield number(1e3 * median(turn.cpu for turn in turns))
    yield number(1e3 * median(turn.p50 for turn in turns), 2)
    yield number(1e3 * median(turn.p99 for turn in turns), 2)
    yield f"{max(turn.rss for turn in turns) / MEBIBYTE:.0f}"
    yield f"{max(turn.pss for turn in turns) / MEBIBYTE:.0f}"
    yield f"{max(turn.worker_peak for turn in turns) / MEBIBYTE:.0f}"
    yield f"{100 * median(turn.server_share for turn in turns):.0f}"
    yield f"{100 * median(turn.load_share for turn in turns):.0f}"
    yield str(sum(turn.failed for turn in turns))
    ratio = picture.ratio(OURS, name, lambda turn: turn.rate, connections)
    yield NOTHING if ratio is None or name == OURS else f"{ratio:.2f}×"


def own_work(results: Results) -> Iterator[str]:
    """Show what the service adds to the conversion, beside what the ceiling takes."""
    yield f"## CPU of a request at {JUDGED} connections, ms"
    yield ""
    yield (
        "Conversion: `pixelferry.convert` of the same picture again and again, in a process of its "
        "own on the server's core."
    )
    yield ""
    yield from table(
        ["picture", "request", "conversion", "the rest", "ceiling", "rest / ceiling"],
        [_own_work(picture) for picture in results.pictures],
    )


def _own_work(picture: PictureResult) -> list[str]:
    request = picture.typical(OURS, lambda turn: turn.cpu)
    ceiling = picture.typical(CEILING, lambda turn: turn.cpu)
    conversion = median(picture.conversion)
    rest = None if request is None else request - conversion
    in_ms = (None if s is None else 1e3 * s for s in (request, conversion, rest, ceiling))
    return [picture.name, *map(number, in_ms), number(picture.overhead_ratio(), 2)]


def two_workers(results: Results) -> Iterator[str]:
    """Show what a second worker brings."""
    yield f"## Two workers at {JUDGED} connections"
    yield ""
    yield (
        "The load shares the second one's core, so requests are counted for each processor second "
        "of the workers."
    )
    yield ""
    yield from table(
        ["picture", "1 worker", "2 workers", "ratio", "connections of each, by round"],
        [_two_workers(picture) for picture in results.pictures],
    )


def _two_workers(picture: PictureResult) -> list[str]:
    one, two = (
        picture.typical(name, lambda turn: turn.rate_of_worker) for name in (OURS, TWO_WORKERS)
    )
    turns = picture.turns.get(TWO_WORKERS, {}).get(JUDGED, ())
    held = ", ".join("+".join(map(str, turn.connections)) for turn in turns)
    ratio = picture.ratio(TWO_WORKERS, OURS, lambda turn: turn.rate_of_worker)
    return [picture.name, number(one, 2), number(two, 2), number(ratio, 2), held or NOTHING]
