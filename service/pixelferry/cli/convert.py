"""pixelferry convert: PNG files to BMP files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

import click

from pixelferry import EngineUnavailable, Limits
from pixelferry import convert as convert_png
from pixelferry.cli.options import load_settings, setting_flags
from pixelferry.cli.report import FAILURES, progress, tell, tell_failure
from pixelferry.engines import ENGINES, Engine, require
from pixelferry.files import (
    bmp_name,
    open_target,
    place_of,
    read_png,
    refuse_existing,
    write_all,
)
from pixelferry.ledger import Ledger
from pixelferry.stage_times import StageTimes


@click.command()
@click.argument("sources", metavar="IN...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE", help="Where the BMP goes; - is standard output.")
@click.option(
    "--out-dir",
    type=click.Path(exists=True, file_okay=False),
    help="Folder for the BMP files, which else go beside their PNG files.",
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="direct",
    show_default=True,
    help="What decodes: pixelferry itself, or lodepng, to compare with the reference. lodepng is"
    " slower, and the memory it takes beside the picture is not bounded.",
)
@click.option("--stats", is_flag=True, help="Tell of each file what was copied, and the times.")
@setting_flags("max_pixels", "max_dimension")
def convert(
    sources: tuple[str, ...],
    *,
    output: str | None,
    out_dir: str | None,
    force: bool,
    engine: Engine,
    stats: bool,
    **flags: str | None,
) -> int:
    """Convert PNG files to BMP files.

    photo.png becomes photo.bmp beside it. The input - is standard input, and its BMP goes to
    standard output.
    """
    settings = load_settings(flags)
    limits = Limits(max_pixels=settings.max_pixels, max_dimension=settings.max_dimension)
    targets = plan(sources, output, out_dir)
    try:
        require(engine)
    except EngineUnavailable as error:
        raise click.ClickException(str(error)) from error
    failed = 0
    with progress(sources) as waiting:
        for source in waiting:
            try:
                costs = convert_file(source, targets[source], limits, engine=engine, force=force)
                if stats:
                    tell(f"{source}: {costs}")
            except FAILURES as error:
                tell_failure(source, error)
                failed += 1
    return 1 if failed else 0


def plan(sources: Sequence[str], output: str | None, out_dir: str | None) -> dict[str, str]:
    """Which target each source has; UsageError if two have the same, or one has none."""
    if output is not None and out_dir is not None:
        raise click.UsageError("--output and --out-dir exclude each other.")
    if output is not None and len(sources) > 1:
        raise click.UsageError("--output takes one input; for several there is --out-dir.")
    if out_dir is not None and "-" in sources:
        raise click.UsageError("--out-dir needs names, and standard input has none; use --output.")
    targets: dict[str, str] = {}
    taken: dict[str, str] = {}
    for source in sources:
        target = bmp_name(source, out_dir) if output is None else output
        place = place_of(target)
        if place in taken:
            raise click.UsageError(f"{taken[place]} and {source} would both become {target}.")
        targets[source], taken[place] = target, source
    if "-" in taken and os.isatty(1):
        raise click.UsageError("A BMP is not for a terminal; use --output FILE, or a pipe.")
    return targets


@dataclass(slots=True)
class Costs:
    """What one file took."""

    copies: Ledger = field(default_factory=Ledger)
    times: StageTimes = field(default_factory=StageTimes)

    def __str__(self) -> str:
        """As the service tells it in X-Pixelferry-Copies and Server-Timing."""
        written = f"write;dur={self.times.write * 1e3:.3f}"
        return f"{self.copies.header_value()}; {self.times.server_timing()}, {written}"


def convert_file(source: str, target: str, limits: Limits, *, engine: Engine, force: bool) -> Costs:
    """Convert one file; raises what FAILURES names, and leaves nothing behind then."""
    refuse_existing(target, force=force)
    costs, started = Costs(), perf_counter()
    png = read_png(source, limits, costs.copies)
    read = perf_counter()
    with convert_png(png, engine=engine, limits=limits) as bitmap, memoryview(bitmap) as content:
        converted = perf_counter()
        with open_target(target, force=force) as fd:
            write_all(fd, content)
        costs.copies.add_buffer("convert", bitmap)
    costs.times = StageTimes(
        read=read - started, convert=converted - read, write=perf_counter() - converted
    )
    return costs
