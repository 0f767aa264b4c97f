"""Where a chunked body may end, without reading the chunks (RFC 9112 7.1)."""

from collections.abc import Iterator
from typing import Final

BLANK_LINE: Final = b"\r\n\r\n"
MOST_CUTS: Final = 128  # of what was read at once; more would cost too much

_END: Final = b"0" + BLANK_LINE  # without trailers
_BEGUN: Final = tuple(_END[at:to] for to in (4, 3, 2, 1) for at in (0, 1) if at < to)


def cut_behind_chunked(before: bytes, data: bytes) -> Iterator[bytes]:
    """Cut `data` behind the first few places where a chunked body without trailers may end.

    `before` is what `end_begun` told of the bytes before it.
    """
    start = cut = 0
    missing = _END[len(before) :]
    if before[:1] == b"0" and data.startswith(missing):
        cut = len(missing)
    for _ in range(MOST_CUTS):
        if cut <= start:
            at = data.find(_END, start)
            cut = at + len(_END) if at != -1 else len(data)
        if cut >= len(data):
            break
        yield data[start:cut]
        start = cut
    yield data[start:] if start else data


def end_begun(before: bytes, data: bytes) -> bytes:
    """Return the beginning of a chunked body's end that may stand at the end of `data`.

    `before` is what it told of the bytes before. Copies nothing but framing.
    """
    if len(data) < len(BLANK_LINE) and not data.strip(_END):
        data = before + data
    return next((begun for begun in _BEGUN if data.endswith(begun)), b"")
