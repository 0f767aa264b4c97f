"""Files that stand in for those of the system."""

import os
from pathlib import Path


def write_files(root: Path, files: dict[str, str]) -> str:
    """Write files below `root`, by their relative paths; returns `root` as text."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(text))
    return str(root)
