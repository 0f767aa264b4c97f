"""Peak memory: of each contender and picture the growth in a process that does nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convert_bench.pictures import Picture

CHILD = Path(__file__).with_name("memory_child.py")


def peaks(library: Path, picture: Picture, contenders: Iterable[str]) -> dict[str, int]:
    """Return the bytes by contender; without those that failed."""
    found = {}
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{picture.name}.png"
        file.write_bytes(picture.data)
        for name in contenders:
            command: list[str | Path] = [sys.executable, CHILD, library, name, file]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                found[name] = int(done.stdout)
    return found
