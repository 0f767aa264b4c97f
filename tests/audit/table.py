"""What the audit shows: of each case and stage the ledger's figures, counted ones, and places."""

from collections.abc import Iterator, Sequence

from audit.board import Copied
from audit.verdict import Outcome
from pixelferry.ledger import STAGES

TITLES = ("case", "in", "out", "stage", "ledger", "counted", "where")


def table(outcomes: Sequence[Outcome]) -> str:
    """Return lines of columns."""
    rows = [TITLES, *(row for outcome in outcomes for row in _rows(outcome))]
    widths = [max(len(row[at]) for row in rows) for at in range(len(TITLES))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if 1 <= at <= 2 else text.ljust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    case, times = outcome.case, outcome.requests
    title = (
        f"{case.route} {case.name}",
        f"{times * len(case.incoming.data):,}",
        f"{times * len(case.outgoing.data):,}",
    )
    for stage in STAGES:
        passes, nbytes = outcome.declared[stage]
        if not nbytes and not outcome.counted[stage] and stage != STAGES[0]:
            continue
        told = f"{passes} of {nbytes:,}" if nbytes else "0"
        where = ", ".join(map(_place, outcome.sites.get(stage, ())))
        yield (*title, stage, told, f"{outcome.counted[stage]:,}", where)
        title = ("", "", "")


def _place(copied: Copied) -> str:
    file, _, function = copied.python.rpartition("/")[2].partition(":")
    return f"{file}:{function.rpartition('.')[2]} ×{copied.copies}" if file else copied.object
