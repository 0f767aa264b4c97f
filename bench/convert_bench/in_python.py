"""The contenders that are called from Python: pixelferry's binding, Pillow, OpenCV, kornia_rs.

Each is imported when it is asked for, so that a process can hold one of them alone.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from timeit import Timer
from typing import TYPE_CHECKING, Any

from convert_bench.bmp_pixels import pixels_of_bmp
from convert_bench.contender import Absent, Contender, Kind, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert_bench.pictures import Picture

MODES = {0: "mono", 2: "rgb", 6: "rgba"}  # kornia_rs: color type to what it calls it
CHANNELS = {"mono": 1, "rgb": 3, "rgba": 4}


@dataclass(frozen=True)
class PythonJob:
    """A call with one picture."""

    call: Callable[[bytes], Any]
    data: bytes
    shown: Callable[[Any], bytes]

    def __post_init__(self) -> None:
        """Fail now if the picture cannot be read, not while others are timed."""
        try:
            self.call(self.data)
        except Exception as error:
            raise UnsupportedError(str(error)) from error

    def seconds(self, count: int) -> float:
        """Run `count` times; return the seconds of all."""
        return Timer("call(data)", globals={"call": self.call, "data": self.data}).timeit(count)

    def pixels(self) -> bytes:
        """Run once; return RGB triples."""
        return self.shown(self.call(self.data))


def to_bmp(name: str, version: str, kind: Kind, call: Callable[[bytes], Any]) -> Contender:
    """Return one whose call yields a whole BMP file."""
    return Contender(
        name,
        version,
        kind,
        lambda picture: PythonJob(call, picture.data, lambda bmp: pixels_of_bmp(bytes(bmp))),
    )


def pixelferry_call() -> Contender:
    """The package's own call."""
    import pixelferry  # noqa: PLC0415

    return to_bmp("pixelferry (Python)", pixelferry.__version__, Kind.OURS, pixelferry.convert)


def pillow() -> Contender:
    """Pillow as its users would write it."""
    from PIL import __version__  # noqa: PLC0415

    return to_bmp("Pillow", __version__, Kind.PEER, pillow_call())


def pillow_call() -> Callable[[bytes], memoryview]:
    """Open, convert to RGB, save, all in memory."""
    from PIL import BmpImagePlugin, Image, PngImagePlugin  # noqa: F401, PLC0415

    def convert(png: bytes) -> memoryview:
        out = io.BytesIO()
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            rgb = image if image.mode == "RGB" else image.convert("RGB")
            rgb.save(out, "BMP")
        return out.getbuffer()

    return convert


def opencv() -> Contender:
    """OpenCV as its users would write it."""
    import cv2  # noqa: PLC0415

    return to_bmp("OpenCV", cv2.__version__, Kind.PEER, opencv_call())


def opencv_call() -> Callable[[bytes], Any]:
    """Decode to BGR, encode as BMP, all in memory and in one thread."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    cv2.setNumThreads(1)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION

    def convert(png: bytes) -> Any:  # noqa: ANN401 - an array
        image = cv2.imdecode(np.frombuffer(png, np.uint8), flags)
        if image is None:
            raise ValueError("cannot be decoded")
        return cv2.imencode(".bmp", image)[1]

    return convert


def kornia() -> Contender:
    """Rust's png crate; it decodes only, and needs to be told what is in the file."""
    import kornia_rs  # noqa: PLC0415
    from kornia_rs.io import decode_image_png_u8  # noqa: PLC0415

    def job(picture: Picture) -> PythonJob:
        if picture.color_type not in MODES:
            raise UnsupportedError("color type")
        mode, shape = MODES[picture.color_type], (picture.height, picture.width)
        return PythonJob(
            lambda png: decode_image_png_u8(png, shape, mode),
            picture.data,
            lambda array: rgb_of(bytes(array), CHANNELS[mode]),
        )

    return Contender("kornia_rs", str(kornia_rs.__version__), Kind.DECODER, job)


def rgb_of(samples: bytes, channels: int) -> bytes:
    """Return RGB triples of gray, RGB or RGBA samples."""
    rgb = bytearray(len(samples) // channels * 3)
    for channel in range(3):
        rgb[channel::3] = samples[channel % channels :: channels]
    return bytes(rgb)


FACTORIES: dict[str, Callable[[], Contender]] = {
    "pixelferry (Python)": pixelferry_call,
    "Pillow": pillow,
    "OpenCV": opencv,
    "kornia_rs": kornia,
}


def python_contenders() -> tuple[list[Contender], list[Absent]]:
    """Return all that are installed, and the others."""
    here: list[Contender] = []
    absent: list[Absent] = []
    for name, factory in FACTORIES.items():
        try:
            here.append(factory())
        except ImportError as error:
            absent.append(Absent(name, str(error)))
    return here, absent
