"""The application: a table of contents. Routes and middlewares stand here in order."""

from aiohttp import web

from pixelferry._native import Limits
from pixelferry.budget import Budget
from pixelferry.http import answers
from pixelferry.http.aiohttp_handler import complete_heads
from pixelferry.http.at_once import AtOnce
from pixelferry.http.body_stream import BodyLimits
from pixelferry.http.cors import share_with
from pixelferry.http.drain import DRAIN, Drain
from pixelferry.http.gate import checks_of, gate, gate_problems
from pixelferry.http.middlewares import (
    CLIENT_LEFT,
    METHODS,
    around,
    finish_head,
    leave_expectation,
)
from pixelferry.http.openapi import openapi
from pixelferry.http.problems import PROBLEMS
from pixelferry.http.routes import convert, fallback, inspect, options, rotate
from pixelferry.http.routes.health import get_livez, get_readyz
from pixelferry.http.routes.metrics import BUDGET, RENDERING, TELEMETRY, Rendering, get_metrics
from pixelferry.http.routes.openapi import OPENAPI, get_openapi
from pixelferry.http.routes.page import get_page
from pixelferry.http.routes.problem import get_problem
from pixelferry.http.routing import Route
from pixelferry.http.write_progress import WRITE_REJECTIONS
from pixelferry.key_file import with_api_key
from pixelferry.settings import Settings
from pixelferry.shared_counters import Place
from pixelferry.telemetry import LabelValues, Telemetry
from pixelferry.threads import InlineLimits, Threads

AT_ONCE = web.AppKey("at_once", AtOnce)

_POST = ("POST",)
_GET = ("GET", "HEAD")

ROUTES: tuple[Route, ...] = (
    Route(
        methods=("POST", "PUT"),
        path="/convert",
        handler=convert.post_convert,
        summary="Convert a PNG to a BMP",
        query=convert.ConvertOptions,
        upload="image/png",
        answers=(answers.BITMAP,),
        problems=(*answers.BODY_PROBLEMS, *answers.PNG_PROBLEMS, *answers.MEMORY_PROBLEMS),
        works_on_bodies=True,
    ),
    Route(
        methods=_POST,
        path="/inspect",
        handler=inspect.post_inspect,
        summary="Describe a PNG and what it would become; its first 33 bytes are enough",
        query=inspect.InspectOptions,
        upload="image/png",
        answers=(answers.INSPECTION,),
        problems=(*answers.BODY_PROBLEMS, *answers.HEADER_PROBLEMS),
    ),
    Route(
        methods=_POST,
        path="/rotate",
        handler=rotate.post_rotate,
        summary="Add a number to every byte, modulo 256",
        query=rotate.RotateOptions,
        upload="application/octet-stream",
        answers=(answers.ROTATED,),
        problems=(*answers.BODY_PROBLEMS, *answers.MEMORY_PROBLEMS),
        works_on_bodies=True,
    ),
    Route(
        methods=_GET,
        path="/metrics",
        handler=get_metrics,
        summary="Metrics as Prometheus text",
        answers=(answers.METRICS,),
    ),
    Route(
        methods=_GET,
        path="/livez",
        handler=get_livez,
        summary="Whether the server is alive",
        answers=(answers.ALIVE,),
        always=True,
    ),
    Route(
        methods=_GET,
        path="/healthz",
        handler=get_livez,
        summary="The same as /livez",
        answers=(answers.ALIVE,),
        always=True,
    ),
    Route(
        methods=_GET,
        path="/readyz",
        handler=get_readyz,
        summary="Whether new requests should be sent here",
        answers=(answers.READY, answers.DRAINING),
        always=True,
    ),
    Route(
        methods=_GET,
        path="/",
        handler=get_page,
        summary="How to use the service",
        answers=(answers.PAGE,),
    ),
    Route(
        methods=_GET,
        path="/openapi.json",
        handler=get_openapi,
        summary="This document",
        answers=(answers.OPENAPI,),
    ),
    Route(
        methods=_GET,
        path="/problems/{code}",
        handler=get_problem,
        summary="What a problem's code means",
        answers=(answers.PROBLEM_PAGE,),
        problems=("not_found",),
    ),
)


def create_app(settings: Settings, place: Place | None = None) -> web.Application:
    """Make the application. It owns its worker threads.

    It counts, and holds memory, in `place` of a block that workers share, or shares nothing. Raises
    SettingsError if the settings name a key file that cannot be used.
    """
    settings = with_api_key(settings)
    telemetry = Telemetry(label_values(), place)
    always = frozenset(route.path for route in ROUTES if route.always)
    checks = checks_of(settings)
    app = web.Application(middlewares=(around(telemetry, gate(always, checks)),))
    shared = (share_with(settings.cors_origins),) if settings.cors_origins else ()
    complete_heads(app, finish_head, *shared)
    for route in ROUTES:
        handlers = dict.fromkeys(route.methods, route.handler)
        handlers["OPTIONS"] = options.options_handler(route.methods)
        for method, handler in handlers.items():
            app.router.add_route(method, route.path, handler, expect_handler=leave_expectation)
    app.router.add_route("*", fallback.PATH, fallback.refuse, expect_handler=leave_expectation)

    threads = Threads(settings.threads_of_worker)
    budget = Budget(
        settings.budget,
        max_queue=settings.max_queue,
        queue_timeout=settings.queue_timeout,
        held=telemetry.place.account_cells,
        peer=telemetry.place.twin.account_cells,
    )
    body = BodyLimits.of(settings)
    limits = Limits(max_pixels=settings.max_pixels, max_dimension=settings.max_dimension)
    inline = InlineLimits(settings.inline_max_input, settings.inline_max_output)
    app[convert.CONVERT] = convert.ConvertDeps(body, limits, budget, threads, inline)
    app[inspect.INSPECT] = inspect.InspectDeps(body, limits, budget)
    app[rotate.ROTATE] = rotate.RotateDeps(body, budget, threads, inline)
    app[TELEMETRY] = telemetry
    app[RENDERING] = Rendering()
    app[BUDGET] = budget
    telemetry.budget_limit_bytes = budget.limit
    app[DRAIN] = Drain()
    if not shared:  # else the head of an answer depends on who asks
        app[AT_ONCE] = AtOnce(app[convert.CONVERT], telemetry, checks, app[DRAIN])
    app[OPENAPI] = openapi(ROUTES, gate_problems(settings), with_key=bool(settings.api_key))

    async def stop_workers(_: web.Application) -> None:
        threads.shutdown()  # what runs was cancelled and ends within rows
        budget.close()

    app.on_cleanup.append(stop_workers)
    return app


def label_values() -> LabelValues:
    """Return what the labels of metrics can be."""
    answered = {answer.status for route in ROUTES for answer in route.answers}
    refused = {problem.status for problem in PROBLEMS.values()}
    return LabelValues(
        routes={route.path: route.works_on_bodies for route in ROUTES},
        methods=METHODS,
        statuses=sorted(answered | refused | {options.STATUS, CLIENT_LEFT}),
        codes=tuple(PROBLEMS),
        reasons=(*PROBLEMS, *WRITE_REJECTIONS),
    )
