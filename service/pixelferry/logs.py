"""Where log records go."""

import logging
import sys


def configure_logging(level: str) -> None:
    """Send log records of `level` and above to standard error."""
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
