"""Over HTTP, too, every picture of the corpus shows its pixels; the corrupt ones are refused."""

import aiohttp
import pytest

from corpus_files import PHOTOS, PNGSUITE_CORRUPT, PNGSUITE_FAULTS, PNGSUITE_VALID, CorpusFile
from readers import READERS


@pytest.mark.parametrize("file", PNGSUITE_VALID + PHOTOS, ids=str)
async def test_valid_file_shows_its_pixels(client: aiohttp.ClientSession, file: CorpusFile) -> None:
    async with client.post("/convert", data=file.path.open("rb")) as answer:
        assert (answer.status, answer.content_type) == (200, "image/bmp")
        bmp = await answer.read()
    for reader in READERS:
        file.assert_shown(*reader(bmp))


@pytest.mark.parametrize("file", PNGSUITE_CORRUPT, ids=str)
async def test_corrupt_file_is_refused_with_a_reason(
    client: aiohttp.ClientSession, file: CorpusFile
) -> None:
    async with client.post("/convert", data=file.path.open("rb")) as answer:
        assert (answer.status, answer.content_type) == (422, "application/problem+json")
        problem = await answer.json()
    assert (problem["code"], problem["offset"]) == PNGSUITE_FAULTS[str(file)]
    assert problem["detail"]
