"""How many CPUs this process may really use: its affinity, bounded by the cgroup's quota."""

import os

from pixelferry.cgroup import cgroup_folders, read_text


def available_cpus(root: str = "") -> int:
    """Whole CPUs for this process, at least 1; a quota of 1.5 CPUs counts as 2.

    `root` goes before /proc and /sys. Never raises: what cannot be read limits
    nothing.
    """
    quotas = [quota for path in cgroup_folders("cpu", root) if (quota := _quota(path)) is not None]
    affinity = len(os.sched_getaffinity(0))
    return max(1, min([affinity, *(-(-quota // period) for quota, period in quotas)]))


def _quota(folder: str) -> tuple[int, int] | None:
    """Microseconds of CPU time and the period they are for; None where nothing limits."""
    words = read_text(folder + "/cpu.max").split()  # cgroup v2: "150000 100000" or "max 100000"
    if not words:  # cgroup v1
        words = [read_text(f"{folder}/cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    try:
        quota, period = map(int, words)
    except ValueError:
        return None
    return (quota, period) if quota > 0 and period > 0 else None
