"""Code that copies, put in the place of the service's: the audit has to find each.

It is compiled under the name of the file it stands for, so that nothing but the copy betrays it.
"""

from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Final

from served import in_each_worker

_IN_BODY, _IN_STREAM, _IN_RESPONSE = (
    f"pixelferry.http.{name}" for name in ("body", "body_stream", "bitmap_response")
)

DOUBLES: Final = {
    "request.read()": (
        _IN_BODY,
        """
        class Upload(Upload):
            async def read(self):
                self._stream.admit()
                return memoryview(bytearray(await self._stream._request.read()))
        """,
    ),
    "join in a file that may copy": (
        _IN_BODY,
        """
        class Upload(Upload):
            async def read(self):
                view = await super().read()
                return memoryview(b"".join([view[:9], view[9:]]))
        """,
    ),
    "join of what came": (
        _IN_STREAM,
        """
        class BodyStream(BodyStream):
            async def receive(self):
                chunks = [await super().receive()]
                while chunks[-1] and self.waiting:
                    chunks.append(await super().receive())
                return b"".join([b"", *chunks])
        """,
    ),
    "bytes(view)": (
        _IN_BODY,
        """
        class Upload(Upload):
            async def read(self):
                return memoryview(bytes(await super().read()))
        """,
    ),
    "a bytearray that grows": (
        _IN_STREAM,
        """
        class BodyStream(BodyStream):
            async def receive(self):
                grown = bytearray()
                while piece := await super().receive():
                    grown += piece
                return grown
        """,
    ),
    "web.Response(body=...)": (
        _IN_RESPONSE,
        """
        async def send_buffer(request, buffer, content_type, disposition=None):
            headers = {COPIES_HEADER: request[EXCHANGE].ledger.header_value()}
            return web.Response(body=bytes(memoryview(buffer)), headers=headers)
        """,
    ),
    "an answer at once, from bytes": (
        "pixelferry.http.at_once",
        """
        def memoryview(bitmap):
            return bytes(bitmap)
        """,
    ),
    "a copy in the core": (
        _IN_RESPONSE,
        """
        from pixelferry._native import copy_of
        _send_buffer = send_buffer
        async def send_buffer(request, buffer, content_type, disposition=None):
            return await _send_buffer(request, copy_of(buffer), content_type, disposition)
        """,
    ),
    "never direct": (
        _IN_STREAM,
        """
        class BodyStream(BodyStream):
            direct = False
        """,
    ),
}


def with_double(folder: Path, name: str) -> dict[str, str]:
    """Have every worker process use a double; returns the environment for that."""
    tests = str(Path(__file__).parents[1])
    code = f"sys.path.append({tests!r})\nfrom audit.doubles import install\ninstall({name!r})"
    return in_each_worker(folder, code)


def install(name: str) -> None:
    """Put it in place, in this process."""
    module_name, source = DOUBLES[name]
    module = import_module(module_name)
    assert module.__file__ is not None
    exec(compile(dedent(source), module.__file__, "exec"), vars(module))
