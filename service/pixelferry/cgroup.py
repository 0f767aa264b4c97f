"""What the cgroup of this process says, version 1 or 2."""

_SELF = "/proc/self/cgroup"
_MOUNT = "/sys/fs/cgroup"


def cgroup_folders(controller: str, root: str = "") -> list[str]:
    """Return the folder of `controller` and all above it: the tightest limit on the way up holds.

    In a container the path may name a folder of the host that is not mounted; then only the mount
    itself is found, and that is the container's own. `root` goes before /proc and /sys.
    """
    folders = []
    for line in read_text(root + _SELF).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        base = root + _MOUNT + (f"/{controller}" if controllers else "")
        while path.strip("/"):
            folders.append(base + path)
            path = path.rpartition("/")[0]
        folders.append(base)
    return folders


def read_text(path: str) -> str:
    """Return what stands in a file, nothing if it cannot be read."""
    try:
        # Names of cgroups may be any bytes.
        with open(path, errors="surrogateescape") as file:  # noqa: PTH123 - pathlib takes longer
            return file.read()
    except OSError:
        return ""
