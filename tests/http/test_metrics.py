"""/metrics counts what happened, under the names that dashboards are built on."""

import asyncio

from prometheus_client import Metric

from metric_samples import parse, value
from pixelferry import _native
from pixelferry.http.drain import DRAIN
from pixelferry.http.routes.metrics import TELEMETRY
from pixelferry.server import RunningServer
from png_writer import small_png
from serving import Serve, until
from wire import Wire, connect, request

NAMES = {
    "pixelferry_copies",
    "pixelferry_copied_bytes",
    "pixelferry_requests",
    "pixelferry_request_duration_seconds",
    "pixelferry_stage_duration_seconds",
    "pixelferry_errors",
    "pixelferry_rejections",
    "pixelferry_received_bytes",
    "pixelferry_sent_bytes",
    "pixelferry_pixels",
    "pixelferry_budget_used_bytes",
    "pixelferry_budget_limit_bytes",
    "pixelferry_requests_in_progress",
    "pixelferry_queue_length",
    "pixelferry_connections",
    "pixelferry_pool_bytes",
    "pixelferry_workers",
    "pixelferry_build_info",
    "process_resident_memory_bytes",
    "process_cpu_seconds",
    "process_open_fds",
    "process_start_time_seconds",
}


async def scrape(wire: Wire) -> dict[str, Metric]:
    answer = await wire.ask(request("/metrics", method="GET"))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return parse(answer.body)


async def test_the_names_are_there_from_the_start(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        assert set(await scrape(wire)) >= NAMES


async def test_a_conversion_is_counted(serve: Serve) -> None:
    data = small_png(width=10, height=7)
    server = await serve(inline_max_input=0)  # what is answered at once copies less
    async with connect(server.port) as wire:
        for _ in range(3):
            answer = await wire.ask(request(body=data))
        seen = await scrape(wire)
    route = {"route": "/convert"}
    assert value(seen, "pixelferry_requests_total", **route, method="POST", status="200") == 3
    assert value(seen, "pixelferry_request_duration_seconds_count", **route) == 3
    for stage in ("read", "queue", "convert", "write"):
        assert value(seen, "pixelferry_stage_duration_seconds_count", **route, stage=stage) == 3
    copied = {"stack": 6, "ingest": 3, "convert": 0, "egress": 0}
    for stage, passes in copied.items():
        assert value(seen, "pixelferry_copies_total", **route, stage=stage) == passes
        copied_bytes = value(seen, "pixelferry_copied_bytes_total", **route, stage=stage)
        assert copied_bytes == passes * len(data)
    assert value(seen, "pixelferry_received_bytes_total") == 3 * len(data)
    assert value(seen, "pixelferry_sent_bytes_total") == 3 * len(answer.body)
    assert value(seen, "pixelferry_pixels_total") == 3 * 70


async def test_histograms_add_up(server: RunningServer, png: bytes) -> None:
    async with connect(server.port) as wire:
        for _ in range(5):
            await wire.ask(request(body=png))
        family = (await scrape(wire))["pixelferry_request_duration_seconds"]
    rows = [one for one in family.samples if one.labels.get("route") == "/convert"]
    buckets = [one for one in rows if one.name.endswith("_bucket")]
    bounds = [float(one.labels["le"]) for one in buckets]
    assert (bounds[0], bounds[-2], bounds[-1]) == (0.0001, 10.0, float("inf"))
    assert bounds == sorted(bounds)
    counts = [one.value for one in buckets]
    assert counts == sorted(counts)
    assert counts[-1] == 5
    (total,) = (one.value for one in rows if one.name.endswith("_sum"))
    assert total > 0


async def test_problems_and_refusals_are_counted(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        await wire.ask(request(body=b"no PNG"))
        await wire.ask(request("/rotate?x=1", b""))
    async with connect(server.port) as wire:
        await wire.ask(request(body=b"", length=1 << 40))
    async with connect(server.port) as wire:
        await wire.ask(b"nonsense\r\n\r\n")
    async with connect(server.port) as wire:
        seen = await scrape(wire)
    errors = {"not_a_png", "unknown_parameter", "body_too_large", "malformed_request"}
    for code in errors:
        assert value(seen, "pixelferry_errors_total", code=code) == 1
    assert value(seen, "pixelferry_rejections_total", reason="body_too_large") == 1
    assert value(seen, "pixelferry_rejections_total", reason="not_a_png") == 0


async def test_labels_hold_nothing_that_clients_choose(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        for path in ("/secret-path", "/problems/secret-path", "/rotate/secret-path"):
            await wire.ask(request(path, method="GET"))
        await wire.ask(request("/secret-path", method="PROPFIND"))
        seen = await scrape(wire)
    labels = [one.labels for family in seen.values() for one in family.samples]
    assert not any("secret" in text for one in labels for text in one.values())
    other = {"route": "other", "status": "404"}
    assert value(seen, "pixelferry_requests_total", **other, method="GET") == 2
    assert value(seen, "pixelferry_requests_total", **other, method="other") == 1


async def test_a_client_that_left_is_no_server_error(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        await wire.send(request(length=10) + b"x")
        await until(lambda: server.connections)
        wire.reset()
    async with connect(server.port) as wire:
        left = {"route": "/convert", "method": "POST", "status": "499"}
        while not value(await scrape(wire), "pixelferry_requests_total", **left):
            pass
        seen = (await scrape(wire))["pixelferry_requests"]
    assert not any(one.labels["status"].startswith("5") for one in seen.samples)


async def test_gauges_show_the_moment(server: RunningServer) -> None:
    async with connect(server.port) as wire, connect(server.port) as other:
        await other.send(request(length=10))
        while value(seen := await scrape(wire), "pixelferry_requests_in_progress") != 2:
            pass
        assert value(seen, "pixelferry_connections") == 2
        stats = _native.pool_stats()
        assert value(seen, "pixelferry_pool_bytes", state="used") == stats.used_bytes
        assert value(seen, "pixelferry_pool_bytes", state="idle") == stats.idle_bytes


async def test_a_server_alone_is_worker_0(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        seen = await scrape(wire)
    (memory,) = seen["process_resident_memory_bytes"].samples
    assert memory.labels == {"worker": "0"}
    assert memory.value > 0
    assert value(seen, "pixelferry_workers") == 1


async def test_a_draining_worker_is_not_ready(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        await wire.send(request(length=10))
        await until(lambda: server.app[TELEMETRY].requests_in_progress)
        draining = asyncio.create_task(server.drain())
        await until(lambda: server.app[DRAIN].begun)
        assert value(parse(server.app[TELEMETRY].exposition()), "pixelferry_workers") == 0
        wire.reset()
        await draining


async def test_build_info_names_the_parts(server: RunningServer) -> None:
    async with connect(server.port) as wire:
        (info,) = (await scrape(wire))["pixelferry_build_info"].samples
    assert set(info.labels) == {"version", "python", "aiohttp", "engine", "simd"}
    assert (info.value, info.labels["version"]) == (1, _native.__version__)


async def test_servers_share_nothing(server: RunningServer) -> None:
    from pixelferry.server import start_server  # noqa: PLC0415
    from pixelferry.settings import Settings  # noqa: PLC0415

    second = await start_server(Settings(port=0))
    async with connect(server.port) as wire, connect(second.port) as other:
        await wire.ask(request("/livez", method="GET"))
        livez = {"route": "/livez", "method": "GET", "status": "200"}
        assert value(await scrape(wire), "pixelferry_requests_total", **livez) == 1
        assert value(await scrape(other), "pixelferry_requests_total", **livez) == 0
    await second.close()
