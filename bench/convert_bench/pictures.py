"""The pictures: a corpus, files that were named, or a small set made from the tests' photo."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RGB, PALETTE, RGBA = 2, 3, 6
CHANNELS = {0: 1, RGB: 3, PALETTE: 1, 4: 2, RGBA: 4}
MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class Picture:
    """A PNG file in memory, and what its IHDR says."""

    name: str
    data: bytes
    width: int
    height: int
    bit_depth: int
    color_type: int
    interlaced: bool

    @property
    def stride(self) -> int:
        """Bytes of a row of the BMP."""
        return (3 * self.width + 3) // 4 * 4

    @property
    def output_size(self) -> int:
        """Bytes of the 24-bit BMP."""
        return 54 + self.stride * self.height

    @property
    def filtered_row(self) -> int:
        """Bytes of a scanline with its filter type."""
        return 1 + (self.width * CHANNELS[self.color_type] * self.bit_depth + 7) // 8

    @property
    def is_4k_photo(self) -> bool:
        """8-bit RGB of at least 3840 x 2160."""
        kind = (self.color_type, self.bit_depth, self.interlaced)
        return kind == (RGB, 8, False) and self.width * self.height >= 3840 * 2160

    @property
    def is_plot(self) -> bool:
        """8-bit RGBA of at least a megapixel: flat areas and text."""
        return self.color_type == RGBA and self.width * self.height >= MEGAPIXEL

    @property
    def is_rgb16(self) -> bool:
        """RGB with 16 bits a sample."""
        return (self.color_type, self.bit_depth) == (RGB, 16)


def picture_of(name: str, data: bytes) -> Picture:
    """Read IHDR; raises ValueError if `data` is no PNG."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        raise ValueError(f"{name} is no PNG file")
    width, height, depth, color_type, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
    return Picture(name, data, width, height, depth, color_type, interlace == 1)


def read_pictures(paths: Iterable[Path], *, skip_others: bool = False) -> list[Picture]:
    """Read files, and the PNG files of folders, by name; `skip_others`: what is no PNG inside."""
    files = [
        file for path in paths for file in (sorted(path.glob("*.png")) if path.is_dir() else [path])
    ]
    pictures = []
    for file in files:
        try:
            pictures.append(picture_of(file.stem, file.read_bytes()))
        except ValueError:
            if not skip_others:
                raise
    return pictures
