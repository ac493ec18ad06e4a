"""What is asked of the compressor for one picture."""

import enum
from dataclasses import dataclass

from homepress.base.formats import ImageType


class MetadataPolicy(enum.StrEnum):
    """Which metadata the result carries."""

    KEEP = "keep"
    """All of it, byte for byte."""
    SHARE = "share"
    """Without location, serial numbers, owner names and embedded thumbnail."""
    STRIP = "strip"
    """Nothing but the colour profile; the orientation is baked into the pixels."""


LOWEST_FLOOR = 30.0
"""No lossy result is ever made under this score."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything but the bytes that decides a result: same bytes and same recipe, same result.

    Attributes:
        floor: the lowest SSIMULACRA2 2.1 score against the source that is accepted, 30 to 100; None asks
            for lossless, where every pixel stays as it is.
        palette: whether a PNG may be reduced to a palette where the floor holds.
        metadata: which metadata the result carries.
        convert_to: the format of the result; None keeps the source's.
        max_edge: the longest edge of the result in pixels; 0 never resizes.
        fit_under: the size in bytes that the result shall not exceed; 0 sets none.
    """

    floor: float | None = 80.0
    palette: bool = True
    metadata: MetadataPolicy = MetadataPolicy.KEEP
    convert_to: ImageType | None = None
    max_edge: int = 0
    fit_under: int = 0
