"""How many files a process may have open; every connection is one."""

import logging
import resource
from typing import Final

OTHERS: Final = 64  # listeners, pipes, the files of the interpreter

_log = logging.getLogger(__name__)


def allow_connections(count: int) -> None:
    """Raise this process's limit so that `count` connections can be open, as far as it may."""
    wanted = count + OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and wanted > hard:
        _log.warning("%d connections need %d open files; %d are allowed", count, wanted, hard)
        wanted = hard
    if soft != resource.RLIM_INFINITY and wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
