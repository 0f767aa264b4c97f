"""A request and the answers that are right for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixelferry.http.problems import MEDIA_TYPE, PROBLEMS

if TYPE_CHECKING:
    from soak.http_client import Answer

# What any request may be told by a service that has too much to do, with the time to wait.
REFUSALS = frozenset(
    {"queue_full", "queue_timeout", "budget_exhausted", "too_many_connections", "out_of_memory"}
)


@dataclass(frozen=True)
class Request:
    """What is sent, and what may come: an answer 200 with `body`, or a problem of `codes`."""

    kind: str  # under which it is counted
    parts: tuple[bytes | memoryview, ...]
    body: bytes | None = None
    codes: frozenset[str] = frozenset()


Source = Callable[[], Request]  # of one client: the next request


@dataclass(frozen=True)
class Judgement:
    """What an answer is taken for."""

    outcome: str  # status, and code of a problem
    fault: str = ""  # why it is wrong, if it is
    wait: float = 0.0  # seconds until the client may come back


def judge(request: Request, answer: Answer) -> Judgement:
    """Tell whether `answer` is right for `request`."""
    if answer.status == 200:
        right = answer.as_expected and request.body is not None
        return Judgement("200", "" if right else "200 with wrong bytes")
    if answer.headers.get("content-type") != MEDIA_TYPE:
        return Judgement(str(answer.status), f"{answer.status} without a problem document")
    code = json.loads(answer.body)["code"]
    outcome = f"{answer.status} {code}"
    if code not in PROBLEMS or PROBLEMS[code].status != answer.status:
        return Judgement(outcome, f"{outcome} is not documented")
    if code in request.codes:
        return Judgement(outcome)
    if code not in REFUSALS:
        return Judgement(outcome, f"{outcome} was not expected")
    return _refused(outcome, answer.headers.get("retry-after", ""))


def _refused(outcome: str, retry_after: str) -> Judgement:
    if not retry_after.isdigit():
        return Judgement(outcome, f"{outcome} without Retry-After")
    return Judgement(outcome, wait=float(retry_after))
