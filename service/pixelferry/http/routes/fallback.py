"""Whatever no other route answers: 404, or 405 where another method would be answered."""

from aiohttp import hdrs, web

from pixelferry.http.problems import Refusal

PATH = "/{path:.*}"


async def refuse(request: web.Request) -> web.StreamResponse:
    """Raise the right Refusal."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        if resource is not request.match_info.route.resource:
            _, methods = await resource.resolve(request)
            allowed |= methods
    if not allowed:
        raise Refusal("not_found", "no route has this path; / lists them")
    listed = ", ".join(sorted(allowed))
    raise Refusal(
        "method_not_allowed",
        f"this path answers to {listed}",
        headers={hdrs.ALLOW: listed},
    )
