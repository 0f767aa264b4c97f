"""The benchmark compares equal work: whoever is timed has shown the same pixels.

No time is looked at; a short run over one photo must hold all that a long one reports.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "build" / "dev" / "bench" / "native" / "libpixelferry_peers.so"


@pytest.fixture(scope="module")
def peers() -> Path:
    """The library of peers, as scripts/test has built it, or built now."""
    configured = subprocess.run(
        ["cmake", "--preset", "dev"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if configured.returncode != 0:
        pytest.skip(f"cannot be configured here: {configured.stderr}")
    build = ["cmake", "--build", "--preset", "dev", "--target", "pixelferry_peers"]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return PEERS


@pytest.fixture(scope="module")
def out(peers: Path, photo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a short run over the photo has written to."""
    folder = tmp_path_factory.mktemp("results")
    subprocess.run(
        [
            *(sys.executable, "-m", "convert_bench", "--quick"),
            *("--library", peers, "--out", folder, photo),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "bench:tests"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder


@pytest.fixture(scope="module")
def results(out: Path) -> dict[str, Any]:
    """What it has written for programs."""
    (file,) = out.glob("*-convert.json")
    loaded: dict[str, Any] = json.loads(file.read_text())
    return loaded


def test_every_converter_shows_the_photo_as_pixelferry_does(results: dict[str, Any]) -> None:
    (photo,) = results["pictures"]
    assert photo["refused"] == {}
    converters = {"pixelferry", "pixelferry (Python)", "article", "lodepng", "Pillow", "OpenCV"}
    assert converters <= photo["timings"].keys()


def test_a_contender_is_timed_or_named_as_absent(results: dict[str, Any]) -> None:
    (photo,) = results["pictures"]
    assert photo["timings"].keys() == results["contenders"].keys()
    known = results["contenders"].keys() | {absent["name"] for absent in results["absent"]}
    assert {"libspng", "libpng", "kornia_rs", "inflate/isa-l", "memcpy", "checksums"} <= known


def test_peak_memory_holds_input_and_output(results: dict[str, Any]) -> None:
    (photo,) = results["pictures"]
    peak = photo["peak_bytes"]["pixelferry"]
    assert peak > (photo["input_size"] + photo["output_size"]) / 2  # the kernel counts roughly


def test_report_judges_every_bar(out: Path) -> None:
    (file,) = out.glob("*-convert.md")
    _, _, table = file.read_text().partition("## Bars\n")
    rows = [line.split("|") for line in table.splitlines() if line.startswith("|")][2:]
    verdicts = {row[1].strip(): row[4].strip() for row in rows}
    assert verdicts.pop("4K RGB photo: time of inflate alone") == "not measured"
    assert {"article: each picture", "checksums: share of the time"} <= verdicts.keys()
    assert set(verdicts.values()) <= {"met", "MISSED", "not measured"}


def test_broken_picture_ends_the_run(peers: Path, tmp_path: Path, photo: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(photo.read_bytes()[:-20])
    done = subprocess.run(
        [sys.executable, "-m", "convert_bench", "--library", peers, "--out", tmp_path, broken],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "bench:tests"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "bench: broken: pixelferry: " in done.stderr
    assert not list(tmp_path.glob("*-convert.*"))
