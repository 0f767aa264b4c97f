"""pixelferry turns PNG into BMP with as few copies as physics allows.

The blocking calls come straight from the native core; the `_async` ones are loaded when first
used, so that a command-line program does not pay for asyncio.
"""

from typing import TYPE_CHECKING, Any

from pixelferry._native import (
    Bitmap,
    CancelFlag,
    Cancelled,
    Header,
    InvalidPng,
    LimitExceeded,
    Limits,
    OutOfMemory,
    OwnedBuffer,
    PixelferryError,
    __version__,
    adopt,
    copy_of,
    inspect,
    request_buffer,
    rotate_in_place,
    rotate_split,
)
from pixelferry.engines import EngineUnavailable, convert, convert_into

if TYPE_CHECKING:
    from pixelferry.conversion import convert_async
    from pixelferry.rotation import rotate_async, rotate_split_async

__all__ = [
    "Bitmap",
    "CancelFlag",
    "Cancelled",
    "EngineUnavailable",
    "Header",
    "InvalidPng",
    "LimitExceeded",
    "Limits",
    "OutOfMemory",
    "OwnedBuffer",
    "PixelferryError",
    "__version__",
    "adopt",
    "convert",
    "convert_async",
    "convert_into",
    "copy_of",
    "inspect",
    "request_buffer",
    "rotate_async",
    "rotate_in_place",
    "rotate_split",
    "rotate_split_async",
]

_LAZY = {
    "convert_async": "pixelferry.conversion",
    "rotate_async": "pixelferry.rotation",
    "rotate_split_async": "pixelferry.rotation",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Load an `_async` call on first use."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only for those who ask

    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value
