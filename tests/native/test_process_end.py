"""A process ends well, whatever its daemon threads do in the core meanwhile."""

import subprocess
import sys
from pathlib import Path

PHOTO = Path(__file__).parent.parent / "data" / "photo.png"

# Ends while threads are in the core, or on their way in or out of it.
ENDS_UNDER_WORK = """
import sys, threading, pixelferry

photo = open(sys.argv[1], "rb").read()
working = threading.Semaphore(0)

def work():
    while True:
        working.release()
        pixelferry.convert(photo)
        pixelferry.rotate_split(bytearray(photo), 1)

for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
for _ in range(6):
    working.acquire()
"""


def test_daemon_threads_in_the_core_do_not_abort_the_process() -> None:
    for _ in range(5):
        ended = subprocess.run(
            [sys.executable, "-c", ENDS_UNDER_WORK, PHOTO],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, b"")
