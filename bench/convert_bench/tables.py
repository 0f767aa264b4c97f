"""A run as Markdown tables, for the terminal and for bench/results/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert_bench.bar_table import bar_table
from convert_bench.bars import bars
from convert_bench.contender import Kind
from convert_bench.markdown import NOTHING, mean, mebibytes, number, table
from convert_bench.results import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convert_bench.results import PictureResult, Results

VERDICTS = {True: "met", False: "MISSED", None: "not measured"}


def report(results: Results) -> str:
    """Return the whole report."""
    sections = ("\n".join(section(results)) for section in SECTIONS)
    return "\n\n".join(section for section in sections if section) + "\n"


def head(results: Results) -> Iterator[str]:
    """Say what ran where."""
    machine = results.machine
    yield f"# PNG to BMP in memory, one thread, {results.date}"
    yield ""
    yield (
        f"{machine.cpus} × {machine.cpu} ({machine.cpu_family}), {machine.memory_gib} GiB, "
        f"{machine.system}, Linux {machine.kernel}. {results.rounds} interleaved rounds; every "
        "time is the least of them."
    )
    yield ""
    yield ", ".join(f"{name} {version}" for name, version in results.versions.items()) + "."
    for absent in results.absent:
        yield ""
        yield f"Without {absent.name}: {absent.reason}."


def times(results: Results) -> Iterator[str]:
    """Show milliseconds of everybody who converts or decodes."""
    yield "## Milliseconds"
    yield ""
    yield (
        "article: lodepng, then a BMP pushed back byte by byte. lodepng: with a tight writer. "
        "kornia_rs (Rust's png crate) decodes only. – : not read, or not to the same pixels."
    )
    yield ""
    yield from by_picture(results, converters(results), lambda p, name: number(p.ms(name)))


def speeds(results: Results) -> Iterator[str]:
    """Show how many bytes of BMP that makes."""

    def speed(picture: PictureResult, name: str) -> str:
        ms = picture.ms(name)
        return NOTHING if ms is None else f"{picture.output_size / 1e3 / ms:,.0f}"

    yield "## MB/s of BMP"
    yield ""
    yield from by_picture(results, converters(results), speed)


def ratios(results: Results) -> Iterator[str]:
    """Show how many times as long as pixelferry the others take."""
    names = [name for name in converters(results) if name != OURS]
    yield "## Times as long as pixelferry"
    yield ""
    means = [mean(results.ratios(name)) for name in names]
    yield from by_picture(
        results,
        names,
        lambda p, name: number(p.ratio(name), 2),
        [
            ["**geometric mean**", *means],
            ["pictures", *(str(len(results.ratios(n))) for n in names)],
        ],
    )


def levels(results: Results) -> Iterator[str]:
    """Show what each SIMD level brings."""
    names = results.of_kind(Kind.LEVEL)
    yield "## pixelferry at each SIMD level, ms"
    yield ""
    means = [mean(results.ratios(name)) for name in names]
    rows = [[p.name, *(number(p.ms(name)) for name in names)] for p in results.pictures]
    header = ["picture", *(name.removeprefix("pixelferry/") for name in names)]
    yield from table(header, [*rows, ["**times the best, geometric mean**", *means]])


def limits(results: Results) -> Iterator[str]:
    """Show what part of the work takes alone."""
    names = results.of_kind(Kind.LIMIT)
    yield "## Parts of the work alone, ms"
    yield ""
    yield (
        "Inflate: of the joined IDAT, whole, into warm memory, without Adler-32. memcpy: of the "
        "BMP. Checksums: CRC-32 of all chunks and Adler-32 of the filtered data, as in the core."
    )
    yield ""

    def cell(picture: PictureResult, name: str) -> str:
        ratio = picture.ratio(name)
        return f"{number(picture.ms(name))} ({100 * ratio:.1f} %)" if ratio else NOTHING

    yield from by_picture(results, [OURS, *names], cell)


def suite(results: Results) -> Iterator[str]:
    """Show all of PngSuite in one line a contender."""
    if not results.suite:
        return
    yield "## PngSuite, the valid files in turn"
    yield ""
    yield from table(
        ["contender", "files", "ms", "pixelferry, the same files", "ratio"],
        [
            [
                name,
                str(s.files),
                number(1e3 * s.seconds),
                number(1e3 * s.ours),
                f"{s.seconds / s.ours:.2f}",
            ]
            for name, s in results.suite.items()
        ],
    )


def memory(results: Results) -> Iterator[str]:
    """Show peaks."""
    pictures = [picture for picture in results.pictures if picture.peak_bytes]
    if not pictures:
        return
    names = converters(results)
    yield "## Peak memory of one conversion, MiB"
    yield ""
    yield (
        "Growth of resident memory in a fresh process that has loaded the contender; the file's "
        "bytes count. The kernel keeps this figure to within about 0.1 MiB."
    )
    yield ""
    header = ["picture", "input + output", *names]
    rows = [
        [
            picture.name,
            mebibytes(picture.input_size + picture.output_size),
            *(mebibytes(picture.peak_bytes.get(name)) for name in names),
        ]
        for picture in pictures
    ]
    yield from table(header, rows)


def binding(results: Results) -> Iterator[str]:
    """Show what Python adds."""
    found = results.binding
    yield "## The binding's share"
    yield ""
    yield (
        f"{found.picture}: {found.core:.2f} µs in C++, {found.native:.2f} µs by "
        f"`pixelferry._native.convert`: {found.native - found.core:.2f} µs are the binding's. "
        f"`pixelferry.convert`: {found.package:.2f} µs. "
        f"An empty Python function takes {found.empty_call:.2f} µs."
    )


def verdicts(results: Results) -> Iterator[str]:
    """Show the bars."""
    yield "## Bars"
    yield ""
    yield from bar_table(bars(results), VERDICTS)


SECTIONS: tuple[Callable[[Results], Iterator[str]], ...] = (
    head, times, speeds, ratios, levels, limits, suite, memory, binding, verdicts
)  # fmt: skip


def converters(results: Results) -> list[str]:
    """Return the names of the columns that do the whole work, and of those that decode."""
    return results.of_kind(Kind.OURS, Kind.PEER, Kind.DECODER)


def by_picture(
    results: Results,
    names: Sequence[str],
    cell: Callable[[PictureResult, str], str],
    last: Sequence[Sequence[str]] = (),
) -> Iterator[str]:
    """Return a table with a row a picture and a column a name."""
    rows = [[p.name, *(cell(p, name) for name in names)] for p in results.pictures]
    return table(["picture", *names], [*rows, *last])
