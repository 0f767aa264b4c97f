"""A PNG comes in by any road and the same BMP goes out: the one the Python API makes."""

import asyncio
import re
import socket

import aiohttp
import pytest

import pixelferry
from pixelferry.http.connections import LITTLE
from pixelferry.server import RunningServer
from png_writer import small_png
from wire import chunked, connect, form, request

pytestmark = pytest.mark.usefixtures("way")


async def test_the_photo_is_converted(client: aiohttp.ClientSession, photo_png: bytes) -> None:
    async with client.post("/convert", data=photo_png) as answer:
        assert answer.status == 200
        assert answer.content_type == "image/bmp"
        assert await answer.read() == bytes(memoryview(pixelferry.convert(photo_png)))


async def test_put_is_as_good_as_post(client: aiohttp.ClientSession, png: bytes) -> None:
    async with client.put("/convert", data=png) as answer:
        assert await answer.read() == bytes(memoryview(pixelferry.convert(png)))


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "image/png",
        "application/x-www-form-urlencoded",
        "text/html; charset=utf-8",
        "application/octet-stream",
        "nonsense",
        "multipartisan/form-data",
    ],
)
async def test_the_content_type_of_a_raw_body_does_not_matter(
    server: RunningServer, png: bytes, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=png, headers=headers))
    assert answer.status == 200
    assert answer.body == bytes(memoryview(pixelferry.convert(png)))


async def test_all_ways_give_the_same(server: RunningServer, photo_png: bytes) -> None:
    headers, body = form(('form-data; name="file"; filename="photo.png"', photo_png))
    async with connect(server.port) as wire:
        answers = [
            await wire.ask(sent)
            for sent in (
                request(body=photo_png),
                request(body=body, headers=headers),
                chunked(
                    "/convert",
                    *(photo_png[at : at + 7000] for at in range(0, len(photo_png), 7000)),
                ),
                chunked("/convert", body, headers=headers),
            )
        ]
    assert [answer.status for answer in answers] == [200] * 4
    assert {answer.body for answer in answers} == {bytes(memoryview(pixelferry.convert(photo_png)))}


async def test_the_answer_tells_what_it_cost(
    server: RunningServer, photo_png: bytes, way: str
) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=photo_png))
    told = answer.headers["x-pixelferry-copies"]
    copied = re.fullmatch(r"stack=2;bytes=(\d+), ingest=1;bytes=(\d+), convert=0, egress=0", told)
    assert copied
    assert int(copied[1]) == 2 * int(copied[2])
    assert int(copied[2]) <= LITTLE if way == "direct" else int(copied[2]) == len(photo_png)
    stages = dict(entry.split(";dur=") for entry in answer.headers["server-timing"].split(", "))
    assert list(stages) == ["read", "queue", "convert"]
    assert all(float(milliseconds) >= 0 for milliseconds in stages.values())
    assert float(stages["convert"]) > 0


async def test_so_does_a_refusal_of_what_was_read(server: RunningServer, photo_png: bytes) -> None:
    broken = photo_png[:-20] + bytes([photo_png[-20] ^ 1]) + photo_png[-19:]
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=broken))
        assert answer.code == "bad_crc"
        assert answer.headers["x-pixelferry-copies"].startswith("stack=2;bytes=")
        assert re.fullmatch(r"read;dur=.+, convert;dur=\d+\.\d+", answer.headers["server-timing"])
        refused_unread = await wire.ask(request(body=b"no PNG" * 9))
        assert not {"x-pixelferry-copies", "server-timing"} & refused_unread.headers.keys()


async def test_so_does_a_form_refused_at_its_end(server: RunningServer) -> None:
    headers, body = form(('form-data; name="a"; filename="b"', bytes(5000)))
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/rotate", body[:-6], headers=headers))
        assert answer.code == "malformed_multipart"
        assert re.search(r"ingest=1;bytes=\d+", answer.headers["x-pixelferry-copies"])


async def test_growing_buffers_are_counted(server: RunningServer) -> None:
    # Just below 1 MiB, then 2, then 4: what of whole pieces fits into 1 + 2 MiB is moved, and
    # perhaps a part of the next ones; all bytes come in once.
    piece = 16 * 1024
    size = 200 * piece
    pieces = [bytes(piece)] * 200
    async with connect(server.port) as wire:
        answer = await wire.ask(chunked("/rotate?by=0", *pieces))
    assert answer.body == bytes(size)
    copies = dict(
        entry.split("=", 1) for entry in answer.headers["x-pixelferry-copies"].split(", ")
    )
    assert copies["stack"] == f"2;bytes={2 * size}"
    passes, moved = copies["ingest"].split(";bytes=")
    assert passes == "3"
    assert 2 * piece >= (1 + 2) * 1024**2 + size - int(moved) > 0


@pytest.mark.parametrize("size", [1, 65_536, 1_048_575, 1_048_576, 1_048_577, 2_097_153])
async def test_no_byte_is_lost_where_buffers_grow(server: RunningServer, size: int) -> None:
    data = bytes(at * 31 & 0xFF for at in range(size))
    async with connect(server.port) as wire:
        answer = await wire.ask(chunked("/rotate?by=256", data[: size // 3], data[size // 3 :]))
    assert answer.body == data


@pytest.mark.parametrize(
    ("query", "disposition"),
    [
        ("", None),
        ("?filename=photo.png", 'attachment; filename="photo.bmp"'),
        ("?filename=PHOTO.PNG", 'attachment; filename="PHOTO.bmp"'),
        ("?filename=a%20b", 'attachment; filename="a b.bmp"'),
        (
            "?filename=%C3%BC.png",
            "attachment; filename=\"_.bmp\"; filename*=UTF-8''%C3%BC.bmp",
        ),
        ("?filename=..%2F..%2Fetc%2Fpasswd", 'attachment; filename="passwd.bmp"'),
        ("?filename=a%0D%0ASet-Cookie:%20x", 'attachment; filename="aSet-Cookie: x.bmp"'),
        ("?filename=..", None),
    ],
)
async def test_a_given_name_comes_back(
    server: RunningServer, png: bytes, query: str, disposition: str | None
) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/convert" + query, png))
    assert answer.status == 200
    assert answer.headers.get("content-disposition") == disposition


async def test_a_name_in_the_query_goes_before_the_one_in_the_form(
    server: RunningServer, png: bytes
) -> None:
    headers, body = form(('form-data; name="file"; filename="form.png"', png))
    async with connect(server.port) as wire:
        named = await wire.ask(request("/convert", body, headers=headers))
        renamed = await wire.ask(request("/convert?filename=query", body, headers=headers))
    assert named.headers["content-disposition"] == 'attachment; filename="form.bmp"'
    assert renamed.headers["content-disposition"] == 'attachment; filename="query.bmp"'


async def test_inline_and_worker_give_the_same(server: RunningServer) -> None:
    small, large = small_png(width=8, height=8), small_png(width=800, height=800)
    async with connect(server.port) as wire:
        for data in (small, large):
            answer = await wire.ask(request(body=data))
            assert answer.body == bytes(memoryview(pixelferry.convert(data)))
            in_worker = "queue;dur=0.000" not in answer.headers["server-timing"]
            assert in_worker == (data is large)


async def test_head_and_body_go_out_together(server: RunningServer, png: bytes) -> None:
    # One write is one segment here, and one segment arrives whole.
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.setblocking(False)
        await loop.sock_sendall(client, request(body=png))
        received = await loop.sock_recv(client, 1 << 16)
    assert received.endswith(bytes(memoryview(pixelferry.convert(png))))
