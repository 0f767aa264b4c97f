"""Every error is of one hierarchy and carries what a program needs to act on it."""

import pytest

import pixelferry
from png_writer import small_png


def test_hierarchy() -> None:
    for kind in (
        "InvalidPng",
        "LimitExceeded",
        "Cancelled",
        "OutOfMemory",
        "EngineUnavailable",
    ):
        error = getattr(pixelferry, kind)
        assert issubclass(error, pixelferry.PixelferryError)
        assert error.__module__ == "pixelferry"
    assert issubclass(pixelferry.OutOfMemory, MemoryError)


def test_invalid_png_names_code_and_offset() -> None:
    png = bytearray(small_png(width=3, height=2))
    png[0x1D] ^= 0xFF  # IHDR's CRC
    with pytest.raises(pixelferry.InvalidPng, match="CRC") as caught:
        pixelferry.convert(png)
    assert (caught.value.code, caught.value.offset) == ("bad_crc", 0x1D)


def test_limit_exceeded_names_limit_and_asked() -> None:
    png = small_png(width=30, height=20)
    with pytest.raises(pixelferry.LimitExceeded) as pixels:
        pixelferry.convert(png, limits=pixelferry.Limits(max_pixels=599))
    assert (pixels.value.code, pixels.value.limit, pixels.value.asked) == (
        "too_many_pixels",
        599,
        600,
    )
    with pytest.raises(pixelferry.LimitExceeded) as side:
        pixelferry.convert(png, limits=pixelferry.Limits(max_dimension=29))
    assert (side.value.code, side.value.limit, side.value.asked) == ("dimension_too_large", 29, 30)


def test_limits_check_a_header() -> None:
    header = pixelferry.inspect(small_png(width=30, height=20))
    pixelferry.Limits(max_pixels=600, max_dimension=30).check(header)
    with pytest.raises(pixelferry.LimitExceeded):
        pixelferry.Limits(max_pixels=599).check(header)


def test_a_set_flag_cancels() -> None:
    flag = pixelferry.CancelFlag()
    flag.set()
    assert flag.is_set()
    with pytest.raises(pixelferry.Cancelled):
        pixelferry.convert(small_png(width=3, height=2), cancel=flag)


@pytest.mark.parametrize("value", [None, "text", 5])
def test_no_buffer_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        pixelferry.convert(value)  # type: ignore[arg-type]
