"""A decoded picture whose pixels are handed out window by window.

Pillow holds a picture in its own memory; an array of all its pixels would be a second copy. Windows keep the
copies small, which is what lets pictures of 100 megapixels through.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""height x width for one channel, else height x width x channels."""


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

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.picture.size

    def whole(self) -> Pixels:
        """All pixels in one array: for small pictures."""
        return np.asarray(self.picture)


def sparse(picture: Windowed, rows: slice, columns: slice, step: int) -> Pixels:
    """About every `step`-th pixel of a window each way; its edges must be multiples of `step`."""
    if isinstance(picture, Raster):
        return picture.sparse(rows, columns, step)
    return picture[rows, columns][::step, ::step]
