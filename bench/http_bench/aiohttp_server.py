"""What the contenders written with aiohttp share: how they are started."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import uvloop
from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

MAX_BODY = 64 << 20  # what the service accepts


def parser(about: str | None) -> argparse.ArgumentParser:
    """Return a command line with a port."""
    arguments = argparse.ArgumentParser(description=about)
    arguments.add_argument("--port", type=int, required=True)
    return arguments


def serve(post_convert: Handler, port: int) -> None:
    """Answer POST /convert on 127.0.0.1 until interrupted."""
    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post("/convert", post_convert)
    web.run_app(
        app,
        host="127.0.0.1",
        port=port,
        loop=uvloop.new_event_loop(),
        print=lambda *_: None,
        access_log=None,
        shutdown_timeout=0,
    )
