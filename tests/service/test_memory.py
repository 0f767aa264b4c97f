"""The default budget must fit into the container, whoever limits it and however."""

from pathlib import Path

import pytest

from fake_files import write_files
from pixelferry.memory import LEAST_BUDGET, LEAST_SHARE, PROCESS, default_budget, usable_memory

GIB = 2**30
MEMINFO = {"proc/meminfo": f"MemTotal:       {24 * GIB // 1024} kB\nMemFree: 5 kB\n"}
V2 = {"proc/self/cgroup": "0::/a/b\n"}
V1 = {"proc/self/cgroup": "5:cpuset:/\n4:memory:/x\n"}


@pytest.mark.parametrize(
    ("files", "nbytes"),
    [
        ({}, 0),
        (MEMINFO, 12 * GIB),
        (MEMINFO | V2, 12 * GIB),
        (MEMINFO | V2 | {"sys/fs/cgroup/a/b/memory.max": "max\n"}, 12 * GIB),
        (MEMINFO | V2 | {"sys/fs/cgroup/a/b/memory.max": f"{GIB}\n"}, GIB),
        (MEMINFO | V2 | {"sys/fs/cgroup/memory.max": f"{GIB}\n"}, GIB),
        (
            MEMINFO
            | V2
            | {
                "sys/fs/cgroup/a/b/memory.max": f"{3 * GIB}",
                "sys/fs/cgroup/a/memory.max": f"{GIB}",
            },
            GIB,
        ),
        (MEMINFO | V1 | {"sys/fs/cgroup/memory/x/memory.limit_in_bytes": f"{GIB}\n"}, GIB),
        (
            MEMINFO | V1 | {"sys/fs/cgroup/memory/x/memory.limit_in_bytes": f"{2**63 - 4096}\n"},
            12 * GIB,
        ),
    ],
)
def test_the_tightest_limit_holds(tmp_path: Path, files: dict[str, str], nbytes: int) -> None:
    assert usable_memory(write_files(tmp_path, files)) == nbytes


def test_processes_are_left_room(tmp_path: Path) -> None:
    root = write_files(tmp_path, V2 | {"sys/fs/cgroup/memory.max": f"{GIB}\n"})
    assert default_budget(2, root) == (GIB - 2 * PROCESS) * 6 // 10


def test_it_is_never_too_little_to_work(tmp_path: Path) -> None:
    assert default_budget(1, write_files(tmp_path, {})) == LEAST_BUDGET


def test_each_of_many_processes_has_enough_to_work(tmp_path: Path) -> None:
    assert default_budget(100, write_files(tmp_path, MEMINFO)) >= 100 * LEAST_SHARE
