"""Reads Prometheus text for tests."""

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families


def parse(text: bytes) -> dict[str, Metric]:
    """Return the families by name; each must be there once."""
    families = list(text_string_to_metric_families(text.decode()))
    by_name = {family.name: family for family in families}
    assert len(by_name) == len(families)
    return by_name


def value(families: dict[str, Metric], sample: str, **labels: str) -> float:
    """Return the value of one series, 0 if it is not shown."""
    for family in families.values():
        for one in family.samples:
            if one.name == sample and one.labels == labels:
                return one.value
    return 0.0
