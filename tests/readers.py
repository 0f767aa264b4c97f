"""Readers that must all see the same pixels in a BMP: two of other projects, and our strict one."""

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from bmp_reader import read_bmp

Reader = Callable[[bytes], tuple[int, int, bytes]]  # width, height, RGB triples from the top


def own(file: bytes) -> tuple[int, int, bytes]:
    bmp = read_bmp(file)
    return bmp.width, bmp.height, bmp.rgb


def pillow(file: bytes) -> tuple[int, int, bytes]:
    with Image.open(io.BytesIO(file), formats=["BMP"]) as image:
        assert image.mode == "RGB"
        return image.width, image.height, image.tobytes()


def opencv(file: bytes) -> tuple[int, int, bytes]:
    image = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    height, width, channels = image.shape
    assert channels == 3
    return width, height, image[:, :, ::-1].tobytes()


READERS: tuple[Reader, ...] = (own, pillow, opencv)
