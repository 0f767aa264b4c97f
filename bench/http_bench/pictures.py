"""The three pictures: an icon, a photo of a megapixel, a photo of 4K."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from convert_bench.pictures import picture_of, read_pictures
from png_writer import RGBA, png
from png_writer import Picture as Samples
from soak.pictures import made_photo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convert_bench.pictures import Picture
    from png_writer import Pixel

ICON, MEGAPIXEL, PHOTO = "icon", "1 MP", "4K"
SIDE = 64  # of the icon
REDUCED = 1333, 750  # rows that need padding


def chosen_pictures() -> list[Picture]:
    """Take the 4K photo of PIXELFERRY_TEST_CORPUS, or make one; make the others.

    Raises OSError, ValueError, and ImportError without Pillow.
    """
    corpus = os.environ.get("PIXELFERRY_TEST_CORPUS")
    known = read_pictures([Path(corpus) / "photos"]) if corpus else []
    large = next((one for one in known if one.is_4k_photo), None)
    photo = (large or read_pictures([made_photo()])[0]).data
    return [
        picture_of(ICON, made_icon()),
        picture_of(MEGAPIXEL, reduced(photo)),
        picture_of(PHOTO, photo),
    ]


def made_icon() -> bytes:
    """Draw a shaded ball with a soft edge on nothing."""
    rows = tuple(tuple(_icon_row(y)) for y in range(SIDE))
    return png(Samples(RGBA, 8, rows), filters=(4,))


def _icon_row(y: int) -> Iterator[Pixel]:
    radius = SIDE // 2 - 2
    for x in range(SIDE):
        from_centre = (2 * x - SIDE + 1) ** 2 + (2 * y - SIDE + 1) ** 2
        alpha = max(0, min(255, (4 * radius**2 - from_centre) * 2))
        light = max(0, 255 - ((x - 22) ** 2 + (y - 20) ** 2) // 6)
        yield (light, light * (SIDE + y) // 192, 255 - 3 * y, alpha) if alpha else (0, 0, 0, 0)


def reduced(photo: bytes) -> bytes:
    """Make a photo smaller."""
    from PIL import Image  # noqa: PLC0415

    out = io.BytesIO()
    with Image.open(io.BytesIO(photo)) as image:
        image.convert("RGB").resize(REDUCED, Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()
