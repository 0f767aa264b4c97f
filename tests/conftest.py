"""What tests of every part share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def photo() -> Path:
    """A real photo: RGB, 8 bits, 600 × 400."""
    return Path(__file__).parent / "data" / "photo.png"
