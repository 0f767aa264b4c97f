"""Requests per second of POST /convert beside the no-conversion ceiling, interleaved in one run.

One server core, one core for wrk. Usage: python bench/http.py [--seconds N] [--rounds N] PNG…
"""

import argparse
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixelferry

HERE = Path(__file__).parent
SERVER_CPU, LOAD_CPU = 0, 1


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on SERVER_CPU until the block ends."""
    process = subprocess.Popen(
        ["taskset", "--cpu-list", str(SERVER_CPU), *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None:
                    raise RuntimeError(f"{command} ended with {process.returncode}") from None
                time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def load(port: int, png: Path, seconds: float, connections: int) -> dict[str, float]:
    """Let wrk post `png` from LOAD_CPU."""
    run = subprocess.run(
        ["taskset", "--cpu-list", str(LOAD_CPU),
         "wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s",
         "-s", str(HERE / "wrk" / "convert.lua"),
         f"http://127.0.0.1:{port}/convert", "--", str(png)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    line = next(line for line in run.stdout.splitlines() if line.startswith("result "))
    result: dict[str, float] = json.loads(line.removeprefix("result "))
    return result


def measure(png: Path, seconds: float, rounds: int, connections: int) -> None:
    """Print one row for `png`: the best round of each server, and their ratio."""
    size = pixelferry.inspect(png.read_bytes()).output_size
    ours, ceiling = free_port(), free_port()
    best = {ours: 0.0, ceiling: 0.0}
    p99 = {ours: 0.0, ceiling: 0.0}
    with (
        server([sys.executable, "-m", "pixelferry", "serve", "--port", str(ours)], ours),
        server(
            [sys.executable, str(HERE / "ceiling.py"), "--port", str(ceiling),
             "--answer-bytes", str(size)],
            ceiling,
        ),
    ):  # fmt: skip
        with urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{ours}/convert", data=png.read_bytes())
        ) as answer:
            if answer.read(2) != b"BM":
                raise RuntimeError(f"{png} was not converted")
        for _ in range(rounds):
            for port in (ours, ceiling):
                result = load(port, png, seconds, connections)
                if result["failed"]:
                    raise RuntimeError(f"{result['failed']} requests failed")
                rate = result["requests"] / result["seconds"]
                if rate > best[port]:
                    best[port] = rate
                    p99[port] = result["p99_ms"]
    print(
        f"{png.name:32} {png.stat().st_size:>10,} {size:>11,} {best[ours]:>10,.1f} "
        f"{best[ceiling]:>10,.1f} {best[ours] / best[ceiling]:>7.3f} {p99[ours]:>9.1f}"
    )


def main() -> None:
    """Measure each PNG given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("png", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    arguments = parser.parse_args()
    print(
        f"{'PNG':32} {'bytes in':>10} {'bytes out':>11} {'req/s':>10} {'ceiling':>10} "
        f"{'ratio':>7} {'p99 ms':>9}"
    )
    for png in arguments.png:
        measure(png, arguments.seconds, arguments.rounds, arguments.connections)


if __name__ == "__main__":
    main()
