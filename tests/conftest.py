"""What tests of every part share."""

import signal
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def sigint_reaches_commands() -> None:
    """Undo what shells do to jobs in the background: SIGINT ignored, in all they start as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def photo() -> Path:
    """A real photo: RGB, 8 bits, 600 × 400."""
    return Path(__file__).parent / "data" / "photo.png"
