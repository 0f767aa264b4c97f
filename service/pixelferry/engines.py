"""convert and convert_into, by the engine that the caller names.

Only what asks for another engine than the direct one loads it. The service never does: it converts
by `convert_async`, which has no choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pixelferry import _native
from pixelferry._native import Bitmap, CancelFlag, Limits, PixelferryError

if TYPE_CHECKING:
    from typing_extensions import Buffer, CapsuleType

Engine = Literal["direct", "lodepng"]

ENGINES: tuple[Engine, ...] = ("direct", "lodepng")
DEFAULT_LIMITS = Limits()


class EngineUnavailable(PixelferryError, ImportError):  # noqa: N818 - as its siblings
    """This build of pixelferry lacks the engine asked for; the message says how to get it."""

    __module__ = "pixelferry"
    code = "engine_unavailable"


def convert(
    png: Buffer,
    *,
    engine: Engine = "direct",
    limits: Limits = DEFAULT_LIMITS,
    cancel: CancelFlag | None = None,
) -> Bitmap:
    """Convert a PNG to a 24-bit BMP file in owned, pooled memory.

    Borrows `png` for the call: resizing it meanwhile raises BufferError, writing to it gives an
    error or wrong pixels. Runs without the interpreter's lock; any thread. Raises InvalidPng,
    LimitExceeded, Cancelled, OutOfMemory.

    The engine "lodepng" is for comparison. It judges the file as lodepng does (InvalidPng with the
    code refused_by_lodepng), works on a counted copy of `png`, and holds the whole picture in
    memory of its own, bounded by nothing but `limits`; `cancel` is seen before and after lodepng's
    work only. Raises EngineUnavailable where it was not built.
    """
    if engine == "direct":
        return _native.convert(png, limits=limits, cancel=cancel)
    return _native.convert_by(_decoder(engine), png, limits=limits, cancel=cancel)


def convert_into(
    png: Buffer,
    out: Buffer,
    *,
    engine: Engine = "direct",
    limits: Limits = DEFAULT_LIMITS,
    cancel: CancelFlag | None = None,
) -> int:
    """Convert a PNG straight into memory that the caller owns; return the bytes written.

    That is inspect(png).output_size. `out` may be larger and must not overlap `png` (ValueError);
    after an error its content is unspecified. Else as `convert`.
    """
    if engine == "direct":
        return _native.convert_into(png, out, limits=limits, cancel=cancel)
    return _native.convert_into_by(_decoder(engine), png, out, limits=limits, cancel=cancel)


def require(engine: str) -> None:
    """Raise EngineUnavailable if this build lacks the engine, ValueError if there is none such."""
    if engine != "direct":
        _decoder(engine)


def _decoder(engine: str) -> CapsuleType:
    if engine != "lodepng":
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {engine!r}")
    try:
        import pixelferry._lodepng as lodepng  # noqa: PLC0415 - only for those who ask
    except ImportError as error:
        raise EngineUnavailable(
            f"this build of pixelferry has no engine lodepng ({error}); install lodepng (Debian:"
            " liblodepng-dev) and build again: by scripts/setup in a checkout, else by pip install"
            " -C cmake.define.PIXELFERRY_LODEPNG=ON"
        ) from error
    return lodepng.decoder
