"""All threads are there before the first request, or the server does not begin."""

import threading
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
