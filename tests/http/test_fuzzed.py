"""Whatever /openapi.json allows, and what it does not, is answered as it says: a short fuzz run.

scripts/fuzz-http does the same for as long as one likes, with other seeds.
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer

TOP = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "schemathesis.cli", "--no-color")
CONFIG = ("--config-file", "tests/openapi/schemathesis.toml")
BOUNDS = ("--max-examples", "10", "--seed", "20260727")
PATIENCE = 300.0  # seconds for some hundred requests


@pytest.mark.usefixtures("everything_comes_back")
async def test_schemathesis_finds_nothing(server: RunningServer) -> None:
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, *CONFIG, "run", f"http://127.0.0.1:{server.port}/openapi.json", *BOUNDS),
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": "tests"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    answers = server.app[TELEMETRY].routes["/convert"].answers
    assert {status for _, status in answers} >= {200, 400, 422}  # so it got everywhere
