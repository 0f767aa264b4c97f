"""The class of machine and the versions of what ran; nothing that names the machine itself."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """What figures from another machine have to be compared with care for."""

    cpu: str
    cpu_family: str
    cpus: int
    memory_gib: int
    system: str
    kernel: str


def this_machine() -> Machine:
    """Look at the machine this runs on."""
    cpu = {
        field.strip(): value.strip()
        for line in Path("/proc/cpuinfo").read_text().partition("\n\n")[0].splitlines()
        for field, _, value in (line.partition(":"),)
    }
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cpu=cpu.get("model name", platform.machine()),
        cpu_family=f"family {cpu.get('cpu family', '?')}, model {cpu.get('model', '?')}",
        cpus=len(os.sched_getaffinity(0)),
        memory_gib=round(memory / 2**30),
        system=platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        kernel=".".join(platform.release().split(".")[:2]),
    )
