"""Files for the command line: one read into one buffer, and never half a file under its name.

"-" is standard input or output. Every OSError that leaves here names the file it is about.
"""

# pathlib takes 3 ms to import, a twentieth of what a small file takes from start to end.
# ruff: noqa: PTH105, PTH108, PTH112, PTH116, PTH118, PTH119, PTH120, PTH122

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST, EISDIR

from pixelferry import _native
from pixelferry.description import HEADER_BYTES
from pixelferry.ledger import Ledger

_STDIN, _STDOUT = 0, 1
_FIRST_PIPE_BUFFER = 64 * 1024  # what a pipe holds; the buffer grows by doubling


def read_png(source: str, limits: _native.Limits, ledger: Ledger | None = None) -> memoryview:
    """The whole file, in a buffer of its own, read without a copy in user space.

    Only of what has no size, as a pipe, the header is copied, and all that has come whenever the
    buffer grows; `ledger` is told. What is no PNG, or beyond `limits`, raises PixelferryError
    before there is a buffer for it.
    """
    ledger = ledger if ledger is not None else Ledger()
    with open_source(source) as fd:
        ahead = _bytes_ahead(fd)
        head = memoryview(bytearray(HEADER_BYTES))
        filled = fill(fd, head)
        limits.check(_native.inspect(head[:filled]))
        # One byte more than the file has: a read that comes back short has seen the end.
        view = memoryview(_native.request_buffer(ahead + 1 or _FIRST_PIPE_BUFFER))
        if ahead >= 0:  # it can be read again
            os.lseek(fd, -filled, os.SEEK_CUR)
            filled = 0
        else:
            _take_over(view, head[:filled], ledger)
        while True:
            filled += fill(fd, view[filled:])
            if filled < len(view):
                return view[:filled]
            larger = memoryview(_native.request_buffer(2 * len(view)))
            _take_over(larger, view, ledger)
            view = larger


def _take_over(larger: memoryview, there: memoryview, ledger: Ledger) -> None:
    larger[: len(there)] = there
    ledger.add("ingest", len(there))


def read_head(source: str) -> bytes:
    """The first 33 bytes, or as many as there are."""
    head = bytearray(HEADER_BYTES)
    with open_source(source) as fd:
        return bytes(head[: fill(fd, memoryview(head))])


@contextmanager
def open_source(source: str) -> Iterator[int]:
    """The descriptor of a file to read."""
    with named(source):
        if source == "-":
            yield _STDIN
            return
        fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                raise OSError(EISDIR, "is a directory, not a file", source)
            yield fd
        finally:
            os.close(fd)


@contextmanager
def open_target(target: str, *, force: bool) -> Iterator[int]:
    """The descriptor of a new file, which appears under its name when the block ends well.

    An existing file is replaced with `force` only, and stays whole until then; without, a file that
    appears meanwhile is not overwritten either. Devices and pipes are written to as they are.
    """
    with named(target):
        if target == "-":
            yield _STDOUT
        elif _is_special(target):
            fd = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
            try:
                yield fd
            finally:
                os.close(fd)
        else:
            refuse_existing(target, force=force)
            with _temporary_beside(target, force=force) as fd:
                yield fd


@contextmanager
def named(file: str) -> Iterator[None]:
    """Make an OSError of this block name `file`, where it names none or a temporary one.

    Where blocks are nested, the innermost gives the name.
    """
    try:
        yield
    except OSError as error:
        name = error.filename
        if name is None or str(name).endswith(".part"):
            raise OSError(error.errno, error.strerror, file) from error
        raise


def refuse_existing(target: str, *, force: bool) -> None:
    """Raise OSError if `target` cannot become a new file: to be asked before any work is done."""
    if target == "-":
        return
    if os.path.isdir(target):
        raise OSError(EISDIR, "is a directory", target)
    if not force and os.path.lexists(target) and not _is_special(target):
        raise _exists(target)


def bmp_name(source: str, folder: str | None) -> str:
    """Where the BMP of `source` goes by default: photo.png becomes photo.bmp, photo photo.bmp."""
    if source == "-":
        return "-"
    stem, suffix = os.path.splitext(source)
    name = (stem if suffix.lower() == ".png" else source) + ".bmp"
    return name if folder is None else os.path.join(folder, os.path.basename(name))


def place_of(target: str) -> str:
    """The same text for the same place, however it is written."""
    folder, name = os.path.split(target)
    return target if target == "-" else os.path.join(os.path.realpath(folder), name)


def fill(fd: int, into: memoryview) -> int:
    """Read until `into` is full or the file ends; the number of bytes read."""
    filled = 0
    while filled < len(into) and (count := os.readv(fd, [into[filled:]])):
        filled += count
    return filled


def write_all(fd: int, content: memoryview) -> None:
    """Write every byte of `content`, straight from its memory."""
    while content:
        content = content[os.write(fd, content) :]


@contextmanager
def _temporary_beside(target: str, *, force: bool) -> Iterator[int]:
    if force:  # what a link leads to is replaced, not the link
        target = os.path.realpath(target)
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".pixelferry-{os.urandom(8).hex()}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        fd = os.open(temporary, flags, 0o666)  # as the umask allows
        try:
            yield fd
        finally:
            os.close(fd)
        if force:
            os.replace(temporary, target)
        else:
            _rename_to_new(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _rename_to_new(temporary: str, target: str) -> None:
    try:
        os.link(temporary, target)  # fails if the name is taken, unlike a rename
    except FileExistsError:
        raise _exists(target) from None
    except OSError:  # a file system without hard links: take the name first
        try:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        except FileExistsError:
            raise _exists(target) from None
        try:
            os.replace(temporary, target)
        except BaseException:
            os.unlink(target)
            raise


def _bytes_ahead(fd: int) -> int:
    """Bytes from the current position to the end of a regular file; -1 if that is not known."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        return -1
    ahead = status.st_size - os.lseek(fd, 0, os.SEEK_CUR)
    return ahead if ahead > 0 else -1  # files of /proc say 0 and are not empty


def _is_special(target: str) -> bool:
    """Whether it is there and neither a file nor a directory."""
    try:
        mode = os.stat(target).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _exists(target: str) -> FileExistsError:
    return FileExistsError(EEXIST, "exists already; --force overwrites it", target)
