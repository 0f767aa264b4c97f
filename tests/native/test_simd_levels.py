"""Whatever instructions a CPU has, the bytes are the same, for every kind of picture."""

from collections.abc import Iterator

import pytest

import pixelferry
from bmp_reader import read_bmp
from pixelferry._native import set_simd_level, simd, simd_levels
from png_writer import KINDS, expected_rgb, noise, png

WIDTHS = (1, 2, 7, 16, 33, 100, 201)


@pytest.fixture(params=simd_levels())
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    """A level that all conversions of the test use."""
    set_simd_level(request.param)
    yield request.param
    set_simd_level(simd)


def test_levels_go_from_the_best_to_none() -> None:
    levels = simd_levels()
    assert (levels[0], levels[-1]) == (simd, "scalar")
    assert len(set(levels)) == len(levels)


@pytest.mark.parametrize("name", ["", "mmx", "AVX2", "avx9000"])
def test_unknown_level_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="SIMD"):
        set_simd_level(name)


@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "adam7"])
@pytest.mark.parametrize(("color_type", "bit_depth"), KINDS)
def test_every_level_gives_the_same_picture(
    level: str, color_type: int, bit_depth: int, interlaced: bool
) -> None:
    for width in WIDTHS:
        picture = noise(width, 23, color_type, bit_depth, colors=99)
        file = png(picture, filters=(4, 4, 3, 1, 2, 4, 3, 3, 0), interlaced=interlaced)
        bmp = read_bmp(bytes(pixelferry.convert(file)))
        assert bmp.rgb == expected_rgb(picture), f"{level}, width {width}"
