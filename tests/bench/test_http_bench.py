"""The HTTP benchmark compares what was measured together, and judges what it promises to judge.

No time is looked at; a short run over one picture must hold all that a long one reports.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import pixelferry
from convert_bench.bars import MEBIBYTE
from convert_bench.machine import this_machine
from convert_bench.pictures import picture_of
from http_bench.agreement import objection
from http_bench.bars import bars
from http_bench.contender import CEILING, OURS, TWO_WORKERS, Kind
from http_bench.pictures import ICON, MEGAPIXEL, PHOTO, made_icon
from http_bench.plan import JUDGED
from http_bench.results import Entrant, PictureResult, Results
from http_bench.tables import report
from http_bench.turn import Turn, turn_of
from http_bench.watch import Watched
from png_writer import expected_rgb, noise, png
from soak.processors import processor_times

ROOT = Path(__file__).parents[2]
NATIVE = ROOT / "build" / "dev" / "bench" / "native"
PEER = "node + sharp"

TURN = Turn(
    requests=100,
    failed=0,
    seconds=1.0,
    received=10**6,
    p50=0.1,
    p99=0.2,
    most=0.3,
    load_cpu=0.25,
    server_cpu=0.5,
    worker_cpu=0.5,
    rss=100 * MEBIBYTE,
    pss=90 * MEBIBYTE,
    worker_peak=80 * MEBIBYTE,
    connections=(32,),
)


def turns(*requests: int, **figures: float) -> dict[int, list[Turn]]:
    """One turn a round."""
    return {JUDGED: [replace(TURN, requests=n, **figures) for n in requests]}  # type: ignore[arg-type]


def picture(name: str, *, peer: int, **ours: float) -> PictureResult:
    """Three rounds in which pixelferry answers 100 requests, and the ceiling 125."""
    return PictureResult(
        name=name,
        width=8,
        height=8,
        input_size=10,
        output_size=246,
        copies="ingest=1;bytes=10",
        refused={},
        turns={
            OURS: turns(100, 100, 100, **ours),
            TWO_WORKERS: turns(100, 100, 100, worker_cpu=0.5),
            CEILING: turns(125, 125, 125),
            PEER: turns(peer, peer, peer),
        },
        conversion=[0.0005, 0.0005, 0.0005],
    )


GOOD = Results(
    date="2026-11-22",
    machine=this_machine(),
    versions={"pixelferry": "1"},
    rounds=3,
    warm_up=1,
    seconds=1,
    one_core=False,
    entrants={
        OURS: Entrant(Kind.OURS, "1"),
        TWO_WORKERS: Entrant(Kind.VARIANT, "1"),
        CEILING: Entrant(Kind.CEILING, "1"),
        PEER: Entrant(Kind.PEER, "1"),
    },
    absent=[],
    pictures=[picture(ICON, peer=60), picture(MEGAPIXEL, peer=30), picture(PHOTO, peer=30)],
    processors=processor_times(()),
)


def missed(results: Results) -> list[str]:
    return [bar.what for bar in bars(results) if not bar.met]


def with_picture(changed: PictureResult) -> Results:
    others = [one for one in GOOD.pictures if one.name != changed.name]
    return replace(GOOD, pictures=[*others, changed])


def test_a_good_run_meets_every_bar() -> None:
    assert missed(GOOD) == []
    assert len(bars(GOOD)) == 9


def test_slow_icons_miss_both_of_their_bars() -> None:
    slow = picture(ICON, peer=80)
    slow = replace(slow, turns={**slow.turns, CEILING: turns(200, 200, 200)})
    assert missed(with_picture(slow))[:2] == [
        "icon: share of the ceiling's req/s (aim 0.70)",
        "icon: req/s of the best peer",
    ]


@pytest.mark.parametrize("name", [MEGAPIXEL, PHOTO])
def test_the_best_peer_decides(name: str) -> None:
    near = picture(name, peer=20)
    both = {**near.turns, "aiohttp + OpenCV": turns(40, 40, 40)}
    entrants = {**GOOD.entrants, "aiohttp + OpenCV": Entrant(Kind.PEER, "1")}
    results = replace(with_picture(replace(near, turns=both)), entrants=entrants)
    (bar,) = (bar for bar in bars(results) if bar.met is False)
    assert (bar.what, bar.where, bar.measured) == (
        f"{name}: req/s of the best peer",
        "aiohttp + OpenCV",
        2.5,
    )


def test_conversion_does_not_count_as_the_services_own_work() -> None:
    costly = picture(MEGAPIXEL, peer=30, server_cpu=1.0)  # 10 ms for a request
    assert missed(with_picture(costly)) == [
        "1 MP: CPU of a request without its conversion, of the ceiling's"
    ]
    converting = replace(costly, conversion=[0.0055] * 3)
    assert missed(with_picture(converting)) == []


def test_peak_is_that_of_the_worst_round() -> None:
    photo = picture(PHOTO, peer=30)
    large = [TURN, replace(TURN, rss=257 * MEBIBYTE), TURN]
    results = with_picture(replace(photo, turns={**photo.turns, OURS: {JUDGED: large}}))
    assert missed(results) == ["4K: peak RSS, all processes"]


def test_two_workers_are_judged_by_their_processor_time() -> None:
    icon = picture(ICON, peer=60)
    twice = {**icon.turns, TWO_WORKERS: turns(180, 180, 180, worker_cpu=1.1)}
    (bar,) = (bar for bar in bars(with_picture(replace(icon, turns=twice))) if not bar.met)
    assert (bar.where, round(bar.measured or 0, 2)) == (ICON, 0.82)


def test_what_was_not_measured_is_not_met() -> None:
    assert len(missed(replace(GOOD, pictures=[]))) == len(bars(GOOD))


def test_ratios_compare_what_was_measured_in_the_same_round() -> None:
    drifting = picture(ICON, peer=60)
    both = {**drifting.turns, OURS: turns(100, 50, 10), PEER: turns(50, 25, 5)}
    ratio = replace(drifting, turns=both).ratio(OURS, PEER, lambda turn: turn.rate)
    assert ratio == 2.0


def test_report_names_everybody_and_judges_every_bar() -> None:
    text = report(replace(GOOD, one_core=True))
    assert text.count("PASS") == len(bars(GOOD))
    assert "say nothing" in text
    assert "say nothing" not in report(GOOD)
    for name in GOOD.entrants:
        assert f"| {name} " in text


def test_report_says_why_somebody_is_left_out() -> None:
    without = replace(picture(ICON, peer=60), refused={"aiohttp + Pillow": "shows other pixels"})
    assert "Without aiohttp + Pillow: shows other pixels." in report(with_picture(without))


def test_supervisor_is_no_worker() -> None:
    said = {
        "requests": 10,
        "failed": 0,
        "seconds": 1.0,
        "received": 100,
        "p50": 0.1,
        "p99": 0.1,
        "most": 0.1,
        "load_cpu": 0.1,
        "server_cpu": {"7": 0.25, "8": 0.5},
    }
    watched = Watched(frozenset({8}), rss=1, pss=1, worker_peak=1, connections=(32,))
    turn = turn_of(json.dumps(said), watched)
    assert (turn.server_cpu, turn.worker_cpu) == (0.75, 0.5)
    with pytest.raises(ValueError, match="2 failed"):
        turn_of(json.dumps({**said, "requests": 0, "failed": 2}), watched)


def test_other_pixels_are_an_objection() -> None:
    samples = noise(5, 3, 2, 8)
    bmp = bytes(pixelferry.convert(png(samples)))
    rgb = expected_rgb(samples)
    assert objection(Kind.PEER, bmp, rgb, len(bmp)) == ""
    assert objection(Kind.PEER, bmp, bytes(len(rgb)), len(bmp)) == "shows other pixels"
    assert objection(Kind.PEER, b"BM" + bytes(60), rgb, len(bmp)) == "not a bottom-up 24-bit BMP"
    assert objection(Kind.CEILING, bytes(len(bmp)), rgb, len(bmp)) == ""
    assert objection(Kind.CEILING, bmp[:-1], rgb, len(bmp)) == "the size is wrong"


def test_icon_is_one_that_the_service_converts_at_once() -> None:
    icon = picture_of(ICON, made_icon())
    assert (icon.width, icon.height, icon.color_type) == (64, 64, 6)
    assert 2048 < len(icon.data) < 4096


# --- the load generator ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def native() -> Path:
    """The folder of what the benchmark needs, as scripts/test has built it, or built now."""
    configured = subprocess.run(
        ["cmake", "--preset", "dev"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if configured.returncode != 0:
        pytest.skip(f"cannot be configured here: {configured.stderr}")
    build = ["cmake", "--build", "--preset", "dev", "--target", "pixelferry_http_load"]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return NATIVE


class Answering(BaseHTTPRequestHandler):
    """Answers what the test wants, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    status, answer, length, closes = 200, bytes(100_000), True, False
    bodies: set[bytes]

    def do_POST(self) -> None:
        self.bodies.add(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.status)
        if self.length:
            self.send_header("content-length", str(len(self.answer)))
        if self.closes:
            self.send_header("Connection", "close")
        self.end_headers()
        with suppress(ConnectionError):  # the load ends when it likes
            self.wfile.write(self.answer)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(**changes: Any) -> Iterator[tuple[int, set[bytes]]]:  # noqa: ANN401
    """Run a server; its port, and the bodies that it has got."""
    bodies: set[bytes] = set()
    handler = type("Changed", (Answering,), {**changes, "bodies": bodies})

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that have left."""

    with Quiet(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, bodies
        finally:
            server.shutdown()
            thread.join()


def put_load(native: Path, body: Path, port: int, *more: str) -> subprocess.CompletedProcess[str]:
    options = ["--connections=4", "--least=10", "--warm-up=0", "--seconds=0", *more]
    return subprocess.run(
        [native / "pixelferry_http_load", f"--port={port}", f"--body={body}", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def body(tmp_path: Path) -> Path:
    file = tmp_path / "body"
    file.write_bytes(os.urandom(1_000_000))
    return file


def test_load_counts_answers_to_their_last_byte(native: Path, body: Path) -> None:
    with answering() as (port, bodies):
        done = put_load(native, body, port, f"--process={os.getpid()}")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["requests"] >= 10
    assert (said["failed"], said["received"]) == (0, said["requests"] * len(Answering.answer))
    assert 0 < said["p50"] <= said["p99"] <= said["most"]
    assert said["server_cpu"][str(os.getpid())] > 0
    assert bodies == {body.read_bytes()}


@pytest.mark.parametrize(
    ("changes", "failed"),
    [({"status": 503}, True), ({"closes": True}, False), ({"answer": b""}, False)],
    ids=["refused", "closed after each answer", "empty answers"],
)
def test_load_goes_on_after(
    native: Path, body: Path, changes: dict[str, object], failed: bool
) -> None:
    with answering(**changes) as (port, _):
        said = json.loads(put_load(native, body, port).stdout)
    assert (said["failed"] >= 10, said["requests"] >= 10) == (failed, not failed)


def test_load_ends_with_an_answer_that_it_does_not_understand(native: Path, body: Path) -> None:
    with answering(length=False) as (port, _):
        done = put_load(native, body, port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "http_load: an answer with no Content-Length\n"


def test_load_ends_without_a_server(native: Path, body: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = put_load(native, body, nobody.getsockname()[1])
    assert done.returncode == 1
    assert done.stderr == "http_load: connect: Connection refused\n"


@pytest.mark.parametrize("wrong", [[], ["--port=1"], ["--port=x", "--body=y"], ["more"]])
def test_load_knows_its_command_line(native: Path, wrong: list[str]) -> None:
    done = subprocess.run(
        [native / "pixelferry_http_load", *wrong], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr


# --- a whole run -----------------------------------------------------------------------------


def test_short_run_holds_what_a_long_one_does(native: Path, tmp_path: Path) -> None:
    only = [f"--only={name}" for name in (OURS, TWO_WORKERS, CEILING, "aiohttp + Pillow")]
    options = ["--quick", "--check", "--seconds=0.1", f"--picture={ICON}", *only]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "http_bench", *options),
            *("--native", native, "--out", tmp_path),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "bench:tests"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr  # the bars of the other pictures are not measured
    (file,) = tmp_path.glob("*-http.json")
    (icon,) = json.loads(file.read_text())["pictures"]
    assert icon["refused"] == {}
    assert icon["copies"]
    assert icon["turns"].keys() == {OURS, TWO_WORKERS, CEILING, "aiohttp + Pillow"}
    for by_connections in icon["turns"].values():
        (turn,) = by_connections[str(JUDGED)]
        assert turn["failed"] == 0
        assert 0 < sum(turn["connections"]) <= JUDGED  # some may come too late to be seen
        assert turn["worker_peak"] > turn["pss"] / 4 > 0
    assert len(icon["turns"][TWO_WORKERS][str(JUDGED)][0]["connections"]) == 2
    (text,) = tmp_path.glob("*-http.md")
    assert "| 4K: peak RSS, all processes" in text.read_text()
