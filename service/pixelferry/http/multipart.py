"""Finds the one file of a multipart/form-data body, in place.

Nothing is copied: the file is a range of the buffer the body arrives in. Every byte is searched
once, as it comes. Sources: RFC 2046 5.1.1, RFC 7578.
"""

import re
from typing import Final, TypeAlias

from pixelferry.http.header_values import filename_of, parse_parameters
from pixelferry.http.problems import Refusal

MAX_HEAD: Final = 16 * 1024  # bytes until the file begins: preamble, boundary, part headers
MAX_BEFORE: Final = MAX_HEAD + 4 + 74  # bytes around some of the file until they are `certain`

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_BLANK = b" \t"
_PLAIN_ENCODINGS = {"7bit", "8bit", "binary"}

Received: TypeAlias = bytes | bytearray


def is_multipart(content_type: str) -> bool:
    """Tell whether a body of this Content-Type has parts."""
    return content_type[:10].lower() == "multipart/"


class FilePart:
    """The file in a form that is still arriving.

    `start` is where it begins and `end` where it ends in the body; None until that is known.
    """

    def __init__(self, content_type: str) -> None:
        """Take the boundary from `content_type`; raises Refusal."""
        self.start: int | None = None
        self.end: int | None = None
        self.filename: str | None = None
        self._delimiter = b"\r\n--" + _boundary(content_type)
        self._boundary_end = 0  # of the first; 0 until that is known
        self._line_end = 0  # of the line that this is in
        self._searched = 0  # what is sought now does not begin before this
        self._closed = False

    def feed(self, data: Received, received: int) -> None:
        """Look at what has come since the last call; data[:received] is there now.

        `data` may be another object each time, its bytes must be the same. Raises Refusal.
        """
        if self.start is None:
            self._find_start(data, received)
        if self.start is not None and self.end is None:
            self._find_end(data, received)
        if self.end is not None and not self._closed:
            self._check_closing(data, self.end + len(self._delimiter), received)

    def certain(self, received: int) -> int:
        """Return how many bytes of the file are surely there."""
        if self.start is None:
            return 0
        end = received - len(self._delimiter) + 1 if self.end is None else self.end
        return max(0, end - self.start)

    def require_end(self) -> int:
        """Return where the file ends; raises Refusal if that has not come."""
        if self.start is None:
            raise _malformed("the form ends before a file begins")
        if self.end is None:
            raise _malformed("the form ends without its closing boundary")
        return self.end

    def finish(self) -> tuple[int, int]:
        """Return (start, end) of the file; call it when the body is complete. Raises Refusal."""
        end = self.require_end()
        if self.start is None or not self._closed:
            raise _malformed("the form ends without its closing boundary")
        return self.start, end

    def _find_start(self, data: Received, received: int) -> None:
        if not self._boundary_end:
            self._find_boundary(data, received)
        if self._boundary_end and not self._line_end:
            self._find_line_end(data, received)
        if self._line_end:
            head_end = self._find(b"\r\n\r\n", data, received)
            if head_end != -1 and head_end <= MAX_HEAD:
                self.filename = _filename(bytes(data[self._line_end + 2 : head_end]))
                self.start = self._searched = head_end + 4
                return
        if received > MAX_HEAD:
            raise _malformed(f"no file begins within {MAX_HEAD} bytes")

    def _find_boundary(self, data: Received, received: int) -> None:
        if data.startswith(self._delimiter[2:], 0, received):
            self._boundary_end = self._searched = len(self._delimiter) - 2
            return
        at = self._find(self._delimiter, data, received)  # after a preamble, which is ignored
        if at != -1:
            self._boundary_end = self._searched = at + len(self._delimiter)

    def _find_line_end(self, data: Received, received: int) -> None:
        at = self._find(b"\r\n", data, received)
        if at != -1:
            if data[self._boundary_end : at].strip(_BLANK):
                raise _malformed("no part follows the first boundary")
            self._line_end = self._searched = at

    def _find_end(self, data: Received, received: int) -> None:
        at = self._find(self._delimiter, data, received)
        if at != -1:
            self.end = at

    def _find(self, wanted: bytes, data: Received, received: int) -> int:
        """Return where `wanted` begins, or -1; then it is not sought there again."""
        at = data.find(wanted, self._searched, received)
        if at == -1:
            self._searched = max(self._searched, received - len(wanted) + 1)
        return at

    def _check_closing(self, data: Received, at: int, received: int) -> None:
        tail = bytes(data[at : min(at + 2, received)])
        if len(tail) < 2:
            return
        if tail != b"--":
            more = tail == b"\r\n" or tail[:1] in (b" ", b"\t")
            raise _malformed(
                "the form has more than one part" if more else "the boundary is part of the file"
            )
        self._closed = True


def _boundary(content_type: str) -> bytes:
    try:
        media_type, parameters = parse_parameters(content_type)
    except ValueError:
        raise _malformed("the Content-Type cannot be read") from None
    if media_type != "multipart/form-data":
        raise Refusal(
            "unsupported_multipart",
            f"{media_type[:64]} is not accepted: send multipart/form-data or the bytes alone",
        )
    boundary = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise _malformed("the Content-Type has no valid boundary (1 to 70 characters)")
    return boundary.encode("ascii")


def _filename(head: bytes) -> str:
    """Return the file name from the headers of a part, which may be empty but must be there."""
    fields: dict[str, str] = {}
    for line in filter(None, head.decode("utf-8", "replace").split("\r\n")):
        name, colon, value = line.partition(":")
        if not colon:
            raise _malformed("a header of the part has no colon")
        fields[name.strip().lower()] = value.strip()
    try:
        kind, parameters = parse_parameters(fields.get("content-disposition", ""))
    except ValueError:
        raise _malformed("the Content-Disposition of the part cannot be read") from None
    if kind != "form-data":
        raise _malformed("the part has no Content-Disposition: form-data")
    filename = filename_of(parameters)
    if filename is None:
        raise _malformed("the part is a field: send the picture as a file, with a filename")
    encoding = fields.get("content-transfer-encoding", "binary").lower()
    if encoding not in _PLAIN_ENCODINGS:
        raise _malformed("the file is encoded: send it as it is")
    return filename.replace("%22", '"')  # how browsers write a quote


def _malformed(detail: str) -> Refusal:
    return Refusal("malformed_multipart", f"{detail}; exactly one file is expected")
