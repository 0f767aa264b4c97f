"""PngSuite, the reference collection: valid files show their pixels, corrupt ones are refused.

The BMP is judged by readers that know nothing of the converter, against hashes that several other
decoders agree on.
"""

import pytest

import pixelferry
from corpus_files import PNGSUITE_CORRUPT, PNGSUITE_VALID, CorpusFile
from readers import READERS, Reader

# What is wrong with each, and the byte that shows it.
FAULTS = {
    "xc1n0g08": ("bad_color_type", 25),
    "xc9n2c08": ("bad_color_type", 25),
    "xcrn0g04": ("not_a_png", 0),
    "xcsn0g01": ("bad_crc", 148),
    "xd0n2c08": ("bad_bit_depth", 24),
    "xd3n2c08": ("bad_bit_depth", 24),
    "xd9n2c08": ("bad_bit_depth", 24),
    "xdtn0g01": ("missing_idat", 49),
    "xhdn0g08": ("bad_crc", 29),
    "xlfn0g04": ("not_a_png", 0),
    "xs1n0g01": ("not_a_png", 0),
    "xs2n0g01": ("not_a_png", 0),
    "xs4n0g01": ("not_a_png", 0),
    "xs7n0g01": ("not_a_png", 0),
}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("file", PNGSUITE_VALID, ids=str)
def test_valid_file_shows_its_pixels(file: CorpusFile, reader: Reader) -> None:
    bitmap = pixelferry.convert(file.path.read_bytes())
    file.assert_shown(*reader(bytes(bitmap)))


@pytest.mark.parametrize("file", PNGSUITE_CORRUPT, ids=str)
def test_corrupt_file_is_refused_with_a_reason(file: CorpusFile) -> None:
    with pytest.raises(pixelferry.InvalidPng) as refused:
        pixelferry.convert(file.path.read_bytes())
    assert (refused.value.code, refused.value.offset) == FAULTS[str(file)]
    assert str(refused.value)


def test_every_fault_of_the_collection_is_listed() -> None:
    if not PNGSUITE_CORRUPT:
        pytest.skip("PIXELFERRY_TEST_CORPUS names no corpus")
    assert {str(file) for file in PNGSUITE_CORRUPT} == FAULTS.keys()
