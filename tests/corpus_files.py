"""The pictures of the corpus that PIXELFERRY_TEST_CORPUS names, with what must become of each.

Without the variable the lists are empty, and the tests over them are skipped.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CorpusFile:
    """A PNG file; a valid one with the SHA-256 of its RGB triples, top row first, unpadded."""

    path: Path
    valid: bool
    width: int = 0
    height: int = 0
    rgb_sha256: str = ""

    def __str__(self) -> str:
        return self.path.stem

    def assert_shown(self, width: int, height: int, rgb: bytes) -> None:
        """Fails unless these are the file's pixels."""
        assert (width, height) == (self.width, self.height)
        assert hashlib.sha256(rgb).hexdigest() == self.rgb_sha256


def corpus_files(folder: str) -> list[CorpusFile]:
    """The files of one folder, `pngsuite` or `photos`, by name."""
    corpus = os.environ.get("PIXELFERRY_TEST_CORPUS")
    if not corpus:
        return []
    root = Path(corpus)
    listed = json.loads((root / f"{folder}-expected.json").read_text())["files"]
    return [
        CorpusFile(
            root / folder / name,
            valid=entry.get("valid", True),
            width=entry.get("width", 0),
            height=entry.get("height", 0),
            rgb_sha256=entry.get("rgb_sha256", ""),
        )
        for name, entry in sorted(listed.items())
    ]


PNGSUITE = corpus_files("pngsuite")
PNGSUITE_VALID = [file for file in PNGSUITE if file.valid]
PNGSUITE_CORRUPT = [file for file in PNGSUITE if not file.valid]
PHOTOS = corpus_files("photos")

# What is wrong with each corrupt file of PngSuite, and the byte that shows it.
PNGSUITE_FAULTS = {
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
