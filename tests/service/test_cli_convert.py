"""`pixelferry convert` as people and scripts meet it: files, exit codes, messages with names.

It runs as a process of its own: exit codes, signals and terminals are its behaviour.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pixelferry
from command_line import COMMAND, QUIET, names, run, run_on_terminal


@pytest.fixture
def png(photo: Path) -> bytes:
    return photo.read_bytes()


@pytest.fixture
def bmp(png: bytes) -> bytes:
    return bytes(pixelferry.convert(png))


def test_bmp_appears_beside_the_png(tmp_path: Path, png: bytes, bmp: bytes) -> None:
    (tmp_path / "photo.png").write_bytes(png)
    done = run("convert", "photo.png", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "photo.bmp").read_bytes() == bmp
    assert names(tmp_path) == ["photo.bmp", "photo.png"]


def test_bmp_goes_to_the_named_file(tmp_path: Path, png: bytes, bmp: bytes) -> None:
    (tmp_path / "photo.png").write_bytes(png)
    assert run("convert", "photo.png", "-o", "x.bmp", cwd=tmp_path).returncode == 0
    assert (tmp_path / "x.bmp").read_bytes() == bmp


def test_bmps_go_to_the_named_folder(tmp_path: Path, png: bytes, bmp: bytes) -> None:
    (tmp_path / "out").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(png)
    done = run("convert", "a.png", "b.png", "--out-dir", "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")  # no terminal, no progress bar
    assert [(tmp_path / "out" / name).read_bytes() for name in ("a.bmp", "b.bmp")] == [bmp, bmp]


COSTS = (
    rb"pixelferry: %b: stack=0, ingest=%b, convert=%b, egress=0; "
    rb"read;dur=[\d.]+, queue;dur=0\.000, convert;dur=[\d.]+, write;dur=[\d.]+\n"
)


def test_stats_are_those_of_the_service(tmp_path: Path, png: bytes, bmp: bytes) -> None:
    (tmp_path / "a.png").write_bytes(png)
    (tmp_path / "b.png").write_bytes(png)
    done = run("convert", "--stats", "a.png", "b.png", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert re.fullmatch((COSTS + COSTS) % (b"a.png", b"0", b"0", b"b.png", b"0", b"0"), done.stderr)
    assert (tmp_path / "b.bmp").read_bytes() == bmp


def test_stats_tell_of_copies_where_there_are_some(png: bytes, bmp: bytes) -> None:
    assert 2**18 < len(png) < 2**19  # the buffer begins with 64 KiB and grows three times
    copied = 33 + 2**16 + 2**17 + 2**18
    done = run("convert", "--stats", "-", stdin=png)
    assert (done.returncode, done.stdout) == (0, bmp)
    assert re.fullmatch(COSTS % (b"-", b"4;bytes=%d" % copied, b"0"), done.stderr), done.stderr


def test_stats_tell_of_the_copy_for_the_reference_decoder(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "a.png").write_bytes(png)
    done = run("convert", "--stats", "--engine", "lodepng", "a.png", cwd=tmp_path)
    assert re.fullmatch(COSTS % (b"a.png", b"0", b"1;bytes=%d" % len(png)), done.stderr)


def test_standard_input_goes_to_standard_output(png: bytes, bmp: bytes) -> None:
    done = run("convert", "-", stdin=png)
    assert (done.returncode, done.stdout, done.stderr) == (0, bmp, b"")


def test_existing_file_is_overwritten_only_by_force(tmp_path: Path, png: bytes, bmp: bytes) -> None:
    (tmp_path / "photo.png").write_bytes(png)
    (tmp_path / "photo.bmp").write_bytes(b"mine")
    done = run("convert", "photo.png", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        b"pixelferry: photo.png: photo.bmp: exists already; --force overwrites it\n"
    )
    assert (tmp_path / "photo.bmp").read_bytes() == b"mine"
    assert run("convert", "photo.png", "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "photo.bmp").read_bytes() == bmp


def test_failed_files_are_named_and_the_others_converted(
    tmp_path: Path, png: bytes, bmp: bytes
) -> None:
    (tmp_path / "bad.png").write_bytes(png[:5000])
    (tmp_path / "text.png").write_bytes(b"some text, and no PNG at all; that is what this is")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "good.png").write_bytes(png)
    done = run("convert", "bad.png", "gone.png", "text.png", "folder.png", "good.png", cwd=tmp_path)
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        "bad.png",
        "gone.png",
        "text.png",
        "folder.png",
    ]
    assert lines[1] == "pixelferry: gone.png: No such file or directory"
    assert lines[2].endswith("the file does not start with the PNG signature (at byte 0)")
    assert lines[3] == "pixelferry: folder.png: is a directory, not a file"
    assert (tmp_path / "good.bmp").read_bytes() == bmp
    assert [name for name in names(tmp_path) if not name.endswith(".png")] == ["good.bmp"]


def test_failed_write_is_told_and_leaves_nothing(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "photo.png").write_bytes(png)
    limited = ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", *COMMAND]  # 100 blocks a file
    done = run("convert", "photo.png", cwd=tmp_path, command=limited)
    assert done.returncode == 1
    assert done.stderr == b"pixelferry: photo.png: photo.bmp: File too large\n"
    assert names(tmp_path) == ["photo.png"]


def test_full_device_is_told(photo: Path) -> None:
    done = run("convert", str(photo), "-o", "/dev/full")
    assert done.returncode == 1
    assert done.stderr == f"pixelferry: {photo}: /dev/full: No space left on device\n".encode()


def test_limits_are_settings(png: bytes) -> None:
    done = run("convert", "-", "--max-pixels", "1000", stdin=png)
    assert done.returncode == 1
    assert done.stderr.endswith(b"(240000, allowed are 1000)\n")
    assert run("convert", "-", stdin=png, env={"PIXELFERRY_MAX_PIXELS": "1"}).returncode == 1


@pytest.mark.parametrize("engine", ["direct", "lodepng"])
def test_both_engines_make_the_same_file(
    tmp_path: Path, png: bytes, bmp: bytes, engine: str
) -> None:
    (tmp_path / "photo.png").write_bytes(png)
    done = run("convert", "--engine", engine, "photo.png", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "photo.bmp").read_bytes() == bmp


def test_lodepng_keeps_limits_and_says_what_it_refuses(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "bad.png").write_bytes(png[:-12])
    (tmp_path / "good.png").write_bytes(png)
    done = run("convert", "--engine", "lodepng", "bad.png", "good.png", cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("pixelferry: bad.png: lodepng refuses the file: ")
    assert "at byte" not in line  # lodepng does not tell
    assert names(tmp_path) == ["bad.png", "good.bmp", "good.png"]
    done = run("convert", "--engine", "lodepng", "-", "--max-pixels", "1000", stdin=png)
    assert done.stderr.endswith(b"(240000, allowed are 1000)\n")


def test_engine_that_was_not_built_ends_before_anything_is_done(
    tmp_path: Path, photo: Path
) -> None:
    program = (
        "import sys; sys.modules['pixelferry._lodepng'] = None\n"
        "from pixelferry.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    arguments = ("convert", "--engine", "lodepng", str(photo), "-o", "x.bmp")
    done = run(*arguments, cwd=tmp_path, command=[sys.executable, "-c", program])
    assert done.returncode == 1
    assert b"liblodepng-dev" in done.stderr
    assert b"Traceback" not in done.stderr
    assert names(tmp_path) == []


def test_help_names_the_engines() -> None:
    shown = run("convert", "--help").stdout
    assert b"--engine [direct|lodepng]" in shown
    assert b"[default: direct]" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a.png", "a.PNG"], "a.png and a.PNG would both become a.bmp."),
        (["a.png", "./a.png"], "a.png and ./a.png would both become ./a.bmp."),
        (["x/a.png", "y/a.png", "--out-dir", "."], "x/a.png and y/a.png would both become"),
        (["-", "-"], "would both become -."),
        (["a.png", "b.png", "-o", "c.bmp"], "--output takes one input"),
        (["a.png", "-o", "c.bmp", "--out-dir", "."], "exclude each other"),
        (["-", "--out-dir", "."], "standard input has none"),
        (["a.png", "--out-dir", "nowhere"], "nowhere"),
        (["a.png", "--engine", "libpng"], "direct"),
        ([], "IN..."),
    ],
)
def test_wrong_usage_ends_before_anything_is_done(
    tmp_path: Path, png: bytes, arguments: list[str], says: str
) -> None:
    (tmp_path / "a.png").write_bytes(png)
    done = run("convert", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr.decode()
    assert names(tmp_path) == ["a.png"]


def test_closed_pipe_fails_without_a_traceback(tmp_path: Path, photo: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [*COMMAND, "convert", str(photo), "-o", "-"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=QUIET,
    ) as process:
        os.close(writer)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr == f"pixelferry: {photo}: -: Broken pipe\n".encode()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_interruption_leaves_no_half_file(tmp_path: Path, number: int, code: int) -> None:
    fifo = tmp_path / "in"
    os.mkfifo(fifo)
    with (
        subprocess.Popen(
            [*COMMAND, "rotate", "in", "-o", "out"], cwd=tmp_path, stderr=subprocess.PIPE, env=QUIET
        ) as process,
        fifo.open("wb", buffering=0) as source,
    ):
        source.write(bytes(1_000_000))  # more than a pipe holds: it is being read and written
        assert len(names(tmp_path)) == 2
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Traceback" not in stderr
    assert names(tmp_path) == ["in"]


def test_interrupted_conversion_ends_with_130(tmp_path: Path, png: bytes) -> None:
    fifo = tmp_path / "in"
    os.mkfifo(fifo)
    with (
        subprocess.Popen(
            [*COMMAND, "convert", "in"], cwd=tmp_path, stderr=subprocess.PIPE, env=QUIET
        ) as process,
        fifo.open("wb", buffering=0) as source,
    ):
        source.write(png[: len(png) - 100])
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert names(tmp_path) == ["in"]


def test_bmp_is_not_written_to_a_terminal(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "a.png").write_bytes(png)
    done, shown = run_on_terminal("convert", "a.png", "-o", "-", cwd=tmp_path, stream="stdout")
    assert (done.returncode, shown) == (2, b"")
    assert b"not for a terminal" in done.stderr


def test_progress_of_several_files_is_shown_on_a_terminal(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "a.png").write_bytes(png)
    (tmp_path / "b.png").write_bytes(png)
    done, shown = run_on_terminal(
        "convert", "a.png", "gone.png", "b.png", cwd=tmp_path, stream="stderr"
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"converting" in shown
    assert b"pixelferry: gone.png: No such file or directory" in shown
    assert (tmp_path / "b.bmp").exists()


def test_one_file_needs_no_progress_bar(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "a.png").write_bytes(png)
    done, shown = run_on_terminal("convert", "a.png", cwd=tmp_path, stream="stderr")
    assert (done.returncode, shown) == (0, b"")
