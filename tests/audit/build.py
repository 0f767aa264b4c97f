"""Builds the counter with the system's C compiler."""

import hashlib
import os
import subprocess
from pathlib import Path

TOP = Path(__file__).parents[2]
SOURCES = Path(__file__).parent / "counter"
FLAGS = (
    *("-std=gnu11", "-O2", "-g", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-builtin"),
    *("-Wall", "-Wextra", "-Wconversion", "-Werror"),
)


def built_counter() -> Path:
    """Return the library to preload; it is built if its sources have changed."""
    files = sorted(SOURCES.glob("*.[ch]"))
    command = [os.environ.get("CC", "cc"), *FLAGS]
    digest = hashlib.sha256(repr(command).encode())
    for file in files:
        digest.update(file.read_bytes())
    library = TOP / "build" / "audit" / f"counter-{digest.hexdigest()[:16]}.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        made = library.with_suffix(f".{os.getpid()}")
        sources = [str(file) for file in files if file.suffix == ".c"]
        subprocess.run([*command, *sources, "-ldl", "-o", str(made)], check=True)
        made.replace(library)
    return library
