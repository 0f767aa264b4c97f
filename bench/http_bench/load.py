"""The load on one server, made by bench/native/http_load on a core of its own."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from http_bench.turn import turn_of
from http_bench.watch import PERIOD, Watch

if TYPE_CHECKING:
    from pathlib import Path

    from http_bench.plan import Plan
    from http_bench.server import Server
    from http_bench.turn import Turn


def put_load(server: Server, body: Path, connections: int, plan: Plan) -> Turn:
    """Let it post `body` on so many connections. Raises RuntimeError if that cannot be."""
    watch = Watch(server, connections)
    options = {
        "port": server.port,
        "body": body,
        "connections": connections,
        "warm-up": plan.warm_up,
        "seconds": plan.seconds,
        "least": min(connections, plan.least),
    }
    command = ["taskset", "--cpu-list", str(plan.cores.load), str(plan.load_generator)]
    command += [f"--{name}={value}" for name, value in options.items()]
    command += [f"--process={pid}" for pid in watch.processes]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        while run.poll() is None:
            watch.look()
            time.sleep(PERIOD)
        said, failure = run.communicate()
    if run.returncode != 0:
        raise RuntimeError(failure.strip())
    try:
        return turn_of(said, watch.ended())
    except ValueError as error:
        raise RuntimeError(str(error)) from None
