"""The OpenAPI 3.1 document, made from the routes, their option types and the list of problems."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pixelferry._native import __version__
from pixelferry.http.answers import ANY_PROBLEMS, CROWD_PROBLEMS
from pixelferry.http.parameters import declared
from pixelferry.http.problems import MEDIA_TYPE, PROBLEMS
from pixelferry.http.routing import Answer, Route

_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": sorted(PROBLEMS)},
        "request_id": {"type": "string"},
        "limit": {"type": "number", "description": "What is allowed."},
        "needed": {"type": "number", "description": "What the request needs."},
        "offset": {"type": "integer", "description": "Byte of the PNG at which the fault is."},
        "setting": {"type": "string", "description": "The setting that allows more."},
        "parameter": {"type": "string", "description": "The query parameter in question."},
        "known": {"type": "array", "items": {"type": "string"}},
    },
}
_KEY_SCHEME = {"type": "http", "scheme": "bearer", "description": "The key of this service."}


def openapi(routes: Iterable[Route], gate_problems: tuple[str, ...], *, with_key: bool) -> bytes:
    """Return the document as JSON. Its URLs are relative, so that a path prefix works.

    `gate_problems` are what any route may answer but those that answer always; `with_key` says that
    these need the key.
    """
    paths: dict[str, Any] = defaultdict(dict)
    for route in routes:
        passed = route if route.always else replace(route, problems=route.problems + gate_problems)
        for method in route.methods:
            operation = paths[route.path][method.lower()] = _operation(passed, method)
            if with_key and route.always:
                operation["security"] = []
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "pixelferry",
            "version": __version__,
            "summary": "PNG to BMP, with as few copies as physics allows",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM_SCHEMA}},
    }
    if with_key:
        document["components"]["securitySchemes"] = {"key": _KEY_SCHEME}
        document["security"] = [{"key": []}]
    return json.dumps(document, indent=1).encode()


def _operation(route: Route, method: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}{route.path.replace('/', '_').translate(_NO_BRACES)}",
        "summary": route.summary,
        "responses": _responses(route, with_body=method != "HEAD"),
    }
    if parameters := [*_path_parameters(route.path), *_query_parameters(route.query)]:
        operation["parameters"] = parameters
    if route.upload is not None:
        operation["requestBody"] = _request_body(route.upload)
    return operation


_NO_BRACES = str.maketrans("", "", "{}.")


def _path_parameters(path: str) -> Iterable[dict[str, Any]]:
    for part in path.split("/"):
        if part.startswith("{"):
            yield {
                "name": part[1:-1],
                "in": "path",
                "required": True,
                "schema": {"type": "string"},
            }


def _query_parameters(options: type[Any] | None) -> Iterable[dict[str, Any]]:
    for name, (known, default) in (declared(options) if options is not None else {}).items():
        schema = dict(known.kind.schema)
        if default is not None:
            schema["default"] = str(default)
        yield {"name": name, "in": "query", "description": known.about, "schema": schema}


def _request_body(media_type: str) -> dict[str, Any]:
    form = {
        "type": "object",
        "description": "Exactly one file; its field may have any name.",
        "required": ["file"],
        "properties": {"file": {"type": "string", "contentMediaType": media_type}},
        "additionalProperties": False,
    }
    return {
        "description": "The bytes alone, under any Content-Type or none, or a form with one file.",
        "required": media_type == "image/png",  # no bytes are bytes too, but no PNG
        "content": {
            media_type: {"schema": {"type": "string", "contentMediaType": media_type}},
            "multipart/form-data": {"schema": form},
        },
    }


def _responses(route: Route, *, with_body: bool) -> dict[str, Any]:
    responses = {str(one.status): _answer(one, with_body=with_body) for one in route.answers}
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in _problems(route):
        by_status[PROBLEMS[code].status].append(code)
    for status, codes in sorted(by_status.items()):
        explained = "\n".join(f"- `{code}`: {PROBLEMS[code].title}" for code in codes)
        responses[str(status)] = {"description": explained}
        if with_body:
            responses[str(status)]["content"] = {
                MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
    return responses


def _problems(route: Route) -> Iterable[str]:
    return (*route.problems, *ANY_PROBLEMS, *(() if route.always else CROWD_PROBLEMS))


def _answer(answer: Answer, *, with_body: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"description": answer.about}
    if answer.headers:
        made["headers"] = {
            name: {"description": about, "schema": {"type": "string"}}
            for name, about in answer.headers
        }
    if with_body:
        made["content"] = {answer.media_type: {}}
    return made
