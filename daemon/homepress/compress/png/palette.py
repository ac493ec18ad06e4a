"""The colours of a picture, and fewer of them: the palette, and mapping pixels to it."""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The distinct colours of a picture and where they are, found strip by strip and run by run.
#
# Drawings repeat colours pixel after pixel: looking at runs takes a fraction of the time, and strips keep
# the memory small.

Rgba = NDArray[np.uint8]
"""height x width x 4 (or colours x 4): red, green, blue, alpha."""

MOST_COLOURS = 256

_STRIP_PIXELS = 1 << 19
_PHOTO_COLOURS = 4_096
_PHOTO_BUSYNESS = 0.45
_FEW_BUSYNESS = 0.35


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
        self._busyness: float = runs / (rgba.shape[0] * rgba.shape[1])

    def __len__(self) -> int:
        return len(self._distinct)

    @property
    def of_photograph(self) -> bool:
        """Whether there are so many, and so mixed, that the picture must be a photograph.

        Of 30 photographs each has more than 19,000 colours, and at least half of the pixels differ from
        their neighbour; of 30 screenshots, logos, plots and maps with many colours a tenth to two fifths.
        In grey, or in a palette, a photograph has few colours too: of 45 in grey 44 are busier than 0.35, of
        text and plots with at most 256 colours none is busier than a quarter.
        """
        if len(self) <= MOST_COLOURS:
            return self._busyness > _FEW_BUSYNESS
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


# Fewer colours: a palette of at most 256 colours with alpha for a picture, without dithering.
#
# k-means over the distinct colours of the picture in Oklab (Björn Ottosson, "A perceptual color space for
# image processing", 2020), begun by splitting boxes at the mean of their most spread axis. What makes it
# differ from common quantisers: a colour counts with the 0.55th power of its pixels, so that the few pixels
# of an icon are not drowned by a large ground, and pixels on even ground count more than those amid detail.
# Without dithering the result packs far better; pictures that need dithering are not for a palette. Of seven
# opaque drawings with more than 256 colours, Floyd-Steinberg dithering on the same palette took 0.85 to 2.4
# times the bytes (1.15 in the median), scored 7 points lower to 3 higher, and let no further picture pass.

_ROUNDS = 8
_POPULARITY = 0.55
_DETAIL = np.float32(8.0)  # levels of change to the neighbours that halve a pixel's weight
_CHROMA = np.float32(1.8)  # weight of Oklab's a and b against its lightness
_MOST_TRAINING = 40_000  # colours; of more only the weightiest stand alone, the others are put into bins
_SINGLE_TRAINING = 20_000
_BIN_BITS = 3
_DOMINANT = 0.4  # share of its group's weight from which on a colour is shown exactly
_FAVOUR = 6.0
_CHUNK = 1 << 13

Points = NDArray[np.float32]
Weights = NDArray[np.float64]
Groups = NDArray[np.int64]

_LEVELS = np.arange(256) / 255.0
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A picture of few colours.

    Attributes:
        palette: colours x 4.
        indices: height x width, which colour each pixel has.
    """

    palette: Rgba
    indices: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Cloud:
    """Weighted points.

    Attributes:
        points: count x 4.
        weights: of each.
        kinds: 0 for transparent, 1 for translucent, 2 for opaque colours, which are never mixed.
    """

    points: Points
    weights: Weights
    kinds: Groups


class Quantiser:
    """The distinct colours of one picture, ready to be reduced to palettes of several sizes.

    Args:
        colours: of the picture.
        rgba: the picture; it is not kept.
    """

    def __init__(self, colours: ColourMap, rgba: Rgba) -> None:
        self._shape = colours.shape
        self._numbers = colours.numbers
        self.colours: Rgba = colours.colours
        """The distinct colours."""
        self._pixels: Weights = _weights(colours, rgba)
        self._weights: Weights = np.power(self._pixels, _POPULARITY)
        alpha = self.colours[:, 3]
        self._kinds: Groups = np.where(alpha == 255, 2, np.minimum(alpha, 1)).astype(np.int64)
        self._points = _points(self.colours)
        self._points -= np.average(self._points, axis=0, weights=self._weights).astype(np.float32)
        self._training = self._train()

    def reduce(self, count: int) -> Indexed:
        """The picture in at most `count` colours; fully opaque and fully transparent pixels stay so."""
        groups = self._groups(count)
        palette = _palette(self.colours, self._pixels, groups)
        return Indexed(palette, looked_up(groups.astype(np.uint8), self._numbers).reshape(self._shape))

    def favour(self, blocks: NDArray[np.bool_], edge: int) -> None:
        """Let the colours in some blocks of the picture count for more from now on.

        Args:
            blocks: which of the picture's whole blocks, by row and column.
            edge: pixels along a block.
        """
        wanted = np.zeros(self._shape, np.bool_)
        spread = blocks.repeat(edge, axis=0).repeat(edge, axis=1)
        wanted[: spread.shape[0], : spread.shape[1]] = spread
        favoured = np.zeros(len(self.colours), np.bool_)
        favoured[self._numbers[wanted.ravel()]] = True
        self._weights[favoured] *= _FAVOUR
        self._pixels[favoured] *= _FAVOUR
        self._training = self._train()

    def _train(self) -> _Cloud:
        return _training(_Cloud(self._points, self._weights, self._kinds), self.colours)

    def _groups(self, count: int) -> Groups:
        """Which of at most `count` groups each colour belongs to, numbered without gaps."""
        if len(self.colours) <= count:
            return np.arange(len(self.colours))
        centres = _split(self._training, count)
        for _ in range(_ROUNDS):
            nearest = _nearest(self._training.points, self._training.kinds, centres)
            centres = _palette_means(self._training, nearest, len(centres.points))
        return np.unique(_nearest(self._points, self._kinds, centres), return_inverse=True)[1]


def _weights(colours: ColourMap, rgba: Rgba) -> Weights:
    """The sum of its pixels' weights, of each colour."""
    total: Weights = np.zeros(len(colours.colours), np.float64)
    width = colours.shape[1]
    for top, bottom in strip_rows(colours.shape):
        above = min(top, 1)  # a pixel's weight depends on its neighbours
        weights = _pixel_weights(rgba[top - above : bottom + 1])[above : above + bottom - top]
        numbers = colours.numbers[top * width : bottom * width]
        total += np.bincount(numbers, weights.ravel(), len(total))
    return total


def _pixel_weights(rgba: Rgba) -> Points:
    """Near 1 for pixels like their neighbours, less amid detail, which hides errors."""
    luma: Points = (rgba[..., :3] @ np.array([0.3, 0.6, 0.1], np.float32)).astype(np.float32)
    luma *= rgba[..., 3].astype(np.float32) / np.float32(255.0)
    change = np.zeros_like(luma)
    for axis in (0, 1):
        step = np.abs(np.diff(luma, axis=axis))
        after = (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))
        before = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        change[after] += step
        change[before] += step
    return _DETAIL / (_DETAIL + change)


def _points(colours: Rgba) -> Points:
    """Where colours lie: Oklab times alpha, and alpha."""
    alpha = colours[:, 3:].astype(np.float32) / np.float32(255.0)
    lab = np.cbrt(_LINEAR[colours[:, :3]] @ _TO_CONES.T) @ _TO_LAB.T
    lab[:, 1:] *= _CHROMA
    return np.concatenate((lab.astype(np.float32) * alpha, alpha), axis=1)


def _training(all_colours: _Cloud, colours: Rgba) -> _Cloud:
    """Points to find the centres with: all, or where they are many the weightiest and the means of bins."""
    if len(colours) <= _MOST_TRAINING:
        return all_colours
    packed = np.ascontiguousarray(colours >> _BIN_BITS).view(np.uint32).ravel().astype(np.int64)
    packed += all_colours.kinds << 32
    weightiest = np.argpartition(-all_colours.weights, _SINGLE_TRAINING)[:_SINGLE_TRAINING]
    packed[weightiest] = -1 - np.arange(_SINGLE_TRAINING)
    bins = np.unique(packed, return_inverse=True)[1]
    return _palette_means(all_colours, bins, int(bins.max()) + 1)


def _split(cloud: _Cloud, count: int) -> _Cloud:
    """First centres: of the boxes, one a kind, the one with the greatest spread is cut at its mean, again and
    again until there are `count`.
    """
    boxes: list[tuple[float, int, int, float, Groups]] = []
    numbers = itertools.count()

    def add(members: Groups) -> None:
        points, mass = cloud.points[members], cloud.weights[members, None]
        mean = (points * mass).sum(axis=0) / mass.sum()
        spread = ((points - mean) ** 2 * mass).sum(axis=0)
        axis = int(spread.argmax())
        heapq.heappush(boxes, (-float(spread[axis]), next(numbers), axis, float(mean[axis]), members))

    for kind in np.unique(cloud.kinds):
        add(np.flatnonzero(cloud.kinds == kind))
    while len(boxes) < count and boxes[0][0] < 0.0:
        _, _, axis, mean, members = heapq.heappop(boxes)
        low = cloud.points[members, axis] <= mean
        if low.all() or not low.any():  # too narrow for the precision of its mean
            heapq.heappush(boxes, (0.0, next(numbers), axis, mean, members))
            continue
        add(members[low])
        add(members[~low])
    groups = np.empty(len(cloud.points), np.int64)
    for index, box in enumerate(boxes):
        groups[box[-1]] = index
    return _palette_means(cloud, groups, len(boxes))


def _palette_means(cloud: _Cloud, groups: Groups, count: int) -> _Cloud:
    """The weighted mean of each group that has members; groups are of one kind each."""
    mass: Weights = np.bincount(groups, cloud.weights, count).astype(np.float64)
    filled = mass > 0
    sums = [
        np.bincount(groups, cloud.weights * cloud.points[:, axis], count)[filled]
        for axis in range(cloud.points.shape[1])
    ]
    kinds = np.zeros(count, np.int64)
    kinds[groups] = cloud.kinds
    points = (np.stack(sums, axis=1) / mass[filled, None]).astype(np.float32)
    return _Cloud(points, mass[filled], kinds[filled])


def _nearest(points: Points, kinds: Groups, centres: _Cloud) -> Groups:
    """The nearest centre of each point's own kind."""
    nearest = np.empty(len(points), np.int64)
    for kind in np.unique(kinds):
        mine, its = np.flatnonzero(kinds == kind), np.flatnonzero(centres.kinds == kind)
        targets = centres.points[its]
        halves = (targets * targets).sum(axis=1) / 2
        for start in range(0, len(mine), _CHUNK):
            part = mine[start : start + _CHUNK]
            nearest[part] = its[(halves - points[part] @ targets.T).argmin(axis=1)]
    return nearest


def _palette(colours: Rgba, pixels: Weights, groups: Groups) -> Rgba:
    """The colour of each group: its dominant colour exactly, else the mean weighted by alpha."""
    count = int(groups.max()) + 1
    mass = np.bincount(groups, pixels, count)
    covering = pixels * np.maximum(colours[:, 3], 1)
    covered = np.bincount(groups, covering, count)
    palette = np.empty((count, 4), np.uint8)
    for channel in range(3):
        palette[:, channel] = np.rint(np.bincount(groups, covering * colours[:, channel], count) / covered)
    palette[:, 3] = np.rint(np.bincount(groups, pixels * colours[:, 3], count) / mass)
    dominant = pixels > _DOMINANT * mass[groups]
    order = np.argsort(pixels[dominant], kind="stable")
    palette[groups[dominant][order]] = colours[dominant][order]
    return palette
