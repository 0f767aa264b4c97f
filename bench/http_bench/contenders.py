"""All who may take part, and why some cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import pixelferry
from convert_bench.contender import Absent
from http_bench.contender import CEILING, OURS, TWO_WORKERS, Contender, Kind
from soak.service import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convert_bench.pictures import Picture

BUDGET = "256MiB"
SERVERS = Path(__file__).parent / "node"


@dataclass(frozen=True)
class Places:
    """Where to find what is not Python."""

    native: Path  # what CMake has built of bench/native
    modules: Path  # the folder in which npm has made node_modules


def all_contenders(places: Places) -> tuple[list[Contender], list[Absent]]:
    """Return those who are installed, and the others."""
    found: list[Contender] = []
    absent: list[Absent] = []
    for one in (
        ours(OURS),
        *([ours("pixelferry (plain)", ingest="plain")] if knows_ingest() else []),
        ours(TWO_WORKERS, workers=2),
        in_python(CEILING, Kind.CEILING, "aiohttp", ceiling_command),
        in_python("aiohttp + Pillow", Kind.PEER, "pillow", executor_command("pillow")),
        in_python(
            "aiohttp + OpenCV", Kind.PEER, "opencv-python-headless", executor_command("opencv")
        ),
        node_and_sharp(places),
        node_and_addon(places),
    ):
        if isinstance(one, Absent):
            absent.append(one)
        else:
            found.append(one)
    return found, absent


def knows_ingest() -> bool:
    """Whether this pixelferry has two ways to take a body in; an unknown setting would stop it."""
    command = [sys.executable, "-m", "pixelferry", "settings"]
    shown = subprocess.run(command, env=QUIET, capture_output=True, text=True, check=True).stdout
    return "PIXELFERRY_INGEST=" in shown


def ours(name: str, *, workers: int = 1, ingest: str = "") -> Contender:
    """Return the real service, with nothing set but its budget and what is given."""

    def command(port: int, _: Picture) -> list[str]:
        serve = [sys.executable, "-m", "pixelferry", "serve", "--port", str(port)]
        return [*serve, "--workers", str(workers), "--memory-budget", BUDGET]

    settings = {"PIXELFERRY_INGEST": ingest} if ingest else {}
    kind = Kind.OURS if name == OURS else Kind.VARIANT
    return Contender(name, pixelferry.__version__, kind, command, settings, workers)


def in_python(
    name: str, kind: Kind, package: str, command: Callable[[int, Picture], list[str]]
) -> Contender | Absent:
    """Return a server of this folder that needs a package."""
    try:
        return Contender(name, version(package), kind, command)
    except PackageNotFoundError as error:
        return Absent(name, str(error))


def ceiling_command(port: int, picture: Picture) -> list[str]:
    """Tell it how much to answer."""
    module = [sys.executable, "-m", "http_bench.ceiling", "--port", str(port)]
    return [*module, "--answer-bytes", str(picture.output_size)]


def executor_command(library: str) -> Callable[[int, Picture], list[str]]:
    """Tell it what to convert with."""

    def command(port: int, _: Picture) -> list[str]:
        module = [sys.executable, "-m", "http_bench.executor", "--port", str(port)]
        return [*module, "--library", library]

    return command


def node_and_sharp(places: Places) -> Contender | Absent:
    """Return node and the npm package sharp."""
    name, package = "node + sharp", places.modules / "node_modules" / "sharp" / "package.json"
    node = node_version()
    if node is None or not package.exists():
        return Absent(name, "node is not installed" if node is None else "sharp is not installed")
    versions: Mapping[str, str] = json.loads(package.read_text())
    command = node_command("sharp_server.mjs", places.modules / "package.json", "sharp")
    return Contender(name, f"{node}, {versions['version']}", Kind.PEER, command)


def node_and_addon(places: Places) -> Contender | Absent:
    """Return node and the article's idea."""
    name, addon = "node + article's addon", places.native / "article.node"
    node = node_version()
    if node is None or not addon.exists():
        return Absent(name, "node is not installed" if node is None else "it is not built")
    return Contender(
        name, node, Kind.PEER, node_command("article_server.mjs", addon, str(addon.resolve()))
    )


def node_command(server: str, beside: Path, what: str) -> Callable[[int, Picture], list[str]]:
    """Tell it what to load, and from where."""

    def command(port: int, _: Picture) -> list[str]:
        return ["node", str(SERVERS / server), str(port), str(beside.resolve()), what]

    return command


def node_version() -> str | None:
    """Ask node, if there is one."""
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.stdout.strip()
