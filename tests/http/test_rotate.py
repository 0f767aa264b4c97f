"""/rotate adds a number to every byte; the number may be any, the body may be anything."""

import pytest

from pixelferry.server import RunningServer
from wire import connect, form, request

pytestmark = pytest.mark.usefixtures("way")

ALL_BYTES = bytes(range(256))


def turned(data: bytes, by: int) -> bytes:
    return bytes((byte + by) % 256 for byte in data)


async def test_abc_becomes_nop(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        for target in ("/rotate", "/rotate?by=13"):
            answer = await wire.ask(request(target, b"ABC"))
            assert (answer.status, answer.body) == (200, b"NOP")
            assert answer.headers["content-type"] == "application/octet-stream"


async def test_every_value_of_by(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        for by in range(256):
            answer = await wire.ask(request(f"/rotate?by={by}", ALL_BYTES))
            assert answer.body == turned(ALL_BYTES, by)
            back = await wire.ask(request(f"/rotate?by={-by}", answer.body))
            assert back.body == ALL_BYTES


@pytest.mark.parametrize(
    ("by", "same_as"),
    [
        ("-1", 255),
        ("%2B5", 5),
        ("+5", 5),  # a plus sign in a query reads as a space
        ("256", 0),
        ("-257", 255),
        ("007", 7),
        ("1" + "0" * 999, 0),
        ("-" + "9" * 1000, -(10**1000 - 1) % 256),
    ],
)
async def test_by_is_any_whole_number(server: RunningServer, by: str, same_as: int) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(f"/rotate?by={by}", ALL_BYTES))
    assert answer.body == turned(ALL_BYTES, same_as)


@pytest.mark.parametrize(
    "by", ["", "x", "1.5", "1e3", "0x10", "--1", "1 2", "%D9%A1", "1_0", "NaN", "9" * 1001]
)
async def test_by_is_nothing_else(server: RunningServer, by: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(f"/rotate?by={by.replace(' ', '%20')}", b"ABC"))
    assert (answer.status, answer.code) == (400, "bad_parameter")
    assert "a whole number of up to 1000 digits" in answer.problem["detail"]


@pytest.mark.parametrize("query", ["", "?by=13", "?mode=split", "?mode=in-place&by=-1"])
async def test_an_empty_body_stays_empty(server: RunningServer, query: str) -> None:
    async with connect(server.port) as wire:
        for body in (b"", None):
            answer = await wire.ask(request("/rotate" + query, body))
            assert (answer.status, answer.body) == (200, b"")
            assert answer.headers["content-length"] == "0"


async def test_split_answers_the_inverse(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate?by=13&mode=split", b"ABC"))
        assert (answer.status, answer.body) == (200, b"456")
        for by in (0, 1, 128, 255):
            answer = await wire.ask(request(f"/rotate?by={by}&mode=split", ALL_BYTES))
            assert answer.body == turned(ALL_BYTES, -by)


async def test_mode_is_one_of_two(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate?mode=copy", b"ABC"))
    assert (answer.status, answer.code) == (400, "bad_parameter")
    assert "one of in-place, split" in answer.problem["detail"]


@pytest.mark.parametrize("name", ["angle", "rotate"])
async def test_pictures_are_not_turned(server: RunningServer, name: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(f"/rotate?{name}=90", b"ABC"))
    assert (answer.status, answer.code) == (400, "unknown_parameter")
    assert "turns bytes, not pictures" in answer.problem["detail"]


async def test_inline_and_worker_give_the_same(server: RunningServer) -> None:
    small, large = ALL_BYTES, ALL_BYTES * 4096
    async with connect(server.port) as wire:
        for body in (small, large):
            for query, by in (("by=7", 7), ("by=7&mode=split", -7)):
                answer = await wire.ask(request("/rotate?" + query, body))
                assert answer.body == turned(ALL_BYTES, by) * (len(body) // 256)
                in_worker = "queue;dur=0.000" not in answer.headers["server-timing"]
                assert in_worker == (body is large)


async def test_the_file_of_a_form_is_turned(server: RunningServer) -> None:
    headers, body = form(('form-data; name="f"; filename="x"', b"ABC"))
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", body, headers=headers))
    assert answer.body == b"NOP"


@pytest.mark.parametrize("mode", ["in-place", "split"])
async def test_nothing_is_copied_but_on_the_way_in(server: RunningServer, mode: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(f"/rotate?mode={mode}", ALL_BYTES))
    assert answer.headers["x-pixelferry-copies"] == (
        "stack=2;bytes=512, ingest=1;bytes=256, convert=0, egress=0"
    )
