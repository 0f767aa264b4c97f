"""Whether a client takes its answer: without long pauses, and not too slowly."""

from typing import Final

from pixelferry.http.min_rate import paid_until

WRITE_TIMEOUT: Final = "write_timeout"
WRITE_TOO_SLOW: Final = "write_too_slow"
WRITE_REJECTIONS: Final = (WRITE_TIMEOUT, WRITE_TOO_SLOW)  # reasons that no client is told of


class WriteProgress:
    """Judges by what is left to send, looked at now and then."""

    __slots__ = ("_min_rate", "_since", "_stuck_since", "_taken", "_timeout", "_unsent")

    def __init__(self, now: float, unsent: int, timeout: float, min_rate: int) -> None:
        """Begin with `unsent` bytes left; `timeout` bounds a pause, `min_rate` 0 allows any."""
        self._since = self._stuck_since = now
        self._unsent = unsent
        self._taken = 0
        self._timeout = timeout
        self._min_rate = min_rate

    def refused_for(self, now: float, unsent: int) -> str | None:
        """Return why the client is not waited for any longer; None while it is."""
        if unsent < self._unsent:
            self._taken += self._unsent - unsent
            self._stuck_since = now
        self._unsent = unsent
        if now - self._stuck_since >= self._timeout:
            return WRITE_TIMEOUT
        if self._min_rate and now > paid_until(self._since, self._taken, self._min_rate):
            return WRITE_TOO_SLOW
        return None
