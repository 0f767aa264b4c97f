"""Where the time of one request went, stage by stage."""

from dataclasses import dataclass


@dataclass(slots=True)
class StageTimes:
    """Seconds spent in each stage: reading the body, waiting, converting, writing the answer."""

    read: float = 0.0
    queue: float = 0.0
    convert: float = 0.0
    write: float = 0.0

    def server_timing(self) -> str:
        """Return what is known before the answer is written, as a Server-Timing value (ms)."""
        return "read;dur=%.3f, queue;dur=%.3f, convert;dur=%.3f" % (  # noqa: UP031 - for speed
            self.read * 1e3,
            self.queue * 1e3,
            self.convert * 1e3,
        )
