"""Who had the processors: without that, no time measured on a shared machine means much."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soak.process_tree import PROC, tree

if TYPE_CHECKING:
    from collections.abc import Iterable

TICKS = os.sysconf("SC_CLK_TCK")  # per second
IDLE, WAITING, GUEST = 3, 4, 8  # columns of /proc/stat; guests are in the columns before, too


@dataclass(frozen=True)
class ProcessorTimes:
    """Seconds of processors."""

    service: float
    load: float  # with what is measured, and us
    others: float  # on the machine, and what its host took
    idle: float

    def __sub__(self, before: ProcessorTimes) -> ProcessorTimes:
        return ProcessorTimes(
            self.service - before.service,
            self.load - before.load,
            self.others - before.others,
            self.idle - before.idle,
        )


def processor_times(service: Iterable[int]) -> ProcessorTimes:
    """Look at the clocks; `service` are processes below this one."""
    served = _used_by(service)
    ours = _used_by(tree(os.getpid()))
    columns = (PROC / "stat").read_text().partition("\n")[0].split()[1:]
    ticks = [int(column) for column in columns[:GUEST]]
    idle = (ticks[IDLE] + ticks[WAITING]) / TICKS
    return ProcessorTimes(served, ours - served, sum(ticks) / TICKS - idle - ours, idle)


def _used_by(pids: Iterable[int]) -> float:
    """Sum up what they, and those of their children that have been waited for, have used."""
    total = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / TICKS
