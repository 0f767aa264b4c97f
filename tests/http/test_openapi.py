"""/openapi.json is valid, and every route answers as it says."""

import json
from typing import Any

import aiohttp
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from pixelferry.http.app import ROUTES
from pixelferry.http.problems import PROBLEMS
from pixelferry.http.routing import Route
from pixelferry.server import RunningServer
from serving import Serve
from wire import connect, request


@pytest.fixture
async def document(client: aiohttp.ClientSession) -> dict[str, Any]:
    async with client.get("/openapi.json") as answer:
        assert answer.content_type == "application/json"
        loaded: dict[str, Any] = json.loads(await answer.read())
        return loaded


async def test_it_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


async def test_it_has_every_route(document: dict[str, Any]) -> None:
    paths = {path: set(operations) for path, operations in document["paths"].items()}
    assert paths == {route.path: {m.lower() for m in route.methods} for route in ROUTES}


async def test_a_path_prefix_does_no_harm(document: dict[str, Any]) -> None:
    assert [server["url"] for server in document["servers"]] == ["."]


OPERATIONS = [
    pytest.param(route, method, id=f"{method} {route.path}")
    for route in ROUTES
    for method in route.methods
]


@pytest.mark.parametrize(("route", "method"), OPERATIONS)
async def test_every_route_answers_as_documented(
    server: RunningServer, document: dict[str, Any], png: bytes, route: Route, method: str
) -> None:
    operation = document["paths"][route.path][method.lower()]
    target = route.path.replace("{code}", "not_found")
    async with connect(server.port) as wire:
        await wire.send(request(target, png if route.upload else None, method=method))
        answer = await wire.answer(to_head=method == "HEAD")
    documented = operation["responses"][str(answer.status)]
    if method != "HEAD":
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in documented["content"]
    required = {name.lower() for name in documented.get("headers", {})} - {"content-disposition"}
    assert required <= set(answer.headers)


@pytest.mark.parametrize(("route", "method"), OPERATIONS)
async def test_what_any_request_may_be_answered_is_documented(
    serve: Serve, server: RunningServer, document: dict[str, Any], route: Route, method: str
) -> None:
    documented = document["paths"][route.path][method.lower()]["responses"]
    target = route.path.replace("{code}", "not_found")
    whole = request(target, method=method, headers={"Expect": "x"})
    hasty = await serve(header_timeout=0.05)
    for to, sent, status in (
        (server, whole, 417),
        (server, whole.replace(b"test", b"a b"), 400),
        (server, whole.replace(b"test", b"x" * 9000), 431),
        (hasty, whole[:-2], 408),
    ):
        async with connect(to.port) as wire:
            await wire.send(sent)
            assert (await wire.head())[0] == status
        assert str(status) in documented
    assert ("503" in documented) or route.always


@pytest.mark.parametrize(("route", "method"), OPERATIONS)
async def test_every_documented_parameter_is_known(
    server: RunningServer, document: dict[str, Any], png: bytes, route: Route, method: str
) -> None:
    async with connect(server.port) as wire:
        for parameter in document["paths"][route.path][method.lower()].get("parameters", []):
            if parameter["in"] != "query":
                continue
            schema = parameter["schema"]
            for value in schema.get("enum", [schema.get("default", "x")]):
                target = f"{route.path}?{parameter['name']}={value}"
                assert (await wire.ask(request(target, png, method=method))).status == 200


def test_every_problem_of_a_route_exists() -> None:
    for route in ROUTES:
        assert set(route.problems) <= set(PROBLEMS), route.path
