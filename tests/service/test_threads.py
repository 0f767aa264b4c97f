"""All threads are there before the first request, or the server does not begin."""

import threading
import time
from collections import Counter

import pytest

from pixelferry.threads import Threads


def running() -> Counter[str]:
    """The threads of this process by the first word of their names."""
    return Counter(one.name.partition("_")[0] for one in threading.enumerate())


def test_all_threads_are_started_at_once_and_ended() -> None:
    threads = Threads(3)
    assert (running()["short"], running()["long"]) == (3, 3)
    threads.shutdown()
    assert (running()["short"], running()["long"]) == (0, 0)


def test_threads_that_begin_late_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    run = threading.Thread.run

    def late(thread: threading.Thread) -> None:
        time.sleep(0.02)
        run(thread)

    monkeypatch.setattr(threading.Thread, "run", late)
    threads = Threads(3)
    # What had not begun would be dropped by shutdown, and the others would never end.
    assert [one._work_queue.qsize() for one in (threads._short, threads._long)] == [0, 0]
    threads.shutdown()


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_a_thread_that_cannot_be_had_leaves_no_other_behind(
    allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[threading.Thread] = []
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if len(begun) == allowed:
            raise RuntimeError("can't start new thread")
        begun.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start"):
        Threads(3)
    assert (running()["short"], running()["long"]) == (0, 0)
