"""Real photos up to 4K, of every common kind, show the pixels that other decoders agree on."""

import pytest

import pixelferry
from corpus_files import PHOTOS, CorpusFile
from readers import READERS, Reader


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("file", PHOTOS, ids=str)
def test_photo_shows_its_pixels(file: CorpusFile, reader: Reader) -> None:
    bitmap = pixelferry.convert(file.path.read_bytes())
    file.assert_shown(*reader(bytes(bitmap)))
