"""10,000 conversions, good and bad, leave the process as large as it was."""

from pathlib import Path

import pytest

import pixelferry
from pixelferry._native import pool_stats
from pixelferry.engines import ENGINES, Engine
from png_writer import small_png

MIB = 1 << 20


def resident_bytes() -> int:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024


def convert_many(png: bytes, engine: Engine, count: int) -> None:
    broken = png[:-20]
    for _ in range(count // 2):
        view = memoryview(pixelferry.convert(png, engine=engine))
        view.release()
        with pytest.raises(pixelferry.InvalidPng):
            pixelferry.convert(broken, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_resident_memory_does_not_grow(engine: Engine) -> None:
    png = small_png(width=64, height=64)
    convert_many(png, engine, 1_000)
    before, blocks = resident_bytes(), pool_stats().used_blocks
    convert_many(png, engine, 10_000)
    # A leak of one byte in a hundred of the output (12 KiB) would show as 1.2 MiB.
    assert resident_bytes() - before < MIB
    assert pool_stats().used_blocks == blocks
