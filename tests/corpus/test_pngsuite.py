"""PngSuite, the reference collection: valid files show their pixels, corrupt ones are refused.

The BMP is judged by readers that know nothing of the converter, against hashes that several other
decoders agree on.
"""

import pytest

import pixelferry
from corpus_files import PNGSUITE_CORRUPT, PNGSUITE_FAULTS, PNGSUITE_VALID, CorpusFile
from readers import READERS, Reader


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("file", PNGSUITE_VALID, ids=str)
def test_valid_file_shows_its_pixels(file: CorpusFile, reader: Reader) -> None:
    bitmap = pixelferry.convert(file.path.read_bytes())
    file.assert_shown(*reader(bytes(bitmap)))


@pytest.mark.parametrize("file", PNGSUITE_CORRUPT, ids=str)
def test_corrupt_file_is_refused_with_a_reason(file: CorpusFile) -> None:
    with pytest.raises(pixelferry.InvalidPng) as refused:
        pixelferry.convert(file.path.read_bytes())
    assert (refused.value.code, refused.value.offset) == PNGSUITE_FAULTS[str(file)]
    assert str(refused.value)


def test_every_fault_of_the_collection_is_listed() -> None:
    if not PNGSUITE_CORRUPT:
        pytest.skip("PIXELFERRY_TEST_CORPUS names no corpus")
    assert {str(file) for file in PNGSUITE_CORRUPT} == PNGSUITE_FAULTS.keys()
