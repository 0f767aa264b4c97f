"""What pixelferry promises to reach at 32 connections on one core, and whether it did so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert_bench.bars import MEBIBYTE, Bar
from http_bench.contender import CEILING, OURS, TWO_WORKERS, Kind
from http_bench.pictures import ICON, MEGAPIXEL, PHOTO
from http_bench.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from http_bench.results import PictureResult, Results

OF_CEILING = 0.62  # of its requests per second, for icons; 0.70 is what we aim at
FASTER = {ICON: 1.5, MEGAPIXEL: 3.0, PHOTO: 3.0}  # than the best peer
OVERHEAD = 1.25  # processor time without the conversion, of what the ceiling takes
PEAK = 256  # MiB, 4K
TWO = 0.9  # requests for a processor second of two workers, of what one does


def bars(results: Results) -> list[Bar]:
    """Judge a run."""
    by_name = {picture.name: picture for picture in results.pictures}
    icon, photo = by_name.get(ICON), by_name.get(PHOTO)
    share = icon.ratio(OURS, CEILING, _rate) if icon else None
    peak = photo.most(OURS, _rss) if photo else None
    return [
        Bar(f"{ICON}: share of the ceiling's req/s (aim 0.70)", OF_CEILING, share, at_least=True),
        *_faster(results, by_name),
        *(
            Bar(
                f"{name}: CPU of a request without its conversion, of the ceiling's",
                OVERHEAD,
                picture.overhead_ratio() if (picture := by_name.get(name)) else None,
                at_least=False,
            )
            for name in FASTER
        ),
        Bar(
            f"{PHOTO}: peak RSS, all processes",
            PEAK,
            None if peak is None else peak / MEBIBYTE,
            at_least=False,
            unit=" MiB",
        ),
        two_workers(results),
    ]


def _faster(results: Results, by_name: dict[str, PictureResult]) -> Iterator[Bar]:
    for name, bound in FASTER.items():
        ratios = peer_ratios(results, by_name[name]) if name in by_name else {}
        best = min(ratios, key=lambda peer: ratios[peer], default="")
        yield Bar(f"{name}: req/s of the best peer", bound, ratios.get(best), True, best)


def peer_ratios(results: Results, picture: PictureResult) -> dict[str, float]:
    """Return how many times as many requests as each peer pixelferry answers."""
    found = {peer: picture.ratio(OURS, peer, _rate) for peer in results.of_kind(Kind.PEER)}
    return {peer: ratio for peer, ratio in found.items() if ratio is not None}


def two_workers(results: Results) -> Bar:
    """Compare two workers with one; the picture with which they do worst counts."""
    found = {
        picture.name: ratio
        for picture in results.pictures
        if (ratio := picture.ratio(TWO_WORKERS, OURS, _rate_of_worker)) is not None
    }
    where = min(found, key=lambda name: found[name], default="")
    what = "2 workers: requests for a CPU second of a worker, of 1 worker's"
    return Bar(what, TWO, found.get(where), at_least=True, where=where)


def _rate(turn: Turn) -> float:
    return turn.rate


def _rss(turn: Turn) -> float:
    return turn.rss


def _rate_of_worker(turn: Turn) -> float:
    return turn.rate_of_worker
