"""Holds what the service says of its copies to what was counted."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from audit.board import Copied
from audit.cases import Case
from audit.sites import stage_of
from pixelferry.http.exchange import COPIES_HEADER
from pixelferry.ledger import STAGES, Copies, Stage
from wire import Answer

STACK_TOLERANCE = 0.01  # of what is declared, not counted by the service itself
SMALL = 200_000  # bytes; a body that came with its head is copied whichever way it goes
PLAIN_BAR, DIRECT_BAR = 3.0, 0.02  # passes over a body on its way in, at most


@dataclass(frozen=True)
class Outcome:
    """One case: what the answers said, what was counted, and what is wrong with that."""

    case: Case
    requests: int
    declared: dict[Stage, Copies]
    counted: dict[Stage, int]
    sites: dict[Stage, list[Copied]]
    faults: list[str] = field(default_factory=list)


def judge(
    case: Case, answers: Sequence[Answer], copied: Sequence[Copied], ingest: str | None
) -> Outcome:
    """Compare; `ingest` is the way in that the service was told to take, if it has a choice."""
    faults = list(_wrong_answers(case, answers))
    declared = dict.fromkeys(STAGES, Copies(0, 0))
    for answer in answers:
        told = declared_by(answer)
        if len(told) != len(STAGES):
            faults.append(f"{COPIES_HEADER} does not tell of every stage")
        for stage, copies in told.items():
            before = declared[stage]
            declared[stage] = Copies(before.passes + copies.passes, before.nbytes + copies.nbytes)
    sites: dict[Stage, list[Copied]] = defaultdict(list)
    for one in copied:
        if (place := stage_of(one)) is None:
            faults.append(f"unaccounted copy of {one.nbytes} bytes in {one.place}")
        else:
            sites[place].append(one)
    counted = {stage: sum(one.nbytes for one in sites[stage]) for stage in STAGES}
    outcome = Outcome(case, len(answers), declared, counted, dict(sites), faults)
    faults += _disagreements(outcome)
    faults += _bars(outcome, ingest)
    return outcome


def declared_by(answer: Answer) -> dict[Stage, Copies]:
    """Return what the header of an answer says."""
    text = answer.headers.get(COPIES_HEADER.lower(), "")
    members = {stage: re.search(rf"\b{stage}=(\d+)(?:;bytes=(\d+))?", text) for stage in STAGES}
    return {
        stage: Copies(int(member[1]), int(member[2] or 0))
        for stage, member in members.items()
        if member
    }


def _wrong_answers(case: Case, answers: Sequence[Answer]) -> Iterator[str]:
    for answer in answers:
        if (answer.status, answer.body) != (200, case.outgoing.data):
            yield f"another answer than expected: {answer.status}, {len(answer.body)} bytes"


def _disagreements(outcome: Outcome) -> Iterator[str]:
    for stage in STAGES:
        declared, counted = outcome.declared[stage].nbytes, outcome.counted[stage]
        tolerance = STACK_TOLERANCE * declared if stage == "stack" else 0
        if abs(counted - declared) > tolerance:
            places = ", ".join(
                f"{one.nbytes} in {one.place}" for one in outcome.sites.get(stage, ())
            )
            yield f"{stage}: {declared} bytes in the ledger, {counted} counted ({places or 'none'})"


def _bars(outcome: Outcome, ingest: str | None) -> Iterator[str]:
    payload = outcome.requests * len(outcome.case.incoming.data)
    way_in = outcome.counted["stack"] + outcome.counted["ingest"]
    bar = DIRECT_BAR if ingest == "direct" else PLAIN_BAR
    large = len(outcome.case.incoming.data) >= SMALL
    if outcome.case.barred and (large or ingest != "direct") and way_in > bar * payload:
        yield f"the way in copies {way_in / payload:.2f} times the payload; {bar} are allowed"
    if outcome.counted["convert"] or outcome.counted["egress"]:
        yield "the way out copies"
