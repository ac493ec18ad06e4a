"""A decoded picture whose pixels are handed out window by window.

It is an array, or a picture in Pillow's own memory, of which an array would be a second copy. Windows keep
copies small, which is what lets pictures of 100 megapixels through.
"""

import hashlib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""height x width for one channel, else height x width x channels."""


_STRIP_PIXELS = 1 << 19


class Windowed(Protocol):
    """A picture that gives windows of its pixels: a `Raster`, or an array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and, with more than one, channels."""
        ...

    def __getitem__(self, window: tuple[slice, slice], /) -> Pixels:
        """The pixels of some rows and columns."""
        ...


class Raster:
    """Windows into a decoded Pillow picture of 8 bits a channel.

    Args:
        picture: of mode "L", "RGB" or "CMYK".
    """

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture
        bands = len(picture.getbands())
        height, width = picture.height, picture.width
        self.shape: tuple[int, ...] = (height, width) if bands == 1 else (height, width, bands)

    def __getitem__(self, window: tuple[slice, slice]) -> Pixels:
        (top, bottom, _), (left, right, _) = (
            part.indices(length) for part, length in zip(window, self.shape, strict=False)
        )
        return np.asarray(self.picture.crop((left, top, right, bottom)))

    def sparse(self, rows: slice, columns: slice, step: int) -> Pixels:
        """About every `step`-th pixel of a window each way, without touching the others."""
        (top, bottom, _), (left, right, _) = (
            part.indices(length) for part, length in zip((rows, columns), self.shape, strict=False)
        )
        size = ((right - left) // step, (bottom - top) // step)
        return np.asarray(self.picture.resize(size, Image.Resampling.NEAREST, (left, top, right, bottom)))


def sparse(picture: Windowed, rows: slice, columns: slice, step: int) -> Pixels:
    """About every `step`-th pixel of a window each way; its edges must be multiples of `step`."""
    if isinstance(picture, Raster):
        return picture.sparse(rows, columns, step)
    first = step // 2  # the middle, as Pillow chooses
    return picture[rows, columns][first::step, first::step]


def digest(picture: Windowed) -> str:
    """A digest of size, channels and pixels: equal for two pictures only if all of these are."""
    height, width = picture.shape[:2]
    rows = max(_STRIP_PIXELS // width, 1)
    result = hashlib.sha256(repr(picture.shape).encode())
    for top in range(0, height, rows):
        result.update(np.ascontiguousarray(picture[top : top + rows, :]).data)
    return result.hexdigest()
