"""What is answered at once is answered as it would be by the long way, which is the definition."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from aiohttp.streams import EMPTY_PAYLOAD
from prometheus_client import Metric

import pixelferry
from metric_samples import parse
from pixelferry.http import at_once
from pixelferry.http.aiohttp_handler import Handler
from pixelferry.http.at_once import AtOnce
from pixelferry.http.routes.convert import CONVERT
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from png_writer import small_png
from serving import LONG_WAY, Serve, busy_workers, handler_of, only_connection, until, warm
from wire import Answer, Wire, chunked, connect, form, request

pytestmark = pytest.mark.usefixtures("everything_comes_back")

KEY = "a-key-of-sixteen-characters"
SMALL = small_png(width=9, height=7)
BROKEN = SMALL[:-20] + bytes([SMALL[-20] ^ 1]) + SMALL[-19:]
FORM = form(('form-data; name="a"; filename="b.png"', SMALL))
SHORT = 0.2  # seconds; nothing below depends on being faster than this


class Shortcut:
    """Counts what was answered at once, or keeps anything from being."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken = 0
        self.open = True
        answer = AtOnce.answer

        def watched(*args: Any) -> bool:  # noqa: ANN401
            done = self.open and answer(*args)
            self.taken += done
            return done

        monkeypatch.setattr(AtOnce, "answer", watched)


@pytest.fixture
def shortcut(monkeypatch: pytest.MonkeyPatch) -> Shortcut:
    return Shortcut(monkeypatch)


async def asked(server: RunningServer, sent: bytes, *, to_head: bool = False) -> Answer:
    async with connect(server.port) as wire:
        await warm(wire, server)
        await wire.send(sent)
        answer = await wire.answer(to_head=to_head)
    await until(lambda: not server.connections)
    return answer


def comparable(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """All of an answer that does not differ from time to time; the order of headers counts."""
    headers, own = dict(answer.headers), answer.headers["x-request-id"]
    if re.fullmatch("[0-9a-f]{16}", own):
        headers["x-request-id"] = "drawn"
    headers["date"] = re.sub(r"\w", "x", headers["date"])
    for name, varying in (
        ("server-timing", r"\d+\.\d+"),
        # At once, the bytes are borrowed from the parser: none are copied into a buffer of ours.
        ("x-pixelferry-copies", r"ingest=\d+(;bytes=\d+)?"),
    ):
        if name in headers:
            headers[name] = re.sub(varying, "x", headers[name])
    return answer.status, list(headers.items()), answer.body.replace(own.encode(), b"drawn")


ALIKE: Mapping[str, tuple[bytes, bool]] = {
    # what is sent, and whether it is answered at once
    "plain": (request(body=SMALL), True),
    "put": (request(body=SMALL, method="PUT"), True),
    "typed": (request(body=SMALL, headers={"Content-Type": "text/html; charset=utf-8"}), True),
    "named": (request(body=SMALL, headers={"X-Request-Id": "a.name_of-mine"}), True),
    "badly named": (request(body=SMALL, headers={"X-Request-Id": "a name"}), True),
    "from a page": (request(body=SMALL, headers={"Origin": "https://a.example"}), True),
    "kept alive": (request(body=SMALL, headers={"Connection": "keep-alive"}), True),
    "gray": (request(body=small_png(width=1, height=1)), True),
    "filename": (request("/convert?filename=a.png", SMALL), False),
    "empty query": (request(LONG_WAY, SMALL), False),
    "unknown parameter": (request("/convert?a=b", SMALL), False),
    "broken": (request(body=BROKEN), False),
    "no png": (request(body=b"GIF89a" * 9), False),
    "cut off": (request(body=SMALL[:20]), False),
    "empty": (request(body=b""), False),
    "no body": (request(), False),
    "large": (request(body=small_png(width=5, height=3) + bytes(8000)), False),
    "large output": (request(body=small_png(width=400, height=200)), False),
    "chunked": (chunked("/convert", SMALL), True),
    "in chunks": (chunked("/convert", SMALL[:40], SMALL[40:]), False),
    "form": (
        request(body=FORM[1], headers=FORM[0]),
        False,
    ),
    "other form": (request(body=SMALL, headers={"Content-Type": "multipart/mixed"}), False),
    "encoded": (request(body=SMALL, headers={"Content-Encoding": "gzip"}), False),
    "identity": (request(body=SMALL, headers={"Content-Encoding": "identity"}), False),
    "expectation": (request(body=SMALL, headers={"Expect": "a-miracle"}), False),
    "closing": (request(body=SMALL, headers={"Connection": "close"}), False),
    "offered upgrade": (request(body=SMALL, headers={"Upgrade": "h2c"}), False),
    "upgrade": (
        request(body=SMALL, headers={"Upgrade": "websocket", "Connection": "upgrade"}),
        False,
    ),
    "http/1.0": (request(body=SMALL).replace(b"HTTP/1.1", b"HTTP/1.0"), False),
    "http/1.0 kept": (
        request(body=SMALL, headers={"Connection": "keep-alive"}).replace(b"/1.1", b"/1.0"),
        False,
    ),
    "get": (request(method="GET"), False),
    "delete": (request(body=SMALL, method="DELETE"), False),
    "other path": (request("/Convert", SMALL), False),
    "escaped path": (request("/conver%74", SMALL), False),
    "absolute": (request("http://test/convert", SMALL), False),
    "two hosts": (request(body=SMALL, headers={"Host": "other"}), False),
    "odd host": (request(body=SMALL).replace(b"Host: test", b"Host: a/b"), False),
    "rotate": (request("/rotate", SMALL), False),
    "with a key": (request(body=SMALL, headers={"Authorization": f"Bearer {KEY}"}), True),
}

SERVERS: Mapping[str, tuple[Mapping[str, Any], bool]] = {
    # settings, and whether a plain request is answered at once
    "default": ({}, True),
    "key": ({"api_key": KEY}, False),
    "hosts": ({"allowed_hosts": ("test",)}, True),
    "other hosts": ({"allowed_hosts": ("example.org",)}, False),
    "pages": ({"cors_origins": ("https://a.example",)}, False),
    "all pages": ({"cors_origins": ("*",)}, False),
    "few pixels": ({"max_pixels": 4}, False),
    "small": ({"max_dimension": 4}, False),
    "never": ({"inline_max_input": 0}, False),
    "little body": ({"max_body": 1024, "inline_max_input": 4096}, True),
}


@pytest.mark.parametrize("name", ALIKE)
async def test_requests_are_answered_alike(
    name: str, server: RunningServer, shortcut: Shortcut
) -> None:
    sent, at_once = ALIKE[name]
    first = await asked(server, sent)
    assert shortcut.taken == at_once
    shortcut.open = False
    assert comparable(await asked(server, sent)) == comparable(first)
    if first.status == 200 and not sent.startswith(b"POST /rotate"):
        assert first.body[:2] == b"BM"


@pytest.mark.parametrize("name", SERVERS)
async def test_servers_answer_alike(name: str, serve: Serve, shortcut: Shortcut) -> None:
    settings, at_once = SERVERS[name]
    server = await serve(**settings)
    for extra in ({}, {"Authorization": f"Bearer {KEY}", "Origin": "https://a.example"}):
        sent = request(body=SMALL, headers=extra)
        shortcut.open, shortcut.taken = True, 0
        first = await asked(server, sent)
        assert shortcut.taken == (at_once or (name == "key" and bool(extra)))
        shortcut.open = False
        assert comparable(await asked(server, sent)) == comparable(first)


async def test_a_body_beyond_what_is_accepted(serve: Serve, shortcut: Shortcut) -> None:
    server = await serve(max_body=1024)
    answer = await asked(server, request(body=SMALL + bytes(1024)))
    assert (answer.status, shortcut.taken) == (413, 0)


async def test_the_picture_is_right(server: RunningServer, shortcut: Shortcut) -> None:
    answer = await asked(server, request(body=SMALL))
    assert shortcut.taken == 1
    assert answer.body == bytes(memoryview(pixelferry.convert(SMALL)))


Key = tuple[str, frozenset[tuple[str, str]]]


def everything(families: Mapping[str, Metric]) -> Iterator[tuple[Key, float]]:
    for family in families.values():
        for one in family.samples:
            yield (one.name, frozenset(one.labels.items())), one.value


def varies(key: Key) -> bool:
    name, labels = key
    timed = name.endswith(("_seconds_sum", "_seconds_bucket"))
    return (
        timed or name.startswith(("process_", "pixelferry_pool")) or ("stage", "ingest") in labels
    )


async def test_it_is_counted_alike(serve: Serve, shortcut: Shortcut) -> None:
    counted = []
    for shortcut.open in (True, False):
        server = await serve()
        for _ in range(3):
            await asked(server, request(body=SMALL))
        families = parse(server.app[TELEMETRY].exposition())
        counted.append({key: value for key, value in everything(families) if not varies(key)})
    assert shortcut.taken == 3
    assert counted[0] == counted[1]


async def test_nothing_is_copied_but_by_the_stack(
    server: RunningServer, shortcut: Shortcut
) -> None:
    answer = await asked(server, request(body=SMALL))
    assert shortcut.taken == 1
    told = f"stack=2;bytes={2 * len(SMALL)}, ingest=0, convert=0, egress=0"
    assert answer.headers["x-pixelferry-copies"] == told


async def test_many_on_one_connection(server: RunningServer, shortcut: Shortcut) -> None:
    # The client's next request is there before aiohttp awaits it behind its own answers.
    expected = bytes(memoryview(pixelferry.convert(SMALL)))
    async with connect(server.port) as wire:
        for at in range(90):
            sent = request(body=SMALL) if at % 3 else request("/rotate?by=0", b"ABC")
            answer = await wire.ask(sent)
            assert answer.body == (expected if at % 3 else b"ABC")
    assert shortcut.taken == 60


async def test_the_first_of_a_connection(server: RunningServer, shortcut: Shortcut) -> None:
    async with connect(server.port) as wire:
        assert (await wire.ask(request(body=SMALL))).status == 200
    assert shortcut.taken == 1


@pytest.mark.parametrize("together", [True, False])
async def test_nobody_is_answered_before_his_turn(
    *, together: bool, server: RunningServer, shortcut: Shortcut
) -> None:
    large = small_png(width=400, height=200)  # goes to a thread
    pictures = [picture for _ in range(20) for picture in (SMALL, large, SMALL, SMALL)]
    sent = [request(body=picture) for picture in pictures]
    async with connect(server.port) as wire:
        sending = asyncio.create_task(wire.send(*([b"".join(sent)] if together else sent)))
        for picture in pictures:
            assert (await wire.answer()).body == bytes(memoryview(pixelferry.convert(picture)))
        await sending


async def test_nobody_overtakes_who_is_being_answered(
    server: RunningServer, shortcut: Shortcut
) -> None:
    large = small_png(width=400, height=200)
    async with connect(server.port) as wire:
        async with busy_workers(server) as waiting:
            await wire.send(request("/rotate?by=0", b"ABC") + request(body=large))
            assert (await wire.answer()).body == b"ABC"
            await waiting.wait()
            handler = handler_of(only_connection(server))
            asked = handler._request_count
            await wire.send(request(body=SMALL))
            await until(lambda: handler._request_count > asked)
        for picture in (large, SMALL):
            assert (await wire.answer()).body == bytes(memoryview(pixelferry.convert(picture)))
    assert shortcut.taken == 0


async def test_nothing_is_answered_behind_a_goodbye(
    server: RunningServer, shortcut: Shortcut, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = Handler.finish_response

    async def finish_and_receive(handler: Handler, *args: Any) -> Any:  # noqa: ANN401
        done = await finish(handler, *args)
        handler.data_received(request(body=SMALL))  # before aiohttp closes the connection
        return done

    monkeypatch.setattr(Handler, "finish_response", finish_and_receive)
    async with connect(server.port) as wire:
        offer = {"Upgrade": "h2c", "Connection": "upgrade"}
        answer = await wire.ask(request("/livez", method="GET", headers=offer))
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""
    assert shortcut.taken == 0


async def test_a_pipeline_is_answered_in_order(server: RunningServer, shortcut: Shortcut) -> None:
    pictures = [small_png(width=width, height=1) for width in range(1, 40)]
    async with connect(server.port) as wire:
        await warm(wire, server)
        for picture in pictures:
            await wire.send(request(body=picture))
        for picture in pictures:
            assert (await wire.answer()).body == bytes(memoryview(pixelferry.convert(picture)))


async def test_without_memory_it_waits(server: RunningServer, shortcut: Shortcut) -> None:
    budget = server.app[CONVERT].budget
    taken = [budget._account.try_reserve(budget._account.limit - budget._account.kept)]
    while (more := budget._account.try_reserve(4096, small=True)) is not None:
        taken.append(more)
    async with connect(server.port) as wire:
        await warm(wire, server)
        await wire.send(request(body=SMALL))
        await until(lambda: budget.small_waiting == 1)
        for one in taken:
            assert one is not None
            one.release()
        assert (await wire.answer()).status == 200
    assert shortcut.taken == 0


async def test_while_draining_it_says_goodbye(server: RunningServer, shortcut: Shortcut) -> None:
    async with connect(server.port) as wire:
        await warm(wire, server)
        server.turn_unready()
        answer = await wire.ask(request(body=SMALL))
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""
    assert shortcut.taken == 0


async def test_an_idle_connection_is_closed_behind_it(serve: Serve, shortcut: Shortcut) -> None:
    server = await serve(keepalive_timeout=SHORT)
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=SMALL))
        assert answer.status == 200
        assert await wire.closed() == b""
    assert shortcut.taken == 1


async def test_half_a_head_behind_it_is_timed(serve: Serve, shortcut: Shortcut) -> None:
    server = await serve(header_timeout=SHORT)
    async with connect(server.port) as wire:
        await warm(wire, server)
        assert (await wire.ask(request(body=SMALL))).status == 200
        await wire.send(b"POST /convert HT")
        assert (await wire.answer()).code == "header_timeout"
    assert shortcut.taken == 1


async def test_icons_keep_a_connection(server: RunningServer, shortcut: Shortcut) -> None:
    async with connect(server.port) as wire:
        await warm(wire, server)
        handler = handler_of(only_connection(server))
        closing = handler._next_keepalive_close_time
        await asyncio.sleep(0.01)
        assert (await wire.ask(request(body=SMALL))).status == 200
        assert shortcut.taken == 1
        assert handler._next_keepalive_close_time > closing


async def test_a_pipeline_behind_many_icons(server: RunningServer, shortcut: Shortcut) -> None:
    # The parser counts requests that wait, and stops at 32.
    async with connect(server.port) as wire:
        await warm(wire, server)
        for _ in range(40):
            assert (await wire.ask(request(body=SMALL))).status == 200
        assert shortcut.taken == 40
        await wire.send(request(body=SMALL) * 3)
        for _ in range(3):
            assert (await wire.answer()).status == 200


async def test_the_unforeseen_takes_the_long_way(
    server: RunningServer, shortcut: Shortcut, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:  # noqa: ANN401
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(at_once, "convert", fail)
    answer = await asked(server, request(body=SMALL))
    assert (answer.status, shortcut.taken) == (200, 0)


LARGE = request(body=small_png(width=140, height=140))  # of few colors: 1 KiB to 59 KiB


async def fill(wire: Wire, server: RunningServer, shortcut: Shortcut) -> int:
    """Ask one by one, taking nothing, until the kernel holds no more; returns how often."""
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
    asked, answers = 0, server.app[TELEMETRY].routes["/convert"].answers
    while only_connection(server)._progress is None:
        await wire.send(LARGE)
        asked += 1
        await until(lambda: answers["POST", 200] == asked)  # noqa: B023 - called at once
    assert shortcut.taken == asked
    return asked


async def test_answers_that_are_not_taken_do_not_pile_up(
    server: RunningServer, shortcut: Shortcut
) -> None:
    async with connect(server.port) as wire:
        await warm(wire, server)
        asked = await fill(wire, server, shortcut)
        transport = only_connection(server)._transport
        assert transport is not None
        sending = asyncio.create_task(wire.send(*[LARGE] * 100))
        for _ in range(100):
            await asyncio.sleep(0)
            assert transport.get_write_buffer_size() < 2 * 2**16
        assert shortcut.taken == asked
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(asked + 100):
            assert (await wire.answer()).status == 200
        await sending


def strike(handler: Handler) -> None:
    """Let the keep-alive clock strike now."""
    handler._stop_keepalive_clock()
    handler._process_keepalive()


async def test_who_still_takes_an_answer_is_not_idle(
    server: RunningServer, shortcut: Shortcut
) -> None:
    async with connect(server.port) as wire:
        await warm(wire, server)
        asked = await fill(wire, server, shortcut)
        handler = handler_of(only_connection(server))
        handler._next_keepalive_close_time = 0
        strike(handler)
        assert handler._keepalive_handle is not None  # and it will strike again
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(asked):
            assert (await wire.answer()).status == 200
        assert (await wire.ask(LARGE)).status == 200


async def test_who_has_taken_an_answer_is_idle_from_then_on(
    server: RunningServer, shortcut: Shortcut
) -> None:
    async with connect(server.port) as wire:
        await warm(wire, server)
        asked = await fill(wire, server, shortcut)
        handler = handler_of(only_connection(server))
        handler._next_keepalive_close_time = 0  # it is about to strike
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(asked):
            assert (await wire.answer()).status == 200
        await until(lambda: not handler.writing_paused)
        strike(handler)
        assert (await wire.ask(LARGE)).status == 200


async def test_nothing_of_a_body_stays(server: RunningServer, shortcut: Shortcut) -> None:
    async with connect(server.port) as wire:
        await warm(wire, server)
        assert (await wire.ask(request(body=SMALL))).status == 200
        assert shortcut.taken == 1
        handler = handler_of(only_connection(server))
        assert handler._body is EMPTY_PAYLOAD
