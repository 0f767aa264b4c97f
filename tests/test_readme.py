"""Every command and every snippet in README.md and docs/ does what it says.

`sh` blocks run against a service that the real command started, in a folder that holds the test
data only; `python` blocks run on their own. A `text` or `json` block right behind one is what it
prints, of JSON the members that are shown.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from command_line import COMMAND, QUIET
from pixelferry.settings import markdown_table

TOP = Path(__file__).parent.parent
README = TOP / "README.md"
DOCUMENTS = [README, *sorted((TOP / "docs").glob("*.md"))]
ADDRESS = "127.0.0.1:8080"
# They run this test themselves, or never end: setting up from nothing is tested on its own.
NOT_RUN = {"scripts/run", "scripts/test"}
CURL_FAILED = 22  # its exit code for answers from 400 on, with the .curlrc below


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    output: "Block | None"  # the block right behind it


def blocks_of(document: Path) -> list[Block]:
    blocks: list[Block] = []
    found = re.findall(
        r"^```(\w*)\n(.*?)^```\n(\n(?=```(?:text|json)\n))?", document.read_text(), re.M | re.S
    )
    for language, text, adjoined in reversed(found):
        blocks.insert(0, Block(language, text, blocks[0] if adjoined else None))
    return blocks


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a running service."""
    with subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"], env=QUIET, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline().rpartition(":")[2])
        finally:
            server.terminate()
            server.communicate(timeout=60)
    assert server.returncode == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the commands run: what a reader has, without what is not theirs to write to."""
    shutil.copytree(TOP / "tests" / "data", tmp_path / "tests" / "data")
    (tmp_path / ".curlrc").write_text("silent\nshow-error\nfail-with-body\nmax-time = 60\n")
    return tmp_path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_does_what_it_says(document: Path, folder: Path, port: int) -> None:
    if shutil.which("curl") is None:
        pytest.skip("the commands need curl")
    env = QUIET | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PIXELFERRY_PORT": str(port),
        "CURL_HOME": str(folder),
    }
    for block in blocks_of(document):
        text = block.text.replace(ADDRESS, f"127.0.0.1:{port}")
        if block.language == "sh" and block.text.strip() not in NOT_RUN:
            check(["sh", "-euc", text], block, folder, env)
        elif block.language == "python":
            check([sys.executable, "-W", "error", "-c", text], block, folder, env)


def check(command: list[str], block: Block, folder: Path, env: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    report = f"{block.text}\n{done.stdout[-2000:]!r}\n{done.stderr.decode()}"
    refused = False
    if block.output is not None and block.output.language == "json":
        shown, printed = json.loads(block.output.text), json.loads(done.stdout)
        assert shown.items() <= printed.items(), report
        refused = shown.get("status", 200) >= 400
    elif block.output is not None:
        assert done.stdout.decode().split() == block.output.text.split(), report
    assert done.returncode == (CURL_FAILED if refused else 0), report


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_is_of_a_kind_that_is_checked(document: Path) -> None:
    assert {block.language for block in blocks_of(document)} <= {"sh", "python", "text", "json"}


def test_what_is_not_run_is_in_the_readme_and_there() -> None:
    for command in NOT_RUN:
        assert command in [block.text.strip() for block in blocks_of(README)]
        assert os.access(TOP / command, os.X_OK)


def test_table_of_settings_is_the_declared_one() -> None:
    assert f"\n\n{markdown_table()}\n" in README.read_text()


@pytest.mark.parametrize("document", [*DOCUMENTS, TOP / "SECURITY.md"], ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        path, _, anchor = target.partition("#")
        linked = document.parent / path if path else document
        assert linked.is_file(), target
        titles = re.findall(r"^#+ (.*)$", linked.read_text(), re.M)
        assert not anchor or anchor in {title.lower().replace(" ", "-") for title in titles}, target
