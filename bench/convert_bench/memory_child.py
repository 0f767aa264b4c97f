"""Converts one file once and prints by how many bytes resident memory peaked above its start.

The start is a process that has loaded the one contender and nothing of the file; so the file's
bytes, the result and everything between are counted, and so is code that is paged in meanwhile.
Usage: python memory_child.py LIBRARY CONTENDER PNG
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from convert_bench.in_python import FACTORIES
from convert_bench.native import Library
from convert_bench.pictures import read_pictures


def main() -> None:
    """Measure."""
    library, name, file = sys.argv[1:]
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])  # the kernel counts pages by CPU
    if name in FACTORIES:
        contender = FACTORIES[name]()
    else:
        (contender,) = (c for c in Library(Path(library)).contenders() if c.name == name)
    ctypes.CDLL(None).malloc_trim(0)  # what importing has freed would hide what is allocated now
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = status("VmRSS")
    (picture,) = read_pictures([Path(file)])
    contender.job(picture).seconds(1)
    print(status("VmHWM") - before)


def status(field: str) -> int:
    """Return bytes from /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return 1024 * int(line.split()[1])
    raise LookupError(field)


if __name__ == "__main__":
    main()
