"""Numbers by label in cells: what a mapping of plain numbers would be in one process."""

from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


class Counts(Mapping[K, int]):
    """Numbers by label value, each in a cell; iterating shows those above zero."""

    __slots__ = ("_cells", "_column")

    def __init__(self, column: memoryview, cells: Mapping[K, int]) -> None:
        """Let `cells` tell which cell of `column` counts what."""
        self._column = column
        self._cells = cells

    def __getitem__(self, key: K) -> int:
        return int(self._column[self._cells[key]])

    def __setitem__(self, key: K, value: int) -> None:
        self._column[self._cells[key]] = value

    def __iter__(self) -> Iterator[K]:
        return (key for key, cell in self._cells.items() if self._column[cell])

    def __len__(self) -> int:
        return sum(1 for _ in self)
