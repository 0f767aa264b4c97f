"""/inspect tells from 33 bytes what a PNG is and whether /convert would take it."""

import json

import pytest

import pixelferry
from pixelferry.server import RunningServer
from png_writer import PALETTE, RGB, SIGNATURE, ihdr, noise, png
from wire import connect, form, request


async def test_33_bytes_are_enough(server: RunningServer, photo_png: bytes) -> None:
    header = pixelferry.inspect(photo_png)
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/inspect", photo_png[:33]))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(answer.body) == {
        "width": 600,
        "height": 400,
        "color_type": 2,
        "bit_depth": 8,
        "interlace": 0,
        "bmp_bytes": 54 + 400 * 1800,
        "working_set_bytes": header.working_set,
        "accepted": True,
        "problem": None,
    }


async def test_the_rest_is_not_awaited(server: RunningServer, photo_png: bytes) -> None:
    async with connect(server.port) as wire:
        await wire.send(request("/inspect", photo_png[:33], length=len(photo_png)))
        answer = await wire.answer()
    assert (answer.status, json.loads(answer.body)["width"]) == (200, 600)
    assert answer.headers["connection"] == "close"


async def test_a_form_will_do(server: RunningServer, photo_png: bytes) -> None:
    headers, body = form(('form-data; name="f"; filename="x"', photo_png[:33]))
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/inspect", body, headers=headers))
    assert json.loads(answer.body)["width"] == 600


async def test_every_member_is_told(server: RunningServer) -> None:
    data = png(noise(9, 5, PALETTE, 4), interlaced=True)
    async with connect(server.port) as wire:
        told = json.loads((await wire.ask(request("/inspect", data))).body)
    members = ("width", "height", "color_type", "bit_depth", "interlace")
    assert [told[name] for name in members] == [9, 5, 3, 4, 1]


@pytest.mark.parametrize(
    ("width", "height", "code", "setting"),
    [
        (50_000, 50_000, "too_many_pixels", "PIXELFERRY_MAX_PIXELS"),
        (65_536, 1, "dimension_too_large", "PIXELFERRY_MAX_DIMENSION"),
    ],
)
async def test_what_would_be_refused_is_described(
    server: RunningServer, width: int, height: int, code: str, setting: str
) -> None:
    data = SIGNATURE + ihdr(width, height, RGB, 8).encoded()
    async with connect(server.port) as wire:
        inspected = json.loads((await wire.ask(request("/inspect", data))).body)
        refused = (await wire.ask(request("/convert", data))).problem
    assert (inspected["width"], inspected["accepted"]) == (width, False)
    problem = inspected["problem"]
    assert (problem["code"], problem["setting"]) == (code, setting)
    assert all(refused[name] == value for name, value in problem.items())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_a_png"),
        (b"GIF89a" + bytes(40), "not_a_png"),
        (SIGNATURE, "truncated"),
        (SIGNATURE + ihdr(0, 1, RGB, 8).encoded(), "bad_dimensions"),
    ],
)
async def test_what_is_no_png(server: RunningServer, body: bytes, code: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/inspect", body))
    assert (answer.status, answer.code) == (422, code)


async def test_it_takes_no_parameters(server: RunningServer, photo_png: bytes) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request("/inspect?filename=x", photo_png))
    assert (answer.status, answer.code) == (400, "unknown_parameter")
