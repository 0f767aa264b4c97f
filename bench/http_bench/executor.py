"""What users of Pillow or OpenCV would write: aiohttp on uvloop, the conversion in an executor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from convert_bench.in_python import opencv_call, pillow_call
from http_bench.aiohttp_server import parser, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.typedefs import Handler

CALLS: dict[str, Callable[[], Callable[[bytes], Any]]] = {
    "pillow": pillow_call,
    "opencv": opencv_call,
}


def converting(call: Callable[[bytes], Any]) -> Handler:
    """Convert every body by `call`, in asyncio's own threads."""

    async def post_convert(request: web.Request) -> web.StreamResponse:
        png = await request.read()
        bmp = await asyncio.get_running_loop().run_in_executor(None, call, png)
        return web.Response(body=memoryview(bmp), content_type="image/bmp")

    return post_convert


def main() -> None:
    """Serve on 127.0.0.1 until interrupted."""
    arguments = parser(__doc__)
    arguments.add_argument("--library", choices=CALLS, required=True)
    options = arguments.parse_args()
    serve(converting(CALLS[options.library]()), options.port)


if __name__ == "__main__":
    main()
