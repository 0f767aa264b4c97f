"""POST /inspect: what a PNG is and what it would become, from its first 33 bytes."""

from dataclasses import dataclass

from aiohttp import web

from pixelferry._native import Header, LimitExceeded, Limits, inspect
from pixelferry.budget import Budget, ExceedsBudget, Need
from pixelferry.description import HEADER_BYTES, describe
from pixelferry.http.body import Upload
from pixelferry.http.body_stream import BodyLimits
from pixelferry.http.exchange import EXCHANGE
from pixelferry.http.parameters import parse_query
from pixelferry.http.problems import Problem, problem_of


@dataclass(frozen=True)
class InspectOptions:
    """The query of /inspect: nothing."""


@dataclass(frozen=True)
class InspectDeps:
    """What the route needs."""

    body: BodyLimits
    limits: Limits
    budget: Budget


INSPECT = web.AppKey("inspect", InspectDeps)


async def post_inspect(request: web.Request) -> web.StreamResponse:
    """Describe the PNG in the body; what follows its header is not read."""
    deps = request.app[INSPECT]
    parse_query(InspectOptions, request)
    header = inspect(await Upload(request, deps.body).peek(HEADER_BYTES))
    response = web.json_response(_description(header, _refused(deps, header)))
    request[EXCHANGE].sent = response.content_length or 0
    return response


def _refused(deps: InspectDeps, header: Header) -> Problem | None:
    try:
        deps.limits.check(header)
        deps.budget.check(Need.of(0, header.output_size, header.working_set))
    except (LimitExceeded, ExceedsBudget) as error:
        return problem_of(error)
    return None


def _description(header: Header, refused: Problem | None) -> dict[str, object]:
    return {
        **describe(header),
        "accepted": refused is None,
        "problem": None if refused is None else _explained(refused),
    }


def _explained(refused: Problem) -> dict[str, object]:
    return {"code": refused.code, "detail": refused.detail, **refused.members}
