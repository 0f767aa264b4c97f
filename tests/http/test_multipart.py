"""A form carries exactly one file, however it arrives; everything else is a 400 that says why."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelferry
from pixelferry.http.multipart import MAX_HEAD, FilePart
from pixelferry.http.problems import Refusal
from pixelferry.server import RunningServer
from wire import chunked, connect, form, request

pytestmark = pytest.mark.usefixtures("way")

FILE = 'form-data; name="file"; filename="photo.png"'
CONTENT_TYPE = "multipart/form-data; boundary=a-boundary"


def parsed(body: bytes, steps: list[int], content_type: str = CONTENT_TYPE) -> bytes:
    """The file in `body`, which arrives in pieces that end at `steps`."""
    part = FilePart(content_type)
    for received in [*sorted(steps), len(body)]:
        part.feed(bytearray(body[:received]) + b"\r\n--a-boundary--"[: received % 16], received)
        assert part.start is None or part.certain(received) <= received - part.start
    start, end = part.finish()
    return body[start:end]


NEARLY = [  # contents that look like the boundary but are not
    b"",
    b"\r\n",
    b"--a-boundary",
    b"x--a-boundary--\r\n",
    b"\n--a-boundary--",
    b"\r\n--a-boundar",
    b"\r\n--b-boundary--\r\n",
    b"\r\n-" * 40,
    b"\r\r\n\r\n--\r\n-",
    bytes(300),
]


@pytest.mark.parametrize("content", NEARLY)
def test_the_file_is_found_wherever_the_body_is_cut(content: bytes) -> None:
    _, body = form((FILE, content))
    for cut in range(len(body)):
        assert parsed(body, [cut]) == content
    assert parsed(body, list(range(len(body)))) == content


@given(content=st.binary(max_size=400), steps=st.lists(st.integers(0, 600), max_size=12))
def test_any_file_in_any_pieces(content: bytes, steps: list[int]) -> None:
    boundary = "never-in-content-3f9c"
    _, body = form((FILE, content), boundary=boundary)
    steps = [step for step in steps if step < len(body)]
    assert parsed(body, steps, f"multipart/form-data; boundary={boundary}") == content


class Searched(bytearray):
    """Counts the bytes in which something was sought."""

    total = 0

    def find(self, wanted: Any, start: Any = 0, end: Any = None) -> int:  # noqa: ANN401
        Searched.total += end - start
        return super().find(wanted, start, end)


@pytest.mark.parametrize(
    "begin", [b"", b"--a-boundary", b"--a-boundary\r\nX: "], ids=["preamble", "line", "head"]
)
def test_no_byte_is_searched_again_and_again(begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Searched, "total", 0)
    body = Searched(begin + b" " * MAX_HEAD)
    part = FilePart(CONTENT_TYPE)
    for received in range(MAX_HEAD):
        part.feed(body, received)
    assert 0 < Searched.total < 20 * MAX_HEAD


@given(st.binary(max_size=600))
def test_no_body_does_worse_than_a_refusal(body: bytes) -> None:
    part = FilePart(CONTENT_TYPE)
    try:
        part.feed(body, len(body))
        start, end = part.finish()
    except Refusal as refusal:
        assert refusal.problem.code == "malformed_multipart"
    else:
        assert 0 <= start <= end <= len(body)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=x", "x"),
        ('Multipart/Form-Data; charset=utf-8; BOUNDARY="a b\'()+_,-./:=?"', "a b'()+_,-./:=?"),
        ("multipart/form-data;boundary=" + "7" * 70, "7" * 70),
    ],
)
async def test_boundaries_of_every_kind(
    server: RunningServer, png: bytes, content_type: str, boundary: str
) -> None:
    _, body = form((FILE, png), boundary=boundary)
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=body, headers={"Content-Type": content_type}))
    assert answer.body == bytes(memoryview(pixelferry.convert(png)))


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "7" * 71,
        'multipart/form-data; boundary="ends with a space "',
        "multipart/form-data; boundary=[x]",
        "multipart/form-data; boundary=\xfc",
        "multipart/form-data; boundary",
    ],
)
async def test_boundaries_that_are_none(
    server: RunningServer, png: bytes, content_type: str
) -> None:
    _, body = form((FILE, png))
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=body, headers={"Content-Type": content_type}))
    assert (answer.status, answer.code) == (400, "malformed_multipart")


@pytest.mark.parametrize(
    "kind", ["multipart/mixed; boundary=x", "multipart/related", "MULTIPART/x"]
)
async def test_only_form_data_is_taken(server: RunningServer, png: bytes, kind: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=png, headers={"Content-Type": kind}))
    assert (answer.status, answer.code) == (415, "unsupported_multipart")


PNG = b"\x89PNG and so on"
FIELD = 'form-data; name="comment"'
MALFORMED = {
    "two files": form((FILE, PNG), (FILE, PNG))[1],
    "a field before the file": form((FIELD, b"hello"), (FILE, PNG))[1],
    "a field behind the file": form((FILE, PNG), (FIELD, b"hello"))[1],
    "only a field": form((FIELD, PNG))[1],
    "no part": b"--a-boundary--\r\n",
    "nothing": b"",
    "no form": PNG * 10,
    "another boundary": form((FILE, PNG), boundary="b-boundary")[1],
    "no closing boundary": form((FILE, PNG))[1].replace(b"--\r\n", b"\r\n"),
    "cut off": form((FILE, PNG))[1][:-4],
    "cut off in the file": form((FILE, PNG))[1][:100],
    "no headers": b"--a-boundary\r\n\r\n" + PNG + b"\r\n--a-boundary--\r\n",
    "a header without a colon": b"--a-boundary\r\nhello\r\n\r\nx\r\n--a-boundary--\r\n",
    "no form-data": form(('attachment; filename="x"', PNG))[1],
    "an unreadable disposition": form(('form-data; filename="x', PNG))[1],
    "an encoded file": form((FILE + "\r\nContent-Transfer-Encoding: base64", PNG))[1],
    "endless headers": form((FILE + "\r\nX: " + "x" * MAX_HEAD, PNG))[1],
    "an endless preamble": b"x" * MAX_HEAD + b"\r\n" + form((FILE, PNG))[1],
    "text behind the boundary": form((FILE, PNG))[1].replace(b"y--\r\n", b"yes--\r\n"),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_malformed_forms(server: RunningServer, body: bytes) -> None:
    headers = {"Content-Type": CONTENT_TYPE}
    for target in ("/rotate", "/convert"):
        for sent in (
            request(target, body, headers=headers),
            chunked(target, body, headers=headers),
        ):
            async with connect(server.port) as wire:
                answer = await wire.ask(sent)
            if target == "/rotate" or answer.status != 422:  # the PNG's header is looked at first
                assert (answer.status, answer.code) == (400, "malformed_multipart")
            assert answer.problem["detail"]


async def test_preamble_padding_and_epilogue_are_ignored(server: RunningServer) -> None:
    body = (
        b"for old mailers\r\n--a-boundary \t\r\nCONTENT-disposition:"
        b'  Form-Data ; FileName="" \r\n\r\nABC\r\n--a-boundary--\r\nand the end'
    )
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", body, headers={"Content-Type": CONTENT_TYPE}))
    assert answer.body == b"NOP"


@pytest.mark.parametrize("content", [b"", b"A", b"ABC" * 100_000])
async def test_the_file_is_passed_on_exactly(server: RunningServer, content: bytes) -> None:
    headers, body = form((FILE, content))
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate?by=0", body, headers=headers))
    assert (answer.status, answer.body) == (200, content)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('form-data; name=f; filename="plain.png"', '"plain.bmp"'),
        ("form-data; name=f; filename=token.png", '"token.bmp"'),
        ('form-data; filename="a\\"b.png"', "\"a_b.bmp\"; filename*=UTF-8''a%22b.bmp"),
        ('form-data; filename="a%22b.png"', "\"a_b.bmp\"; filename*=UTF-8''a%22b.bmp"),
        ('form-data; filename="C:\\dir\\x.png"', '"x.bmp"'),
        ('form-data; filename="ü.png"', "\"_.bmp\"; filename*=UTF-8''%C3%BC.bmp"),
        (
            "form-data; filename=\"no.png\"; filename*=UTF-8''%e2%82%ac.png",
            "\"_.bmp\"; filename*=UTF-8''%E2%82%AC.bmp",
        ),
        ("form-data; filename*=iso-8859-1'de'%fc.png", "\"_.bmp\"; filename*=UTF-8''%C3%BC.bmp"),
        ('form-data; filename="../../x.png"', '"x.bmp"'),
        ('form-data; filename=""', None),
    ],
)
async def test_the_name_of_the_file_comes_back(
    server: RunningServer, png: bytes, disposition: str, name: str | None
) -> None:
    headers, body = form((disposition, png))
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=body, headers=headers))
    assert answer.status == 200
    assert answer.headers.get("content-disposition") == (name and f"attachment; filename={name}")
