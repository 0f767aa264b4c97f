"""Histograms in memory that others read: counted in place; wrong memory is refused."""

import pytest

from pixelferry._native import Histograms

BOUNDS = (0.5, 1.0)


def test_times_are_counted_in_place() -> None:
    counts, sums = bytearray(2 * 3 * 8), bytearray(2 * 8)
    histograms = Histograms(counts, sums, BOUNDS)
    histograms.observe(0.25, 7.0)
    histograms.observe(0.5, 0.75)
    histograms.observe(1, 2)
    assert memoryview(counts).cast("Q").tolist() == [2, 1, 0, 0, 1, 2]
    assert memoryview(sums).cast("d").tolist() == [1.75, 9.75]


def test_the_memory_cannot_go_away() -> None:
    counts, sums = bytearray(3 * 8), bytearray(8)
    histograms = Histograms(counts, sums, BOUNDS)
    for memory in (counts, sums):
        with pytest.raises(BufferError):
            memory.clear()
    del histograms
    counts.clear()
    sums.clear()


@pytest.mark.parametrize(
    ("counts", "sums", "error"),
    [
        (bytearray(24), bytearray(16), ValueError),
        (bytearray(16), bytearray(8), ValueError),
        (bytearray(23), bytearray(8), ValueError),
        (memoryview(bytearray(32))[1:25], bytearray(8), ValueError),
        (bytes(24), bytearray(8), BufferError),
        (bytearray(24), bytes(8), BufferError),
    ],
)
def test_memory_that_does_not_fit_is_refused(
    counts: bytearray | memoryview | bytes,
    sums: bytearray | bytes,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        Histograms(counts, sums, BOUNDS)


@pytest.mark.parametrize("seconds", [(), (1.0, 1.0)])
def test_one_time_for_each_histogram(seconds: tuple[float, ...]) -> None:
    counts, sums = bytearray(24), bytearray(8)
    with pytest.raises(ValueError, match="as many times"):
        Histograms(counts, sums, BOUNDS).observe(*seconds)
    assert not any(counts)


def test_a_time_is_a_number() -> None:
    counts = bytearray(24)
    with pytest.raises(TypeError):
        Histograms(counts, bytearray(8), BOUNDS).observe("1")  # type: ignore[arg-type]
    assert not any(counts)
