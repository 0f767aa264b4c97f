"""GET /problems/{code}: what the `type` of a problem document points to."""

from aiohttp import web

from pixelferry.http.problems import PROBLEMS, Refusal


async def get_problem(request: web.Request) -> web.StreamResponse:
    """Explain a problem."""
    code = request.match_info["code"]
    known = PROBLEMS.get(code)
    if known is None:
        raise Refusal("not_found", "there is no problem of this name")
    return web.Response(text=f"{code}: {known.title}. Answered with status {known.status}.\n")
