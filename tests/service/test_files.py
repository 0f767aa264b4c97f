"""A target is whole or not there, whatever fails, and nobody's file is overwritten unasked.

Sources are read whole, however they come: files, pipes, files of /proc that say they are empty.
"""

import errno
import os
import threading
from pathlib import Path

import pytest

from command_line import names
from pixelferry import InvalidPng, LimitExceeded, Limits
from pixelferry.files import (
    bmp_name,
    open_target,
    place_of,
    read_head,
    read_png,
    refuse_existing,
    write_all,
)

HEADER = 33


def put(target: Path, content: bytes, *, force: bool = False) -> None:
    with open_target(str(target), force=force) as fd:
        write_all(fd, memoryview(content))


def test_file_is_read_whole(photo: Path) -> None:
    assert read_png(str(photo), Limits()) == photo.read_bytes()


@pytest.mark.parametrize("size", [34, 65_535, 65_536, 65_537, 131_073, 1_000_000])
def test_pipe_is_read_whole(tmp_path: Path, photo: Path, size: int) -> None:
    content = photo.read_bytes()[:HEADER] + os.urandom(size - HEADER)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(content,))
    writer.start()
    assert read_png(str(fifo), Limits()) == content
    writer.join()


def test_standard_input_is_read_from_where_it_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, photo: Path
) -> None:
    content = photo.read_bytes()
    (tmp_path / "file").write_bytes(b"skipped" + content)
    with (tmp_path / "file").open("rb") as file:
        os.lseek(file.fileno(), len(b"skipped"), os.SEEK_SET)
        monkeypatch.setattr("pixelferry.files._STDIN", file.fileno())
        assert read_png("-", Limits()) == content


def test_what_is_no_png_is_refused_before_it_is_read(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    keep_open = os.open(fifo, os.O_RDWR)  # the end never comes
    os.write(keep_open, b"x" * HEADER)
    with pytest.raises(InvalidPng):
        read_png(str(fifo), Limits())
    os.close(keep_open)


def test_picture_beyond_the_limits_is_refused_before_it_is_read(
    tmp_path: Path, photo: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    keep_open = os.open(fifo, os.O_RDWR)
    os.write(keep_open, photo.read_bytes()[:HEADER])
    with pytest.raises(LimitExceeded):
        read_png(str(fifo), Limits(max_pixels=1))
    os.close(keep_open)


def test_no_memory_is_taken_for_what_is_no_png(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(2**42)  # more than there is memory, and no byte on the disk
    with pytest.raises(InvalidPng):
        read_png(str(path), Limits())


def test_file_that_says_it_is_empty_is_read() -> None:
    assert read_head("/proc/self/cmdline") == Path("/proc/self/cmdline").read_bytes()[:HEADER]


@pytest.mark.parametrize("size", [0, 1, HEADER - 1])
def test_short_file_is_no_png(tmp_path: Path, photo: Path, size: int) -> None:
    (tmp_path / "short.png").write_bytes(photo.read_bytes()[:size])
    with pytest.raises(InvalidPng):
        read_png(str(tmp_path / "short.png"), Limits())


def test_folder_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        read_head(str(tmp_path))
    assert caught.value.filename == str(tmp_path)


def test_target_appears_whole_and_alone(tmp_path: Path) -> None:
    target = tmp_path / "a.bmp"
    with open_target(str(target), force=False) as fd:
        write_all(fd, memoryview(b"content"))
        assert not target.exists()
    assert target.read_bytes() == b"content"
    assert names(tmp_path) == ["a.bmp"]


def test_target_has_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        put(tmp_path / "a.bmp", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a.bmp").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "fault", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), SystemExit()]
)
def test_failure_leaves_nothing(tmp_path: Path, fault: BaseException, force: bool) -> None:
    with pytest.raises(type(fault)), open_target(str(tmp_path / "a.bmp"), force=force) as fd:
        write_all(fd, memoryview(b"half"))
        raise fault
    assert names(tmp_path) == []


def test_failure_leaves_the_older_file(tmp_path: Path) -> None:
    target = tmp_path / "a.bmp"
    target.write_bytes(b"older")
    with pytest.raises(KeyboardInterrupt), open_target(str(target), force=True):
        raise KeyboardInterrupt
    assert target.read_bytes() == b"older"


def test_error_while_writing_names_the_target(tmp_path: Path) -> None:
    target = str(tmp_path / "a.bmp")
    with pytest.raises(OSError, match="full") as caught, open_target(target, force=False):
        raise OSError(errno.ENOSPC, "full")
    assert caught.value.filename == target


def test_missing_folder_is_told_by_the_name_of_the_target(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "a.bmp"
    with pytest.raises(FileNotFoundError) as caught:
        put(target, b"")
    assert caught.value.filename == str(target)


def test_existing_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    target = tmp_path / "a.bmp"
    target.write_bytes(b"older")
    with pytest.raises(FileExistsError):
        put(target, b"newer")
    assert target.read_bytes() == b"older"
    put(target, b"newer", force=True)
    assert target.read_bytes() == b"newer"
    assert names(tmp_path) == ["a.bmp"]


@pytest.mark.parametrize("hard_links", [True, False])
def test_file_that_appears_meanwhile_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hard_links: bool
) -> None:
    if not hard_links:
        monkeypatch.setattr(os, "link", refuse_links)
    target = tmp_path / "a.bmp"
    with (
        pytest.raises(FileExistsError) as caught,
        open_target(str(target), force=False) as fd,
    ):
        write_all(fd, memoryview(b"newer"))
        target.write_bytes(b"somebody else's")
    assert caught.value.filename == str(target)
    assert target.read_bytes() == b"somebody else's"
    assert names(tmp_path) == ["a.bmp"]


def refuse_links(*_: object) -> None:
    raise PermissionError(errno.EPERM, "no hard links here")


def test_file_system_without_hard_links_will_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "link", refuse_links)
    put(tmp_path / "a.bmp", b"content")
    assert (tmp_path / "a.bmp").read_bytes() == b"content"
    assert names(tmp_path) == ["a.bmp"]


def test_taken_name_is_given_back_if_the_rename_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "link", refuse_links)
    monkeypatch.setattr(os, "replace", refuse_links)
    with pytest.raises(PermissionError):
        put(tmp_path / "a.bmp", b"content")
    assert names(tmp_path) == []


def test_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a.bmp").write_bytes(b"older")
    (tmp_path / "link.bmp").symlink_to("far/a.bmp")
    put(tmp_path / "link.bmp", b"newer", force=True)
    assert (tmp_path / "link.bmp").is_symlink()
    assert (tmp_path / "far" / "a.bmp").read_bytes() == b"newer"


def test_broken_link_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "link.bmp").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        refuse_existing(str(tmp_path / "link.bmp"), force=False)


@pytest.mark.parametrize("force", [False, True])
def test_folder_is_no_target(tmp_path: Path, force: bool) -> None:
    with pytest.raises(IsADirectoryError):
        put(tmp_path, b"", force=force)


@pytest.mark.parametrize("force", [False, True])
def test_pipe_is_written_to_and_stays(tmp_path: Path, force: bool) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    put(fifo, b"content", force=force)
    assert os.read(reader, 100) == b"content"
    assert fifo.is_fifo()
    os.close(reader)


@pytest.mark.parametrize(
    ("source", "folder", "target"),
    [
        ("photo.png", None, "photo.bmp"),
        ("a/photo.PNG", None, "a/photo.bmp"),
        ("photo", None, "photo.bmp"),
        ("photo.v2", None, "photo.v2.bmp"),
        ("photo.jpg", None, "photo.jpg.bmp"),
        (".png", None, ".png.bmp"),
        ("a.b/photo", None, "a.b/photo.bmp"),
        ("a/photo.png", "out", "out/photo.bmp"),
        ("-", None, "-"),
    ],
)
def test_default_name(source: str, folder: str | None, target: str) -> None:
    assert bmp_name(source, folder) == target


def test_same_place_is_seen_through_links_and_dots(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    assert place_of(f"{tmp_path}/link/x.bmp") == place_of(f"{tmp_path}/a/../a/x.bmp")
    assert place_of("x.bmp") == place_of(str(Path.cwd() / "x.bmp"))
    assert place_of("-") != place_of("./-")
