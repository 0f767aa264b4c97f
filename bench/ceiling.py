"""The ceiling: aiohttp on uvloop reads the body and answers with as many bytes, converting nothing.

What is missing to its figures is the price of the conversion and of our own code.
"""

import argparse

import uvloop
from aiohttp import web


def create_app(answer_bytes: int) -> web.Application:
    """Answer every POST /convert with the same `answer_bytes` bytes of zeros."""
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

    app = web.Application()
    app.router.add_post("/convert", post_convert)
    return app


def main() -> None:
    """Serve on 127.0.0.1 until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--answer-bytes", type=int, required=True)
    arguments = parser.parse_args()
    web.run_app(
        create_app(arguments.answer_bytes),
        host="127.0.0.1",
        port=arguments.port,
        loop=uvloop.new_event_loop(),
        print=lambda *_: None,
        access_log=None,
    )


if __name__ == "__main__":
    main()
