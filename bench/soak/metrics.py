"""What the service says of itself at /metrics, as far as the soak looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from wire import request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

QUESTION = request("/metrics", method="GET")


@dataclass(frozen=True)
class Metrics:
    """Sums over all workers. None: the service has no such metric."""

    budget_used: int | None  # bytes
    budget_limit: int | None
    pool_used: int | None
    pool_idle: int | None
    queue: int | None  # requests that wait for memory
    in_progress: int | None  # requests, with the one that asks
    connections: int | None  # with the one that asks
    faults: int | None  # answers 500


def parse_metrics(text: str) -> Metrics:
    """Read the text that /metrics answers."""
    samples = [
        sample for family in text_string_to_metric_families(text) for sample in family.samples
    ]

    def total(name: str, where: Callable[[Mapping[str, str]], bool] = lambda _: True) -> int | None:
        named = [sample for sample in samples if sample.name == f"pixelferry_{name}"]
        if not named:
            return None
        return int(sum(sample.value for sample in named if where(sample.labels)))

    return Metrics(
        budget_used=total("budget_used_bytes"),
        budget_limit=total("budget_limit_bytes"),
        pool_used=total("pool_bytes", lambda labels: labels["state"] == "used"),
        pool_idle=total("pool_bytes", lambda labels: labels["state"] == "idle"),
        queue=total("queue_length"),
        in_progress=total("requests_in_progress"),
        connections=total("connections"),
        faults=total("requests_total", lambda labels: labels["status"] == "500"),
    )
