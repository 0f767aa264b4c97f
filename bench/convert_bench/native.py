"""The contenders in the shared library of peers, timed without Python between two runs."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convert_bench.bmp_pixels import pixels_of_bmp
from convert_bench.contender import Absent, Contender, Kind, UnsupportedError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from convert_bench.pictures import Picture

OPTIONAL = ("libspng", "libpng")
LIMITS = ("inflate/", "memcpy", "checksums")


class Library:
    """bench/native/api.hpp by ctypes."""

    def __init__(self, path: Path) -> None:
        """Load it; raises OSError."""
        self._calls = calls = ctypes.CDLL(str(path))
        calls.bench_count.restype = ctypes.c_size_t
        calls.bench_name.restype = calls.bench_version.restype = ctypes.c_char_p
        calls.bench_error.restype = calls.bench_compiler.restype = ctypes.c_char_p
        calls.bench_name.argtypes = calls.bench_version.argtypes = (ctypes.c_size_t,)
        calls.bench_open.restype = ctypes.c_void_p
        calls.bench_open.argtypes = (ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)
        calls.bench_close.argtypes = (ctypes.c_void_p,)
        calls.bench_close.restype = None
        calls.bench_seconds.restype = ctypes.c_double
        calls.bench_seconds.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        calls.bench_result.restype = ctypes.c_size_t
        calls.bench_result.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)

    def contenders(self) -> list[Contender]:
        """Return all that were built."""
        return [self._contender(index) for index in range(self._calls.bench_count())]

    def absent(self) -> list[Absent]:
        """Return those whose library was missing when this one was built."""
        here = {contender.name for contender in self.contenders()}
        return [
            Absent(name, "its library is not installed") for name in OPTIONAL if name not in here
        ]

    def compiler(self) -> str:
        """Return what compiled it."""
        return str(self._calls.bench_compiler().decode())

    def _contender(self, index: int) -> Contender:
        name = self._calls.bench_name(index).decode()
        if name == "pixelferry":
            kind = Kind.OURS
        elif name.startswith("pixelferry/"):
            kind = Kind.LEVEL
        else:
            kind = Kind.LIMIT if name.startswith(LIMITS) else Kind.PEER
        version = self._calls.bench_version(index).decode()
        return Contender(name, version, kind, lambda picture: NativeJob.of(self, index, picture))

    def open(self, index: int, data: bytes) -> int:
        """Make a contender ready; the caller keeps `data` alive and closes."""
        handle: int | None = self._calls.bench_open(index, data, len(data))
        if handle is None:
            raise UnsupportedError(self._calls.bench_error().decode())
        return handle

    def close(self, handle: int) -> None:
        """End what open() began."""
        self._calls.bench_close(handle)

    def seconds(self, handle: int, count: int) -> float:
        """Return the seconds of `count` runs."""
        seconds: float = self._calls.bench_seconds(handle, count)
        if seconds < 0:
            raise UnsupportedError(self._calls.bench_error().decode())
        return seconds

    def result(self, handle: int, capacity: int) -> bytes:
        """Return what one run yields."""
        out = ctypes.create_string_buffer(capacity)
        size: int = self._calls.bench_result(handle, out, capacity)
        if size == 0:
            raise UnsupportedError(self._calls.bench_error().decode())
        return out.raw[:size]


@dataclass(frozen=True)
class NativeJob:
    """A contender of the library that holds one picture."""

    library: Library
    handle: int
    picture: Picture

    @classmethod
    def of(cls, library: Library, index: int, picture: Picture) -> Self:
        """Make it ready."""
        return cls(library, library.open(index, picture.data), picture)

    def __del__(self) -> None:
        """End it."""
        self.library.close(self.handle)

    def seconds(self, count: int) -> float:
        """Run `count` times; return the seconds of all."""
        return self.library.seconds(self.handle, count)

    def pixels(self) -> bytes:
        """Run once; return RGB triples."""
        return pixels_of_bmp(self.library.result(self.handle, self.picture.output_size))
