"""The pixelferry command as a process of its own, in an environment without settings."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

COMMAND = [sys.executable, "-m", "pixelferry"]
QUIET = {
    key: text
    for key, text in os.environ.items()
    if key != "PORT" and not key.startswith("PIXELFERRY_")
}


def run(
    *arguments: str,
    cwd: Path | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    command: Sequence[str] = COMMAND,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end; whatever it does, it must end."""
    return subprocess.run(
        [*command, *arguments],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=QUIET | dict(env or {}),
        timeout=60,
        check=False,
    )


def run_on_terminal(
    *arguments: str, cwd: Path, stream: str
) -> tuple[subprocess.CompletedProcess[bytes], bytes]:
    """Run with one of its streams ("stdout", "stderr") on a terminal; also what that showed."""
    master, terminal = os.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=terminal if stream == "stdout" else subprocess.PIPE,
        stderr=terminal if stream == "stderr" else subprocess.PIPE,
        cwd=cwd,
        env=QUIET | {"TERM": "xterm", "COLUMNS": "100"},
    ) as process:
        os.close(terminal)
        shown = b"".join(iter(lambda: _read(master), b""))
        os.close(master)
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err), shown


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # how Linux says that the other side is closed
        return b""
