"""One run: picture by picture who agrees, and what everybody does under load."""

from __future__ import annotations

import os
import platform
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from convert_bench.machine import this_machine
from http_bench.agreement import agreement
from http_bench.contender import OURS, Kind
from http_bench.contenders import all_contenders
from http_bench.results import Entrant, PictureResult, Results
from http_bench.rounds import Rounds
from soak.processors import processor_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convert_bench.pictures import Picture
    from http_bench.contender import Contender
    from http_bench.plan import Plan


def run(plan: Plan, log: IO[bytes], say: Callable[[str], None]) -> Results:
    """Measure it all; `say` is told what is being done, `log` gets what the servers say.

    Raises RuntimeError and ValueError if anybody but a peer cannot be measured.
    """
    found, absent = all_contenders(plan.places)
    contenders = [contender for contender in found if plan.wants(contender)]
    if not contenders:
        raise ValueError(f"there are only {', '.join(one.name for one in found)}")
    before = processor_times(())
    with only_on(plan.cores.load):
        pictures = [_picture(picture, contenders, plan, log, say) for picture in plan.pictures]
    return Results(
        date=datetime.now(UTC).date().isoformat(),
        machine=this_machine(),
        versions=_versions(contenders),
        rounds=plan.rounds,
        warm_up=plan.warm_up,
        seconds=plan.seconds,
        one_core=plan.cores.server == plan.cores.load,
        entrants={one.name: Entrant(one.kind, one.version) for one in contenders},
        absent=[one for one in absent if not plan.only or one.name in plan.only],
        pictures=pictures,
        processors=processor_times(()) - before,
    )


@contextmanager
def only_on(cpu: int) -> Iterator[None]:
    """Keep this process, which looks at the servers, away from other processors."""
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)


def _picture(
    picture: Picture,
    contenders: Sequence[Contender],
    plan: Plan,
    log: IO[bytes],
    say: Callable[[str], None],
) -> PictureResult:
    say(f"{picture.name}: who agrees")
    agreed = agreement(picture, contenders, plan.cores, log)
    with TemporaryDirectory() as folder:
        body = Path(folder) / "body.png"
        body.write_bytes(picture.data)
        rounds = Rounds(picture, body, agreed.agreed, plan)
        rounds.run(log, say)
    return PictureResult(
        name=picture.name,
        width=picture.width,
        height=picture.height,
        input_size=len(picture.data),
        output_size=picture.output_size,
        copies=agreed.copies,
        refused=agreed.refused | rounds.broken,
        turns=rounds.turns,
        conversion=rounds.conversion,
    )


def _versions(contenders: Sequence[Contender]) -> dict[str, str]:
    peers = {one.name: one.version for one in contenders if one.kind is Kind.PEER}
    ours = next((one.version for one in contenders if one.name == OURS), "")
    return {
        "pixelferry": ours,
        "Python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "uvloop": version("uvloop"),
        **peers,
    }
