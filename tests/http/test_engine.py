"""The service converts by its own engine only: another one's memory is outside all its bounds.

Nothing that a client or an operator says leads to lodepng, and its library is never loaded.
"""

import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

import pixelferry
from command_line import COMMAND, QUIET, run
from pixelferry.server import RunningServer
from wire import PATIENCE, connect, request

PACKAGE = Path(pixelferry.__file__).parent
# Whatever else knows of another engine could lead to it.
MAY_CHOOSE = {"__init__.py", "engines.py", "cli/convert.py", "cli/report.py"}


@pytest.mark.parametrize("query", ["engine=lodepng", "engine=direct", "engine="])
async def test_no_parameter_chooses(server: RunningServer, png: bytes, query: str) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(f"/convert?{query}", png))
    assert (answer.status, answer.code) == (400, "unknown_parameter")


def test_no_setting_chooses() -> None:
    for arguments, env in ((["--engine", "lodepng"], {}), ([], {"PIXELFERRY_ENGINE": "lodepng"})):
        assert run("serve", *arguments, env=env).returncode == 2


def test_a_service_at_work_has_no_lodepng_in_its_memory(photo_png: bytes) -> None:
    command = [*COMMAND, "serve", "--port", "0"]
    with subprocess.Popen(command, env=QUIET, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        try:
            port = int(service.stdout.readline().rpartition(":")[2])
            client = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            client.request("POST", "/convert", photo_png, {"X-Engine": "lodepng"})
            assert client.getresponse().status == 200
            mapped = Path(f"/proc/{service.pid}/maps").read_text()
            client.close()
        finally:
            service.terminate()
            service.communicate(timeout=PATIENCE)
    assert "_native" in mapped
    assert "lodepng" not in mapped


def test_nothing_that_serves_knows_of_other_engines() -> None:
    for path in PACKAGE.rglob("*.py"):
        if str(path.relative_to(PACKAGE)) not in MAY_CHOOSE:
            text = path.read_text()
            for word in ("lodepng", "engines", "convert_by", "convert_into"):
                assert word not in text, f"{word} in {path}"
