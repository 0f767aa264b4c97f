"""A container with a CPU quota must not start a thread for every CPU of its host."""

import os
from pathlib import Path

import pytest

from fake_files import write_files
from pixelferry.cpus import available_cpus

MANY = 64


@pytest.fixture(autouse=True)
def many_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(MANY)))


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({}, MANY),
        ({"proc/self/cgroup": "0::/\n"}, MANY),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, MANY),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "10000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "rubbish\n"}, MANY),
        # The tightest quota on the way up holds.
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
                "sys/fs/cgroup/a/cpu.max": "300000 100000\n",
            },
            3,
        ),
        # The host's path, seen from inside a container that mounts only its own folder.
        (
            {
                "proc/self/cgroup": "0::/docker/1234\n",
                "sys/fs/cgroup/cpu.max": "400000 100000\n",
            },
            4,
        ),
        # A name may be any bytes.
        (
            {
                "proc/self/cgroup": "0::/\u00fc\udcff\n",
                "sys/fs/cgroup/\u00fc\udcff/cpu.max": "200000 100000\n",
            },
            2,
        ),
        # cgroup v1, where -1 means no quota.
        (
            {
                "proc/self/cgroup": "5:cpuset:/\n4:cpu,cpuacct:/x\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "250000\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n",
            },
            3,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            MANY,
        ),
    ],
)
def test_quota_bounds_the_cpus(tmp_path: Path, files: dict[str, str], cpus: int) -> None:
    assert available_cpus(write_files(tmp_path, files)) == cpus


def test_affinity_bounds_the_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {3})
    assert available_cpus() == 1
