"""How many CPUs this process may really use: its affinity, bounded by the cgroup's quota."""

import os

_CGROUP = "/proc/self/cgroup"
_MOUNT = "/sys/fs/cgroup"


def available_cpus(root: str = "") -> int:
    """Whole CPUs for this process, at least 1; a quota of 1.5 CPUs counts as 2.

    `root` goes before /proc and /sys. Never raises: what cannot be read limits
    nothing.
    """
    quotas = [quota for path in _quota_folders(root) if (quota := _quota(path)) is not None]
    affinity = len(os.sched_getaffinity(0))
    return max(1, min([affinity, *(-(-quota // period) for quota, period in quotas)]))


def _quota_folders(root: str) -> list[str]:
    """The cgroup's folder and all above it: the tightest quota on the way up holds.

    In a container the path may name a folder of the host that is not mounted; then only the mount
    itself is found, and that is the container's own.
    """
    folders = []
    for line in _read(root + _CGROUP).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root + _MOUNT + ("/cpu" if controllers else "")
        while path.strip("/"):
            folders.append(base + path)
            path = path.rpartition("/")[0]
        folders.append(base)
    return folders


def _quota(folder: str) -> tuple[int, int] | None:
    """Microseconds of CPU time and the period they are for; None where nothing limits."""
    words = _read(folder + "/cpu.max").split()  # cgroup v2: "150000 100000" or "max 100000"
    if not words:  # cgroup v1
        words = [_read(f"{folder}/cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    try:
        quota, period = map(int, words)
    except ValueError:
        return None
    return (quota, period) if quota > 0 and period > 0 else None


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib costs more time than this
            return file.read()
    except OSError:
        return ""
