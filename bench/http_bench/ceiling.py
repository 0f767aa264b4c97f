"""The ceiling: aiohttp on uvloop reads the body and answers with as many bytes, converting nothing.

What is missing to its figures is the price of the conversion and of our own code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from http_bench.aiohttp_server import parser, serve

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler


def answering(answer_bytes: int) -> Handler:
    """Answer every request with the same `answer_bytes` bytes of zeros."""
    answer = memoryview(bytes(answer_bytes))

    async def post_convert(request: web.Request) -> web.StreamResponse:
        buffer = bytearray(request.content_length or 0)
        view, at = memoryview(buffer), 0
        while True:
            chunk, _ = await request.content.readchunk()
            if not chunk:
                break
            view[at : at + len(chunk)] = chunk
            at += len(chunk)
        response = web.StreamResponse()
        response.content_type = "image/bmp"
        response.content_length = answer_bytes
        await response.prepare(request)
        await response.write(answer)
        await response.write_eof()
        return response

    return post_convert


def main() -> None:
    """Serve on 127.0.0.1 until interrupted."""
    arguments = parser(__doc__)
    arguments.add_argument("--answer-bytes", type=int, required=True)
    options = arguments.parse_args()
    serve(answering(options.answer_bytes), options.port)


if __name__ == "__main__":
    main()
