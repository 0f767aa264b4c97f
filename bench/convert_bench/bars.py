"""What pixelferry promises to beat, and whether it did in this run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convert_bench.results import OURS, geometric_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convert_bench.results import PictureResult, Results

MEBIBYTE = 1 << 20
# Peer: the geometric mean over the pictures that it reads, and the least for each of them.
FASTER_THAN = {
    "article": (5.0, 3.3),
    "libspng": (3.0, 2.0),
    "Pillow": (4.0, 2.0),
    "kornia_rs": (1.5, 1.1),
}


@dataclass(frozen=True)
class Bar:
    """One promise. `measured` is None if this run could not tell."""

    what: str
    bound: float
    measured: float | None
    at_least: bool  # else at most
    where: str = ""  # the picture that decided
    unit: str = "×"

    @property
    def met(self) -> bool | None:
        """Whether it was kept."""
        if self.measured is None:
            return None
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def bars(results: Results) -> list[Bar]:
    """Judge a run."""
    return [
        *(bar for peer, bounds in FASTER_THAN.items() for bar in _faster(results, peer, *bounds)),
        _at_most(
            "4K RGB photo: time of inflate alone", 1.6, _times(results, "4k photo", "inflate/isa-l")
        ),
        _at_most("plot RGBA: time of article", 0.18, _times(results, "plot", "article")),
        _at_least("RGB16: article", 4.0, _ratios(results, "article", "rgb16")),
        _at_least("Adam7: article", 4.0, _ratios(results, "article", "adam7")),
        _at_most(
            "checksums: share of the time",
            5.0,
            {p.name: 100 * ratio for p in results.pictures if (ratio := p.ratio("checksums"))},
            unit=" %",
        ),
        _at_most(
            "peak memory beyond input, output and 3 scanlines",
            1.0,
            {p.name: _beyond(p) / MEBIBYTE for p in results.pictures if OURS in p.peak_bytes},
            unit=" MiB",
        ),
        _at_most(
            "binding's own time for an icon",
            2.0,
            {results.binding.picture: results.binding.native - results.binding.core},
            unit=" µs",
        ),
    ]


def _faster(results: Results, peer: str, mean: float, each: float) -> Iterator[Bar]:
    ratios = _ratios(results, peer)
    found = geometric_mean(ratios.values()) if ratios else None
    yield Bar(f"{peer}: geometric mean", mean, found, at_least=True)
    yield _at_least(f"{peer}: each picture", each, ratios)


def _ratios(results: Results, peer: str, role: str = "") -> dict[str, float]:
    return {
        picture.name: ratio
        for picture in results.pictures
        if (not role or role in picture.roles) and (ratio := picture.ratio(peer)) is not None
    }


def _times(results: Results, role: str, peer: str) -> dict[str, float]:
    return {name: 1 / ratio for name, ratio in _ratios(results, peer, role).items()}


def _at_least(what: str, bound: float, values: Mapping[str, float], unit: str = "×") -> Bar:
    where = min(values, key=lambda name: values[name], default="")
    return Bar(what, bound, values.get(where), at_least=True, where=where, unit=unit)


def _at_most(what: str, bound: float, values: Mapping[str, float], unit: str = "×") -> Bar:
    where = max(values, key=lambda name: values[name], default="")
    return Bar(what, bound, values.get(where), at_least=False, where=where, unit=unit)


def _beyond(picture: PictureResult) -> int:
    promised = picture.input_size + picture.output_size + 3 * picture.filtered_row
    return picture.peak_bytes[OURS] - promised
