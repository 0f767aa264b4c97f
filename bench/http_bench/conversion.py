"""What a conversion alone takes, in a process that does nothing else on the server's core.

Usage: python -m http_bench.conversion PNG SECONDS
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pixelferry


def conversion_cpu(png: Path, seconds: float, cpu: int) -> float:
    """Return the processor seconds of one `pixelferry.convert`, pinned to `cpu`."""
    pinned = ["taskset", "--cpu-list", str(cpu)]
    child = [sys.executable, "-m", "http_bench.conversion", str(png), str(seconds)]
    done = subprocess.run([*pinned, *child], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Convert a file again and again; print the mean."""
    png, seconds = Path(sys.argv[1]).read_bytes(), float(sys.argv[2])
    measured(png, seconds / 4)  # memory and caches are warm, as in a service
    print(measured(png, seconds))


def measured(png: bytes, seconds: float) -> float:
    """Return the processor seconds of one conversion."""
    began, before, count = time.monotonic(), time.process_time(), 0
    while count == 0 or time.monotonic() - began < seconds:
        pixelferry.convert(png)
        count += 1
    return (time.process_time() - before) / count


if __name__ == "__main__":
    main()
