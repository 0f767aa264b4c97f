"""Where the tests' pictures are."""

import os
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def photo() -> Path:
    """A real photo: RGB, 8 bits, 600 × 400."""
    return DATA / "photo.png"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """PngSuite and larger photos with the hashes of their pixels, where they are at hand."""
    folder = os.environ.get("PIXELFERRY_TEST_CORPUS")
    if not folder:
        pytest.skip("PIXELFERRY_TEST_CORPUS names no corpus")
    return Path(folder)
