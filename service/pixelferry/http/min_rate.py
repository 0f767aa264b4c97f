"""The slowest that bytes may cross, averaged; the first seconds are free."""

from typing import Final

RATE_FREE: Final = 10.0  # seconds before the average counts


def paid_until(since: float, nbytes: int, min_rate: int) -> float:
    """Until when `nbytes` that crossed from `since` on are enough for `min_rate` (bytes/s, > 0)."""
    return since + max(RATE_FREE, nbytes / min_rate)
