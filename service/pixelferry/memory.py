"""How much memory the service may take: the container's limit, else half the machine."""

import re
from typing import Final

from pixelferry.cgroup import cgroup_folders, read_text

PROCESS: Final = 80 * 2**20  # bytes of one process beside its budget
LEAST_BUDGET: Final = 64 * 2**20  # bytes: with less not even a photo of 12 MP fits
LEAST_SHARE: Final = 4 * 2**20  # bytes of one worker: a body of unknown length needs half of that
_UNLIMITED: Final = 2**62  # cgroup v1 writes a number near 2^63 for "no limit"


def default_budget(processes: int = 1, root: str = "") -> int:
    """Return 60 % of what is left beside `processes` processes, in bytes.

    It is at least LEAST_BUDGET, and LEAST_SHARE for each process.
    """
    left = usable_memory(root) - PROCESS * processes
    return max(LEAST_BUDGET, LEAST_SHARE * processes, left * 6 // 10)


def kept_for_small(budget: int) -> int:
    """Return how many bytes of a budget are kept for small needs: an eighth."""
    return budget // 8


def largest_need(budget: int) -> int:
    """Return how many bytes of a budget one request may hold."""
    return budget - kept_for_small(budget)


def usable_memory(root: str = "") -> int:
    """Return the tightest limit of the cgroup, or half the machine's memory without one, in bytes.

    `root` goes before /proc and /sys. Never raises: what cannot be read counts as nothing.
    """
    limits = [limit for path in cgroup_folders("memory", root) if (limit := _limit(path))]
    return min(limits) if limits else _machine(root) // 2


def _limit(folder: str) -> int | None:
    for name in ("memory.max", "memory.limit_in_bytes"):  # cgroup v2, v1
        text = read_text(f"{folder}/{name}").strip()
        if text.isdecimal() and int(text) < _UNLIMITED:
            return int(text)
    return None


def _machine(root: str) -> int:
    match = re.search(r"^MemTotal: *([0-9]+) kB", read_text(root + "/proc/meminfo"), re.MULTILINE)
    return int(match[1]) * 1024 if match else 0
