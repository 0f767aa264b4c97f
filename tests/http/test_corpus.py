"""PngSuite and the photos through the service: the same pixels as everywhere, faults as 422."""

import pytest

from bmp_reader import read_bmp
from corpus_files import (
    PHOTOS,
    PNGSUITE_CORRUPT,
    PNGSUITE_FAULTS,
    PNGSUITE_VALID,
    CorpusFile,
)
from pixelferry.server import RunningServer
from readers import pillow
from wire import connect, request


@pytest.mark.parametrize("file", [*PNGSUITE_VALID, *PHOTOS], ids=str)
async def test_valid_file_shows_its_pixels(server: RunningServer, file: CorpusFile) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=file.path.read_bytes()))
    assert answer.status == 200
    bmp = read_bmp(answer.body)
    file.assert_shown(bmp.width, bmp.height, bmp.rgb)
    file.assert_shown(*pillow(answer.body))


@pytest.mark.parametrize("file", PNGSUITE_CORRUPT, ids=str)
async def test_corrupt_file_is_refused_with_a_reason(
    server: RunningServer, file: CorpusFile
) -> None:
    async with connect(server.port) as wire:
        answer = await wire.ask(request(body=file.path.read_bytes()))
    assert answer.status == 422
    assert (answer.code, answer.problem["offset"]) == PNGSUITE_FAULTS[str(file)]
    assert answer.problem["detail"]
