"""The pictures that are posted, and the BMP files that must come back."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from convert_bench.pictures import read_pictures
from png_writer import small_png
from soak.arguments import TOP

PHOTO = TOP / "tests" / "data" / "photo.png"
MADE_PHOTO = TOP / "build" / "soak" / "photo-4k.png"
WIDTH, HEIGHT = 3840, 2160
ICON, SMALL = 64, 1_000_000  # sides of an icon, and pixels of the others, at most


@dataclass(frozen=True)
class Picture:
    """A PNG file and what must become of it."""

    name: str
    png: bytes
    bmp: bytes


@dataclass(frozen=True)
class Pictures:
    """By size: each has at least one."""

    photos: tuple[Picture, ...]  # of 4K, or what was named
    middle: tuple[Picture, ...]
    icons: tuple[Picture, ...]


def chosen_pictures(photo: Path | None) -> Pictures:
    """Take the corpus that PIXELFERRY_TEST_CORPUS names, or make what is needed.

    `photo` is posted instead of a 4K photo. Raises OSError, and ValueError for what is no PNG.
    """
    corpus = os.environ.get("PIXELFERRY_TEST_CORPUS")
    known = read_pictures([PHOTO, *([Path(corpus) / "photos"] if corpus else [])])
    large = [] if photo else [one for one in known if one.is_4k_photo]
    icons = [one for one in known if max(one.width, one.height) <= ICON]
    middle = [one for one in known if one not in icons and one.width * one.height <= SMALL]
    large = large or read_pictures([photo or made_photo()])
    made_icon = ("icon", small_png(width=32, height=32))
    return Pictures(
        photos=tuple(converted(one.name, one.data) for one in large),
        middle=tuple(converted(one.name, one.data) for one in middle),
        icons=tuple(converted(*one) for one in (made_icon, *((i.name, i.data) for i in icons))),
    )


def converted(name: str, png: bytes) -> Picture:
    """Convert a picture by the command, in a process of its own."""
    command = [sys.executable, "-m", "pixelferry", "convert", "-"]
    done = subprocess.run(command, input=png, capture_output=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"{name}: {done.stderr.decode().strip()}")
    return Picture(name, png, done.stdout)


def made_photo() -> Path:
    """Make a 4K photo of the tests' small one: enlarged, with the noise of a sensor."""
    import numpy as np  # noqa: PLC0415 - only if there is no corpus
    from PIL import Image  # noqa: PLC0415

    if not MADE_PHOTO.exists():
        with Image.open(PHOTO) as small:
            large = np.asarray(small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.int16)
        noise = np.random.default_rng(0).integers(-2, 3, large.shape, np.int16)
        png = io.BytesIO()
        noisy = np.clip(large + noise, 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(png, "PNG", compress_level=1)
        MADE_PHOTO.parent.mkdir(parents=True, exist_ok=True)
        MADE_PHOTO.write_bytes(png.getvalue())
    return MADE_PHOTO
