"""Pictures of the kinds that a corpus has, made from one RGB photo by the tests' PNG writer."""

from __future__ import annotations

import pixelferry
from convert_bench.bmp_pixels import pixels_of_bmp
from convert_bench.pictures import Picture, picture_of
from png_writer import GRAY, PALETTE, RGB, RGBA, png
from png_writer import Picture as Samples

ALL_FILTERS = (0, 1, 2, 3, 4)
LEVELS = (0, 51, 102, 153, 204, 255)  # of each channel in the palette


def made_pictures(photo: Picture) -> list[Picture]:
    """Every second pixel of `photo` as RGBA, gray, palette, 16 bits a sample and Adam7."""
    rgb = pixels_of_bmp(bytes(pixelferry.convert(photo.data)))
    width = 3 * photo.width
    lines = [rgb[start : start + width] for start in range(0, len(rgb), 2 * width)]
    rows = tuple(tuple(tuple(line[x : x + 3]) for x in range(0, width, 6)) for line in lines)
    palette = tuple((r, g, b) for r in LEVELS for g in LEVELS for b in LEVELS)
    kinds = {
        "rgba": Samples(RGBA, 8, tuple(tuple((*p, 255) for p in row) for row in rows)),
        "gray": Samples(GRAY, 8, tuple(tuple((p[1],) for p in row) for row in rows)),
        "palette": Samples(
            PALETTE, 8, tuple(tuple((nearest(p),) for p in row) for row in rows), palette
        ),
        "rgb16": Samples(RGB, 16, tuple(tuple(tuple(257 * s for s in p) for p in r) for r in rows)),
    }
    made = [picture_of(f"{photo.name}-{n}", png(s, filters=ALL_FILTERS)) for n, s in kinds.items()]
    adam7 = png(Samples(RGB, 8, rows), filters=ALL_FILTERS, interlaced=True)
    return [*made, picture_of(f"{photo.name}-adam7", adam7)]


def nearest(pixel: tuple[int, ...]) -> int:
    """Return the index of the palette's entry for an RGB triple."""
    r, g, b = ((sample + 25) // 51 for sample in pixel)
    return (r * len(LEVELS) + g) * len(LEVELS) + b
