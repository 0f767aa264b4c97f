"""The metrics that every worker counts: their names, and every value their labels can have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pixelferry.ledger import STAGES
from pixelferry.metric_layout import Family, Label, Layout

BUCKETS: Final = (  # seconds: 100 µs to 10 s, three a decade
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
TIMES: Final = ("read", "queue", "convert", "write")
LANES: Final = ("small", "large")
OTHER: Final = "other"  # in each label for what nobody foresaw


@dataclass(frozen=True)
class LabelValues:
    """What is known of labels before the first request, without `other`."""

    routes: Mapping[str, bool]  # the route's path: whether it works on whole bodies
    methods: Iterable[str]
    statuses: Iterable[int]
    codes: Iterable[str]  # of problems
    reasons: Iterable[str]  # of rejections


def worker_layout(values: LabelValues) -> Layout:
    """Return the layout of a worker's place."""
    route = Label("route", (*values.routes, OTHER))
    on_bodies = Label("route", tuple(path for path, works in values.routes.items() if works))
    method = _open_label("method", values.methods)
    status = _open_label("status", map(str, values.statuses))
    stage = Label("stage", STAGES)
    about = {  # of what has no labels
        "received_bytes": "Bytes of request bodies read.",
        "sent_bytes": "Bytes of answers to conversions and rotations.",
        "pixels": "Pixels converted.",
    }
    return Layout(
        (
            Family(
                "pixelferry_requests",
                "counter",
                "Requests answered; status 499 for clients that left.",
                (route, method, status),
                sparse=True,
            ),
            Family(
                "pixelferry_request_duration_seconds",
                "histogram",
                "From the head of a request to the end of its answer.",
                (route,),
                BUCKETS,
            ),
            Family(
                "pixelferry_stage_duration_seconds",
                "histogram",
                "Time of one stage of a request that was read whole.",
                (on_bodies, Label("stage", TIMES)),
                BUCKETS,
            ),
            _counter("copies", "Passes that copied payload.", on_bodies, stage),
            _counter("copied_bytes", "Bytes of payload copied.", on_bodies, stage),
            _counter("errors", "Problem documents answered.", _open_label("code", values.codes)),
            _counter("rejections", "What limits refused.", _open_label("reason", values.reasons)),
            *(_counter(name, text) for name, text in about.items()),
            _gauge("requests_in_progress", "Requests being answered."),
            _gauge("connections", "Connections open."),
            _gauge("budget_limit_bytes", "Memory that conversions may hold."),
            _gauge("queue_length", "Requests that wait for memory.", Label("lane", LANES)),
            _gauge("pool_bytes", "Memory of outputs and bodies.", Label("state", ("used", "idle"))),
        )
    )


def _counter(name: str, about: str, *labels: Label) -> Family:
    return Family(f"pixelferry_{name}", "counter", about, labels)


def _gauge(name: str, about: str, *labels: Label) -> Family:
    return Family(f"pixelferry_{name}", "gauge", about, labels)


def _open_label(name: str, known: Iterable[str]) -> Label:
    return Label(name, (*known, OTHER))
