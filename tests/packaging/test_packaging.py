"""What is published is whole and nothing more: the wheel works alone, the sdist can be built.

Both are built without the network, by the backend that pip calls.
"""

import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from pixelferry import __version__

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "service" / "pixelferry"


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(kind: str, folder: Path) -> Path:
    call = f"from scikit_build_core.build import build_{kind}; build_{kind}({str(folder)!r})"
    run(sys.executable, "-c", call)
    (file,) = folder.iterdir()
    return file


def files(folder: Path, *patterns: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for pattern in patterns
        for path in folder.rglob(pattern)
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist."""
    folder = tmp_path_factory.mktemp("sdist")
    run("tar", "-xzf", built("sdist", folder), "-C", folder)
    return folder / f"pixelferry-{__version__}"


def test_the_core_knows_the_version() -> None:
    assert __version__ == metadata.version("pixelferry")


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    (native,) = (name for name in names if name.endswith(".so"))
    assert native.startswith("pixelferry/_native.")
    info = f"pixelferry-{__version__}.dist-info"
    meta = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    package = {
        name.removeprefix("service/") for name in files(PACKAGE, "*.py", "*.pyi", "py.typed")
    }
    assert names == package | {native} | {f"{info}/{name}" for name in meta}


def test_wheel_converts_alone(wheel: Path, photo: Path, tmp_path: Path) -> None:
    run(
        sys.executable,
        "-m",
        "pip",
        "-q",
        "install",
        "--no-deps",
        "--no-index",
        "-t",
        tmp_path,
        wheel,
    )
    assert (tmp_path / "bin" / "pixelferry").exists()
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import pixelferry
print(pixelferry.__file__)
png = open({str(photo)!r}, "rb").read()
print(pixelferry.convert(png).nbytes)
try:
    pixelferry.convert(png, engine="lodepng")
except pixelferry.EngineUnavailable as error:
    print(error.code)
"""
    where, size, without_lodepng = run(
        sys.executable, "-S", "-c", program
    ).split()  # -S: no editable install
    assert Path(where).is_relative_to(tmp_path)
    assert int(size) == 54 + 400 * 1800
    assert without_lodepng == "engine_unavailable"


def test_sdist_holds_every_source(source: Path) -> None:
    held = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    needed = files(ROOT / "native", "*.cpp", "*.hpp", "CMakeLists.txt", "*.cmake")
    needed |= files(PACKAGE, "*.py", "*.pyi", "py.typed") | files(ROOT / "tests", "*.py", "*.png")
    needed |= {"CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml", "PKG-INFO"}
    assert needed <= held
    assert not [name for name in held if name.startswith((".git/", ".venv", "build/", "dist/"))]


def test_sdist_can_be_configured(source: Path, tmp_path: Path) -> None:
    pybind11 = run(sys.executable, "-m", "pybind11", "--cmakedir").strip()
    run(
        "cmake",
        *("-S", source, "-B", tmp_path, "-G", "Ninja"),
        f"-DPython_EXECUTABLE={sys.executable}",
        f"-Dpybind11_DIR={pybind11}",
        "-DSKBUILD_PROJECT_NAME=pixelferry",
    )
