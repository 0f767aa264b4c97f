"""The file with the key: what is read from it, and that a wrong one ends the start in one line.

A service that starts without the key it was told of would answer everybody.
"""

import json
from pathlib import Path

import pytest

from command_line import run
from pixelferry.key_file import with_api_key
from pixelferry.settings import DECLARED, Settings, SettingsError

KEY = "correct-horse-battery-staple"
FORM = DECLARED["api_key"].kind.form


@pytest.mark.parametrize("content", [KEY, KEY + "\n", f"\r\n {KEY}\t\r\n\n"])
def test_the_key_stands_in_the_file_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content, newline="")
    given = Settings(api_key_file=str(path), port=1)
    assert with_api_key(given) == Settings(api_key=KEY, port=1)


def test_without_a_file_nothing_changes() -> None:
    for given in (Settings(), Settings(api_key=KEY)):
        assert with_api_key(given) == given


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b" \n", b"short", f"{KEY}\n{KEY}".encode(), f"key: {KEY}".encode()),
        *(b"\xef\xbb\xbf" + KEY.encode(), KEY.encode("utf-16"), bytes(100), b"x" * 5000),
    ],
)
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        with_api_key(Settings(api_key_file=str(path)))
    expected = f"PIXELFERRY_API_KEY_FILE={path}: expected a file that holds {FORM}"
    assert str(caught.value) == expected


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "none", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        with pytest.raises(SettingsError) as caught:
            with_api_key(Settings(api_key_file=str(path)))
        assert str(caught.value) == f"PIXELFERRY_API_KEY_FILE={path}: {reason}"


def test_only_one_of_both_may_be_given(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)
    with pytest.raises(SettingsError) as caught:
        with_api_key(Settings(api_key=KEY, api_key_file=str(path)))
    assert "PIXELFERRY_API_KEY and PIXELFERRY_API_KEY_FILE exclude each other" in str(caught.value)


@pytest.mark.parametrize("command", [["serve"], ["settings"], ["settings", "--json"]])
@pytest.mark.parametrize(
    "env",
    [
        {"PIXELFERRY_API_KEY_FILE": "none"},
        {"PIXELFERRY_API_KEY_FILE": "key", "PIXELFERRY_API_KEY": KEY},
        {"PIXELFERRY_API_KEY": KEY + "!"},
    ],
)
def test_the_start_ends_with_one_line(
    tmp_path: Path, command: list[str], env: dict[str, str]
) -> None:
    (tmp_path / "key").write_text(KEY)
    done = run(*command, env=env, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("pixelferry: PIXELFERRY_API_KEY")
    assert KEY not in line


def test_the_settings_are_shown_without_the_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    for env, key in (
        ({"PIXELFERRY_API_KEY": KEY}, "***"),
        ({"PIXELFERRY_API_KEY_FILE": "key"}, ""),
        ({}, ""),
    ):
        plain = run("settings", env=env, cwd=tmp_path).stdout.decode()
        listed = run("settings", "--json", env=env, cwd=tmp_path).stdout.decode()
        assert KEY not in plain + listed
        assert f"\nPIXELFERRY_API_KEY={key}  # " in plain
        assert json.loads(listed)["PIXELFERRY_API_KEY"]["value"] == key


def test_who_needs_no_key_reads_no_file(photo: Path) -> None:
    done = run("inspect", str(photo), env={"PIXELFERRY_API_KEY_FILE": "none"})
    assert done.returncode == 0
    done = run("health", "--port", "1", env={"PIXELFERRY_API_KEY_FILE": "none"})
    assert b"refused" in done.stderr
