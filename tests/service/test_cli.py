"""The commands beside convert, and what holds for all: what is imported, and what wrong usage says.

A probe or a conversion that imports the server pays for it each time.
"""

import json
import os
import socket
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

import pixelferry
from command_line import COMMAND, names, run
from pixelferry.cli import commands
from pixelferry.settings import DECLARED, Settings, flag, variable

SLOW = {"aiohttp", "asyncio", "concurrent", "numpy", "prometheus_client", "rich", "uvloop"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["serve", "--help"],
        ["convert", "photo.png", "-o", "x.bmp"],
        ["rotate", "photo.png", "-o", "x"],
        ["inspect", "photo.png"],
        ["health", "--port", "1"],
        ["settings"],
    ],
)
def test_nothing_slow_is_imported(tmp_path: Path, photo: Path, arguments: list[str]) -> None:
    (tmp_path / "photo.png").write_bytes(photo.read_bytes())
    code = (
        "import sys; before = set(sys.modules); from pixelferry.cli import main\n"
        f"main({arguments}); print(*set(sys.modules) - before, sep='\\n', file=sys.stderr)"
    )
    done = run(cwd=tmp_path, command=[sys.executable, "-c", code])
    imported = {line.partition(".")[0] for line in done.stderr.decode().splitlines()}
    assert "pixelferry" in imported
    assert not imported & SLOW


def test_version() -> None:
    done = run("--version")
    assert done.stdout.decode() == f"pixelferry {pixelferry.__version__}\n"


@pytest.mark.parametrize("arguments", [["--wrong"], ["wrong"], ["serve", "--wrong", "1"], []])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert b"Usage: pixelferry" in done.stderr


@pytest.mark.parametrize(
    "command", [["serve"], ["convert", "x.png"], ["health"], ["settings"], ["settings", "--json"]]
)
def test_wrong_setting_ends_with_2(command: list[str]) -> None:
    done = run(*command, env={"PIXELFERRY_MAX_BODDY": "1", "PIXELFERRY_PORT": "http"})
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "pixelferry: PIXELFERRY_MAX_BODDY is not a setting; did you mean PIXELFERRY_MAX_BODY?",
        "pixelferry: PIXELFERRY_PORT=http: expected a whole number from 0 to 65535",
    ]
    assert done.stdout == b""


# --- serve, settings -------------------------------------------------------------------------


def test_serve_has_a_flag_for_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Settings] = []

    def serve(settings: Settings) -> int:
        served.append(settings)
        return 7

    supervisor = types.ModuleType("pixelferry.supervisor")
    supervisor.serve = serve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pixelferry.supervisor", supervisor)
    monkeypatch.setattr(pixelferry, "supervisor", supervisor, raising=False)
    monkeypatch.setenv("PORT", "1")
    flags = {"port": "81", "max_body": "1MiB", "grace": "1500ms", "log_level": "debug"}
    typed = [word for name in DECLARED for word in (flag(name), flags.get(name, default(name)))]
    result = CliRunner().invoke(commands, ["serve", *typed], standalone_mode=False)
    assert (result.exception, result.return_value) == (None, 7)
    assert served == [Settings(port=81, max_body=2**20, grace=1.5, log_level="debug")]


def default(name: str) -> str:
    return DECLARED[name].show(getattr(Settings(), name))


def test_settings_are_shown_with_their_source() -> None:
    done = run("settings", "--grace", "1s", env={"PIXELFERRY_MAX_BODY": "1024KiB", "PORT": "81"})
    lines = dict(line.split("=", 1) for line in done.stdout.decode().splitlines())
    assert list(lines) == [variable(name) for name in DECLARED]
    assert lines["PIXELFERRY_GRACE"].startswith("1s  # --grace; ")
    assert lines["PIXELFERRY_MAX_BODY"].startswith("1MiB  # PIXELFERRY_MAX_BODY; ")
    assert lines["PIXELFERRY_PORT"].startswith("81  # PORT; ")
    assert lines["PIXELFERRY_HOST"].startswith("127.0.0.1  # default; ")


def test_settings_as_json() -> None:
    shown = json.loads(run("settings", "--json", env={"PORT": "81"}).stdout)
    assert shown["PIXELFERRY_PORT"] == {
        "value": 81,
        "source": "PORT",
        "help": DECLARED["port"].about,
    }


# --- rotate ----------------------------------------------------------------------------------

EVERY_BYTE = bytes(range(256)) * 5000  # more than one step


def test_rotate_adds_13_to_standard_input() -> None:
    done = run("rotate", stdin=b"ABC")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"NOP", b"")


@pytest.mark.parametrize("by", [0, 1, 255, 256, -1, 2**70 + 3])
def test_rotate_by_any_number(by: int) -> None:
    turned = bytes((byte + by) % 256 for byte in range(256))
    done = run("rotate", "--by", str(by), stdin=EVERY_BYTE)
    assert (done.returncode, done.stdout) == (0, turned * 5000)


def test_rotate_split_writes_both(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(EVERY_BYTE)
    done = run("rotate", "in", "--by", "3", "-o", "plus", "--split", "minus", cwd=tmp_path)
    assert done.returncode == 0
    plus, minus = (tmp_path / "plus").read_bytes(), (tmp_path / "minus").read_bytes()
    assert plus == bytes((byte + 3) % 256 for byte in range(256)) * 5000
    assert minus == bytes((byte - 3) % 256 for byte in range(256)) * 5000


def test_rotate_overwrites_only_by_force(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"ABC")
    done = run("rotate", "in", "-o", "in", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "in").read_bytes()) == (1, b"ABC")
    assert done.stderr == b"pixelferry: in: exists already; --force overwrites it\n"
    assert run("rotate", "in", "-o", "in", "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "in").read_bytes() == b"NOP"


def test_rotate_needs_two_files_to_split() -> None:
    assert run("rotate", "--split", "-", stdin=b"ABC").returncode == 2


@pytest.mark.parametrize("other", ["x", "./x", "gone/../x"])
def test_rotate_split_never_writes_one_file_twice(tmp_path: Path, other: str) -> None:
    arguments = ["rotate", "-o", "x", "--split", other, "--force"]
    assert run(*arguments, cwd=tmp_path, stdin=b"ABC").returncode == 2
    assert names(tmp_path) == []


def test_rotate_split_names_the_file_that_failed(tmp_path: Path) -> None:
    done = run("rotate", "-o", "/dev/full", "--split", "x", cwd=tmp_path, stdin=b"ABC")
    assert (done.returncode, names(tmp_path)) == (1, [])
    assert done.stderr == b"pixelferry: -: /dev/full: No space left on device\n"


def test_rotate_of_a_missing_file_fails(tmp_path: Path) -> None:
    done = run("rotate", "gone", "-o", "out", cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])
    assert done.stderr == b"pixelferry: gone: No such file or directory\n"


# --- standard streams ------------------------------------------------------------------------


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["inspect", "-"], ["settings"]])
def test_full_standard_output_is_told(photo: Path, arguments: list[str], unbuffered: str) -> None:
    command = ["sh", "-c", 'exec "$0" "$@" >/dev/full', *COMMAND, *arguments]
    done = run(stdin=photo.read_bytes(), command=command, env={"PYTHONUNBUFFERED": unbuffered})
    assert done.returncode == 1
    assert done.stderr == b"Error: standard output: No space left on device\n"


def test_closed_standard_error_leaves_standard_output_alone() -> None:
    done = run(command=["sh", "-c", 'exec "$0" "$@" 2>&-', *COMMAND, "convert", "gone.png"])
    assert (done.returncode, done.stdout) == (1, b"")


def test_closed_standard_output_is_told(photo: Path) -> None:
    command = ["sh", "-c", 'exec "$0" "$@" >&-', *COMMAND, "convert", "-"]
    done = run(stdin=photo.read_bytes(), command=command)
    assert (done.returncode, done.stderr) == (1, b"pixelferry: -: Bad file descriptor\n")


# --- inspect ---------------------------------------------------------------------------------


def test_inspect_prints_a_line_for_each_file(photo: Path) -> None:
    done = run("inspect", str(photo), "-", "gone.png", stdin=photo.read_bytes()[:33])
    header = "600 x 400, 8-bit RGB; as BMP 720054 bytes"
    assert done.stdout.decode().splitlines() == [f"{photo}: {header}", f"-: {header}"]
    assert done.stderr == b"pixelferry: gone.png: No such file or directory\n"
    assert done.returncode == 1


def test_inspect_prints_names_that_are_no_text(tmp_path: Path, photo: Path) -> None:
    name = os.fsdecode(b"\xff.png")
    (tmp_path / name).write_bytes(photo.read_bytes())
    done = run("inspect", name, cwd=tmp_path, env={"PYTHONIOENCODING": "utf-8:strict"})
    assert done.stdout.decode() == "\ufffd.png: 600 x 400, 8-bit RGB; as BMP 720054 bytes\n"
    assert (done.returncode, done.stderr) == (0, b"")


def test_inspect_as_json(photo: Path) -> None:
    shown = json.loads(run("inspect", "--json", str(photo)).stdout)
    header = pixelferry.inspect(photo.read_bytes())
    assert shown == {
        "file": str(photo),
        "width": 600,
        "height": 400,
        "color_type": 2,
        "bit_depth": 8,
        "interlace": 0,
        "bmp_bytes": header.output_size,
        "working_set_bytes": header.working_set,
    }


# --- health ----------------------------------------------------------------------------------


@contextmanager
def answering(answer: bytes | None, host: str = "127.0.0.1") -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers one request, or (None) never; its port, and what it was asked."""
    asked: list[bytes] = []
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection:
                asked.append(connection.recv(4096))
                if answer is None:
                    connection.recv(1)  # until the probe gives up
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield str(listener.getsockname()[1]), asked
        thread.join()


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 0, ""),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", 1, "/livez answered 503"),
        (b"SSH-2.0-OpenSSH 200\r\n", 1, "/livez answered no HTTP"),
        (b"", 1, "/livez answered no HTTP"),
        (None, 1, "timed out"),
    ],
)
def test_health_is_what_the_service_answers(answer: bytes | None, code: int, says: str) -> None:
    with answering(answer) as (port, asked):
        done = run("health", "--port", port)
    assert done.returncode == code
    assert done.stderr.decode().removesuffix("\n").endswith(says)
    assert asked[0].startswith(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:")


def test_health_asks_whether_it_is_ready() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (port, asked):
        assert run("health", "--ready", "--port", port).returncode == 0
    assert asked[0].startswith(b"GET /readyz ")


def test_health_of_a_service_on_every_interface_is_asked_on_this_machine() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (port, _):
        given = {"PIXELFERRY_HOST": "0.0.0.0", "PIXELFERRY_PORT": port}
        assert run("health", env=given).returncode == 0


def test_health_of_nothing_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = run("health", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == f"pixelferry: 127.0.0.1 port {port}: Connection refused\n".encode()


def test_module_and_command_are_the_same() -> None:
    assert COMMAND[1:] == ["-m", "pixelferry"]
    assert run("--help").stdout.startswith(b"Usage: pixelferry [OPTIONS]")
