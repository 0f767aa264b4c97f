"""A process and its descendants as /proc shows them: who they are, what they hold.

A process that ends while it is looked at counts as ended.
"""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")
ENDED = frozenset("ZX")  # states of processes that nobody has waited for
STOPPED = "T"
ESTABLISHED = "01"  # include/net/tcp_states.h


def children(parent: int) -> frozenset[int]:
    """Return the processes that `parent` has started and that have not ended."""
    return frozenset(_families()[parent])


def tree(root: int) -> frozenset[int]:
    """Return `root` and all its descendants that have not ended."""
    families, found, new = _families(), {root}, [root]
    while new:
        born = [child for parent in new for child in families[parent] if child not in found]
        found.update(born)
        new = born
    return frozenset(found)


def is_stopped(pid: int) -> bool:
    """Whether SIGSTOP has taken effect."""
    return _state_and_parent(pid)[0] == STOPPED


def resident_bytes(pids: Iterable[int]) -> int:
    """Return the sum of their resident memory; what two share counts twice."""
    total = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            total += PAGE * int((PROC / str(pid) / "statm").read_text().split()[1])
    return total


def proportional_bytes(pids: Iterable[int]) -> int:
    """Return the sum of their resident memory; what two share counts half for each."""
    total = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
            total += sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def forget_peaks(pids: Iterable[int]) -> None:
    """Let peak_bytes begin with what is resident now."""
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            (PROC / str(pid) / "clear_refs").write_text("5")


def peak_bytes(pids: Iterable[int]) -> int:
    """Return the most resident memory that any single one of them had."""
    most = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            lines = (PROC / str(pid) / "status").read_text().splitlines()
            most = max(most, *(1024 * int(ln.split()[1]) for ln in lines if ln.startswith("VmHWM")))
    return most


def client_ports(pid: int) -> frozenset[int]:
    """Return the ports at the other end of the TCP connections that `pid` holds."""
    held = set()
    for descriptor in (PROC / str(pid) / "fd").iterdir():
        with suppress(FileNotFoundError):
            held.add(str(descriptor.readlink()))
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in (PROC / str(pid) / "net" / table).read_text().splitlines()[1:]:
            _, _, remote, state, *rest = line.split()
            if state == ESTABLISHED and f"socket:[{rest[5]}]" in held:
                ports.add(int(remote.rpartition(":")[2], 16))
    return frozenset(ports)


def _families() -> defaultdict[int, list[int]]:
    """Return the children of every process; few kernels list them by parent."""
    families = defaultdict(list)
    for name in os.listdir(PROC):  # noqa: PTH208 - ten times a second
        if name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):
                state, parent = _state_and_parent(int(name))
                if state not in ENDED:
                    families[parent].append(int(name))
    return families


def _state_and_parent(pid: int) -> tuple[str, int]:
    # The name of the program, in brackets, may hold anything.
    fields = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    return fields[0].decode(), int(fields[1])
