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
        return (
            f"read;dur={self.read * 1e3:.3f}, "
            f"queue;dur={self.queue * 1e3:.3f}, "
            f"convert;dur={self.convert * 1e3:.3f}"
        )
