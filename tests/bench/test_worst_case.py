"""The files that bench/worst_case.py measures are what it calls them: none is refused too early.

No time is looked at.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_case_is_refused_for_another_reason_than_its_own() -> None:
    table = subprocess.run(
        [sys.executable, "bench/worst_case.py", "--quick"],
        cwd=ROOT,
        env={"PYTHONPATH": "tests"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    verdicts = {name: verdict for name, verdict, *_ in rows}
    assert len(verdicts) == len(rows) > 50
    # Codes with gaps are no valid deflate data, which zlib-ng says at once and ISA-L does not.
    gaps = {name for name, verdict in verdicts.items() if verdict == "bad_deflate"}
    assert all("286 codes" in name for name in gaps)
    assert {*verdicts.values()} - {"bad_deflate"} == {
        "converted",
        "too_little_data",
        "too_much_data",
    }
    assert verdicts["700 × 700 RGBA16 Paeth Adam7"] == "converted"
