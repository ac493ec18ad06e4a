"""The distinct colours of a picture and where they are, found strip by strip and run by run.

Drawings repeat colours pixel after pixel: looking at runs takes a fraction of the time, and strips keep the
memory small.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rgba = NDArray[np.uint8]
"""height x width x 4 (or colours x 4): red, green, blue, alpha."""

_STRIP_PIXELS = 1 << 19
_PHOTO_COLOURS = 4_096
_PHOTO_BUSYNESS = 0.45


@dataclass(frozen=True, slots=True, eq=False)
class ColourMap:
    """The colours of one picture.

    Attributes:
        shape: its height and width.
        colours: the distinct ones, colours x 4; full transparency is one colour.
        numbers: of each pixel, row by row, which colour it has.
    """

    shape: tuple[int, int]
    colours: Rgba
    numbers: NDArray[np.uint16] | NDArray[np.uint32]


class Colours:
    """What colours a picture has.

    Args:
        rgba: the picture; colour beneath full transparency does not count.
    """

    def __init__(self, rgba: Rgba) -> None:
        self._rgba = rgba
        found, runs = [], 0
        for _, packed in packed_strips(rgba):
            values = packed[_starts(packed)]
            runs += len(values)
            found.append(np.unique(values))
        self._distinct = np.unique(np.concatenate(found))
        self._busyness = runs / (rgba.shape[0] * rgba.shape[1])

    def __len__(self) -> int:
        return len(self._distinct)

    @property
    def of_photograph(self) -> bool:
        """Whether there are so many, and so mixed, that the picture must be a photograph.

        Of 30 photographs each has more than 19,000 colours, and at least half of the pixels differ from
        their neighbour; of 30 screenshots, logos, plots and maps with many colours a tenth to two fifths.
        """
        return len(self) > _PHOTO_COLOURS and self._busyness > _PHOTO_BUSYNESS

    def mapped(self) -> ColourMap:
        """The colour of each pixel."""
        height, width = self._rgba.shape[:2]
        narrow = len(self) <= 1 << 16
        numbers = np.empty(height * width, np.uint16 if narrow else np.uint32)
        for first, packed in packed_strips(self._rgba):
            starts = _starts(packed)
            lengths = np.diff(starts, append=len(packed))
            which = np.searchsorted(self._distinct, packed[starts]).astype(numbers.dtype)
            numbers[first : first + len(packed)] = np.repeat(which, lengths)
        return ColourMap((height, width), self._distinct.view(np.uint8).reshape(-1, 4), numbers)


def looked_up(table: NDArray[np.uint8], numbers: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """`table[numbers]`; at once numpy would first make numbers of 8 bytes of all of them."""
    result = np.empty((*numbers.shape, *table.shape[1:]), np.uint8)
    step = max(_STRIP_PIXELS * len(numbers) // numbers.size, 1)
    for first in range(0, len(numbers), step):
        result[first : first + step] = table[numbers[first : first + step]]
    return result


def strip_rows(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """First row, and the one after the last, of strips of a picture."""
    step = max(_STRIP_PIXELS // shape[1], 1)
    for top in range(0, shape[0], step):
        yield top, min(top + step, shape[0])


def packed_strips(rgba: Rgba) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """The pixels of strips as numbers, equal ones for equal colours; and the number of each first pixel."""
    for top, bottom in strip_rows(rgba.shape):
        strip = np.ascontiguousarray(rgba[top:bottom])
        packed = strip.view(np.uint32).ravel()
        yield top * rgba.shape[1], np.where(strip[..., 3].ravel() == 0, np.uint32(0), packed)


def _starts(packed: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Where runs of equal pixels begin."""
    differs = np.empty(len(packed), np.bool_)
    differs[0] = True
    np.not_equal(packed[1:], packed[:-1], out=differs[1:])
    return np.flatnonzero(differs)
