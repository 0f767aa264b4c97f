"""Which cell holds what: the metrics that one process counts, as a table that others can read.

Every combination of label values is known before anything is counted, so every series has its
cells from the start. There are three columns of cells, each counted from 0: `gauges` and `counts`
hold whole numbers, `seconds` the sums of histograms. Families lie in them one after the other, and
the series of a family in the order of `Family.series`.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Literal, NamedTuple, TypeAlias

Series: TypeAlias = tuple[str, ...]  # one value for each label


class Label(NamedTuple):
    """A label with every value it can have."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """One metric with all its series."""

    name: str  # without the endings that samples have, such as _total
    kind: Literal["counter", "gauge", "histogram"]
    about: str
    labels: tuple[Label, ...] = ()
    bounds: tuple[float, ...] = ()  # of a histogram's buckets, in seconds; +Inf comes on top
    sparse: bool = False  # most series never count: those at zero are not shown

    def series(self) -> Iterator[Series]:
        """Return all combinations of label values; the last label changes fastest."""
        return product(*(label.values for label in self.labels))

    @property
    def width(self) -> int:
        """Cells of one series, a histogram's sum not counted."""
        return len(self.bounds) + 1


class Span(NamedTuple):
    """Where a family begins in its column, and a histogram's sums in theirs."""

    first: int
    first_sum: int


class Layout:
    """The cells of all metrics of one process. Immutable."""

    def __init__(self, families: tuple[Family, ...]) -> None:
        self.families = families
        self.spans: dict[str, Span] = {}  # by the family's name
        self.gauges = self.counts = self.seconds = 0  # cells needed
        for family in families:
            series = sum(1 for _ in family.series())
            if family.kind == "gauge":
                self.spans[family.name] = Span(self.gauges, 0)
                self.gauges += series
            else:
                self.spans[family.name] = Span(self.counts, self.seconds)
                self.counts += series * family.width
                self.seconds += series if family.kind == "histogram" else 0

    def cells(self, name: str, *first_labels: str) -> dict[Series, int]:
        """Return the cell of each series of counters or gauges that begins with these label values.

        By the values of the other labels.
        """
        first, known = self.spans[name].first, len(first_labels)
        return {
            one[known:]: first + i
            for i, one in enumerate(self._family(name).series())
            if one[:known] == first_labels
        }

    def histograms(self, name: str, *first_labels: str) -> tuple[slice, slice]:
        """Return where the series that begin with these label values lie: in counts, in seconds."""
        family, span = self._family(name), self.spans[name]
        chosen = [one[: len(first_labels)] == first_labels for one in family.series()]
        start = chosen.index(True)
        end = start + sum(chosen)  # they stand together
        counts = slice(span.first + start * family.width, span.first + end * family.width)
        return counts, slice(span.first_sum + start, span.first_sum + end)

    def _family(self, name: str) -> Family:
        return next(family for family in self.families if family.name == name)

    def encode(self) -> bytes:
        """Return the text that `decode` reads; the same layout gives the same text."""
        return json.dumps([asdict(family) for family in self.families]).encode()

    @classmethod
    def decode(cls, text: bytes) -> "Layout":
        """Return the layout that was encoded."""
        return cls(tuple(_family_of(**members) for members in json.loads(text)))


def _family_of(
    *, labels: list[tuple[str, list[str]]], bounds: list[float], **others: object
) -> Family:
    pairs = tuple(Label(name, tuple(values)) for name, values in labels)
    return Family(labels=pairs, bounds=tuple(bounds), **others)  # type: ignore[arg-type]
