"""lodepng as a decoder for pixelferry._native; a module that a build may lack."""

from typing import Final

from typing_extensions import CapsuleType

version: Final[str]
decoder: Final[CapsuleType]
