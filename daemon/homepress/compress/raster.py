"""A decoded picture whose pixels are handed out window by window.

It is an array, or a picture in Pillow's own memory, of which an array would be a second copy. Windows keep
copies small, which is what lets pictures of 100 megapixels through.
"""

import hashlib
from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""height x width for one channel, else height x width x channels."""


_STRIP_PIXELS = 1 << 19
_LARGE_PIXELS = 18_000_000


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


class Remembered:
    """The pixels of a picture to compare others with.

    Large ones are remembered by a digest, which takes more time and less memory.

    Args:
        picture: the picture.
    """

    def __init__(self, picture: Windowed) -> None:
        large = picture.shape[0] * picture.shape[1] > _LARGE_PIXELS
        self._known = _digest(picture) if large else picture

    def are_those_of(self, picture: Windowed) -> bool:
        """Whether a picture has the same size, the same channels and the same pixels."""
        if isinstance(self._known, str):
            return _digest(picture) == self._known
        if picture.shape != self._known.shape:
            return False
        return all(map(np.array_equal, _strips(picture), _strips(self._known)))


def _digest(picture: Windowed) -> str:
    result = hashlib.sha256(repr(picture.shape).encode())
    for strip in _strips(picture):
        result.update(np.ascontiguousarray(strip).data)
    return result.hexdigest()


def _strips(picture: Windowed) -> Iterator[Pixels]:
    """All rows, top to bottom, so many at once that copies stay small."""
    height, width = picture.shape[:2]
    rows = max(_STRIP_PIXELS // width, 1)
    return (picture[top : top + rows, :] for top in range(0, height, rows))
