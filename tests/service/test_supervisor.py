"""What the supervisor has to be beside its workers: small, tidy, and no place to lose a setting."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from command_line import run
from pixelferry.control import Assignment
from pixelferry.settings import Settings
from served import in_each_worker, processes, served
from serving import until
from wire import connect, request

SERVING = {"aiohttp", "uvloop", "prometheus_client"}

# It is given the orphans among the processes below it (PR_SET_CHILD_SUBREAPER), as process 1 is.
AS_PROCESS_1 = """
import ctypes
from pixelferry.cli import main
ctypes.CDLL(None).prctl(36, 1)
main()
"""


# As some programs start others.
WITH_SIGNALS_BLOCKED = """
import signal
from pixelferry.cli import main
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
main()
"""


def environment(pid: int) -> dict[str, str]:
    """What a process was started with."""
    text = Path(f"/proc/{pid}/environ").read_text()
    return dict(entry.split("=", 1) for entry in text.split("\0") if entry)


def arguments(pid: int) -> str:
    """Its command line, as everybody on the machine can read it."""
    return Path(f"/proc/{pid}/cmdline").read_text()


def test_it_imports_nothing_that_serving_needs() -> None:
    code = "import pixelferry.cli, pixelferry.supervisor, sys; print(*sys.modules)"
    done = run(command=[sys.executable, "-c", code])
    imported = {name.partition(".")[0] for name in done.stdout.decode().split()}
    assert "asyncio" in imported
    assert not imported & SERVING


def test_an_assignment_arrives_as_it_was_sent() -> None:
    settings = replace(
        Settings(),
        grace=0.5,
        threads=3,
        uds="/a b",
        api_key="0123456789abcdef",
        cors_origins=("https://a", "https://b"),
    )
    sent = Assignment(settings=settings, slot=1, listener=7, file=(3, 4), counters=8, place=2)
    assert Assignment.from_message(json.loads(json.dumps(sent.to_message()))) == sent


async def test_the_allocator_of_workers_gives_memory_back() -> None:
    async with served(env={"MALLOC_ARENA_MAX": "3"}) as service:
        (worker,) = service.workers()
        chosen = environment(worker)
    assert chosen["MALLOC_MMAP_THRESHOLD_"] == "131072"
    assert chosen["MALLOC_ARENA_MAX"] == "3"  # as somebody wished


async def test_no_zombie_is_left(tmp_path: Path) -> None:
    orphan = tmp_path / "orphan"
    start = f"os.system('test -e {orphan} || {{ sleep 600 >/dev/null 2>&1 & echo $! >{orphan}; }}')"
    env = in_each_worker(tmp_path, start)
    async with served(env=env, command=[sys.executable, "-c", AS_PROCESS_1]) as service:
        pid = int(orphan.read_text())
        (worker,) = service.workers() - {pid}
        assert processes()[pid] == service.process.pid
        for ended in (pid, worker):
            os.kill(ended, signal.SIGKILL)
        await until(lambda: not any(Path(f"/proc/{ended}").exists() for ended in (pid, worker)))


async def test_it_sees_signals_that_were_blocked_when_it_started() -> None:
    command = [sys.executable, "-c", WITH_SIGNALS_BLOCKED]
    async with served(command=command) as service:
        (killed,) = service.workers()
        os.kill(killed, signal.SIGKILL)
        await until(lambda: len(service.ready(0)) == 2)
        service.process.send_signal(signal.SIGTERM)
        assert await service.exit_code() == 0


async def test_workers_ask_for_the_key_that_their_supervisor_has_read(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("0123456789abcdef\n")
    async with served("--api-key-file", str(path), "--cors-origins", "https://a") as service:
        path.unlink()  # whoever replaces a worker does not read it again
        (worker,) = service.workers()
        assert "0123456789abcdef" not in arguments(worker)
        assert "0123456789abcdef" not in "".join(environment(worker).values())
        async with connect(service.port) as wire:
            headers = {"Origin": "https://a"}
            answer = await wire.ask(request("/rotate", b"ABC", headers=headers))
            assert (answer.status, answer.code) == (401, "unauthorized")
            assert answer.headers["access-control-allow-origin"] == "https://a"
            headers["Authorization"] = "Bearer 0123456789abcdef"
            assert (await wire.ask(request("/rotate", b"ABC", headers=headers))).body == b"NOP"


async def test_workers_do_not_inherit_a_key_from_the_environment() -> None:
    async with served(env={"PIXELFERRY_API_KEY": "0123456789abcdef"}) as service:
        (worker,) = service.workers()
        assert "PIXELFERRY_API_KEY" not in environment(worker)
        async with connect(service.port) as wire:
            assert (await wire.ask(request("/rotate", b"ABC"))).code == "unauthorized"
