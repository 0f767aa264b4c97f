"""The real service, with the counter preloaded."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.board import Board
from audit.build import built_counter
from audit.cases import Case
from audit.verdict import Outcome, judge
from metric_samples import parse, value
from pixelferry.ledger import STAGES, Copies, Stage
from pixelferry.settings import Settings
from served import served
from wire import connect, request

INGEST_SETTING = "ingest"
ROUTES = ("/convert", "/rotate")


def ways_in() -> list[str | None]:
    """Return the values of the setting that says how bodies come in; None if there is none."""
    known = any(one.name == INGEST_SETTING for one in fields(Settings))
    return ["plain", "direct"] if known else [None]


@dataclass
class Audited:
    """A running service that is counted."""

    port: int
    board: Board
    ingest: str | None

    async def run(self, case: Case) -> Outcome:
        """Have one case answered and judge it."""
        async with connect(self.port) as wire:
            with self.board.watching(case.incoming, case.outgoing):
                answers = await case.send(wire, case.target, case.incoming.data)
        return judge(case, answers, self.board.copied(), self.ingest)

    async def totals(self) -> dict[tuple[str, Stage], Copies]:
        """Return the sums in /metrics."""
        async with connect(self.port) as wire:
            seen = parse((await wire.ask(request("/metrics", method="GET"))).body)
        names = "pixelferry_copies_total", "pixelferry_copied_bytes_total"
        return {
            (route, stage): Copies(
                *(int(value(seen, name, route=route, stage=stage)) for name in names)
            )
            for route in ROUTES
            for stage in STAGES
        }


def wrong_totals(
    outcomes: Sequence[Outcome], totals: Mapping[tuple[str, Stage], Copies]
) -> list[str]:
    """Compare the sums in /metrics with what the answers said."""
    faults = []
    for (route, stage), total in totals.items():
        told = [one.declared[stage] for one in outcomes if one.case.route == route]
        sums = Copies(sum(one.passes for one in told), sum(one.nbytes for one in told))
        if total != sums:
            faults.append(f"/metrics, {route}, {stage}: {total}, but the answers said {sums}")
    return faults


@asynccontextmanager
async def audited(
    ingest: str | None = None, env: Mapping[str, str] | None = None
) -> AsyncIterator[Audited]:
    """Run the service until the block ends."""
    with TemporaryDirectory(prefix="pixelferry-audit-") as folder:
        board = Board(Path(folder) / "board")
        flags = () if ingest is None else (f"--{INGEST_SETTING}", ingest)
        preloaded = {"LD_PRELOAD": str(built_counter()), "COPY_AUDIT_BOARD": str(board.path)}
        async with served(*flags, env={**preloaded, **(env or {})}) as service:
            yield Audited(service.port, board, ingest)
