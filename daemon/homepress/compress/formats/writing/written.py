"""What is asked of a writer, and what it gives."""

from dataclasses import dataclass

import numpy as np

from homepress.compress.formats.judge import Judge
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.quality.colour import to_srgb
from homepress.compress.result import ScoreKind

_GREY = b"GRAY"


@dataclass(frozen=True, slots=True)
class Wish:
    """How good a written picture shall be.

    Attributes:
        floor: the least score; None asks for the same pixels.
        palette: whether a PNG may have fewer colours.
    """

    floor: float | None
    palette: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """A file.

    Attributes:
        data: its bytes.
        score: against the picture it was made from; 100 for the same pixels.
        kind: how the score was measured.
        lossless: whether every pixel is the same.
        method: in words for the history.
    """

    data: bytes
    score: float
    kind: ScoreKind
    lossless: bool
    method: str


def judge_of(picture: Picture) -> Judge:
    """A judge of results of this picture."""
    return Judge(picture.rgba, to_srgb("RGB", picture.icc))


def is_srgb(icc: bytes) -> bool:
    """Whether a profile means sRGB, so that nothing is lost without it."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    return np.array_equal(to_srgb("RGB", icc)(grid), grid)


def refuse_grey_profile(picture: Picture, name: str) -> None:
    """See that a format which has only colour is not given a profile for grey.

    Raises:
        CannotConvert: it would be.
    """
    if picture.icc is not None and picture.icc[16:20] == _GREY:
        raise CannotConvert(f"its profile is for grey, and {name} stores colours")


def wants_grey(picture: Picture) -> bool:
    """Whether a picture without colour may be stored as grey: unless its profile is for colour."""
    return picture.icc is None or picture.icc[16:20] == _GREY
