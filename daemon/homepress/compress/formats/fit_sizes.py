"""What a picture is expected to come to, in bytes, at a floor and a share of its edges.

Sizes grow with the floor along much the same curve in all pictures, and with the edge as a power of it.
Where on the curve a picture lies, a mosaic of its own tiles tells for little; attempts tell it exactly.
"""

import dataclasses
import math
from collections.abc import Callable, Set

import numpy as np

from homepress.compress.formats.picture import Picture
from homepress.compress.formats.resize import resized
from homepress.compress.formats.writing import Wish, Written
from homepress.compress.quality.tiles import EDGE, cells, draw
from homepress.compress.recipe import LOWEST_FLOOR

LEAST_STEP = 0.5
"""Points of the floor that are worth another attempt."""

_GROWTH = (
    (30.0, -1.6),
    (50.0, -1.2),
    (60.0, -0.92),
    (70.0, -0.57),
    (80.0, 0.0),
    (85.0, 0.35),
    (90.0, 0.78),
    (95.0, 1.3),
    (100.0, 2.0),
)
"""The logarithm of a picture's size at a floor, relative to that at 80: about the same for all pictures."""
_GROWTH_WITH_EDGE = 1.7
"""Power of the edge with which sizes grow: fine detail is lost where pictures shrink."""
_FULL_ENOUGH = 0.12  # in logarithms: a result that leaves less room than this is good enough
_AIM = 0.03  # how far under the limit is aimed at
_HOPELESS = 0.35  # by how much the least size may be expected to exceed the limit and still be tried
_HOPELESS_BY_SAMPLE = 0.15  # the same where a mosaic was written

_SURELY = 0.3  # by how much a size by a mosaic has to exceed the limit for nobody to try it
_GUESSED_AIM = 0.07  # how far under the limit is aimed at as long as only a mosaic was written

_SIDE = 8
"""Tiles along a mosaic's edge; whole blocks meet at their borders, so these cost no bytes."""
_WORTH_A_SAMPLE = 4 * (_SIDE * EDGE) ** 2
"""Pixels of a picture from which on a mosaic saves more than it costs."""
_SAMPLE_SHARE, _SAMPLE_FLOOR = 0.5, 55.0

Write = Callable[[Picture, Wish], Written | None]


class Sizes:
    """What attempts came to, and what others are expected to come to.

    Args:
        limit: the size that is asked for, in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = math.log(limit)
        self._offsets: dict[float, float] = {}
        """By floor, how far a size was from the common curve, full size in pixels assumed."""
        self._power = _GROWTH_WITH_EDGE
        self._hopeless = _HOPELESS
        self._is_guess = False
        self._scale, self._beside = 1.0, 0
        self.least: int | None = None
        """Bytes of the smallest attempt."""
        self.forgiving = False
        """Whether nothing counts as hopeless, because nothing is left to be tried after it."""

    def sample(self, picture: Picture, wish: Wish, write: Write) -> None:
        """Write a mosaic of the picture's tiles a few times, if that is worth it, and expect accordingly.

        Args:
            picture: the picture in full size.
            wish: how good it may be at most.
            write: writes a picture.
        """
        width, height = picture.size
        if wish.floor is None or width * height < _WORTH_A_SAMPLE or min(width, height) < EDGE:
            return
        mosaic = _mosaic(picture)
        self._scale = width * height / (mosaic.size[0] * mosaic.size[1])
        self._beside = sum(
            len(block) for block in (picture.exif, picture.xmp, *picture.jpeg_headers) if block
        )
        middle = Wish(min(_SAMPLE_FLOOR, wish.floor), wish.palette)
        size = self._expect(mosaic, middle, write)
        if size is None:
            return
        end = LOWEST_FLOOR if self._expected(1.0, middle.floor or 0.0) > self._limit else wish.floor
        self._expect(mosaic, Wish(end, wish.palette), write)
        if self._expected(1.0, LOWEST_FLOOR) > self._limit:
            half = round(mosaic.size[0] * _SAMPLE_SHARE), round(mosaic.size[1] * _SAMPLE_SHARE)
            if (written := write(resized(mosaic, half), middle)) is not None:
                self._power = math.log(len(written.data) / size) / math.log(_SAMPLE_SHARE)
                self._hopeless = _HOPELESS_BY_SAMPLE

    def _expect(self, mosaic: Picture, wish: Wish, write: Write) -> int | None:
        """Write the mosaic at one floor and expect accordingly; its bytes, or None where there are none."""
        written = write(mosaic, wish)
        if written is None or wish.floor is None:
            return None
        whole = len(written.data) * self._scale + self._beside
        self._offsets[wish.floor] = math.log(whole) - self._growth(1.0, wish.floor)
        self._is_guess = True
        return len(written.data)

    def misses(self, floor: float) -> bool:
        """Whether the picture in full size surely takes more than is asked for."""
        return bool(self._offsets) and self._expected(1.0, floor) > self._limit + _SURELY

    def learn(self, share: float, floor: float, written: Written) -> bool:
        """Take note of an attempt; says whether it fits."""
        size = len(written.data)
        self.least = size if self.least is None else min(self.least, size)
        if self._is_guess:  # what a mosaic errs by, it errs by at all floors
            error = math.log(size) - self._expected(share, floor)
            self._offsets = {other: offset + error for other, offset in self._offsets.items()}
            self._is_guess = False
        self._offsets[floor] = math.log(size) - self._growth(share, floor)
        return math.log(size) <= self._limit

    def is_full_enough(self, written: Written) -> bool:
        """Whether a higher floor would hardly fit as well."""
        return self._limit - math.log(len(written.data)) < _FULL_ENOUGH

    def is_hopeless(self, share: float) -> bool:
        """Whether not even the lowest floor is expected to fit."""
        if self.forgiving or not self._offsets:
            return False
        return self._expected(share, LOWEST_FLOOR) > self._limit + self._hopeless

    def floor_that_fits(self, share: float, low: float, high: float, tried: Set[float]) -> float:
        """The highest floor between two that is expected to fit; an end itself unless it was tried."""
        if not self._offsets or self._fits(share, high):
            return high if high not in tried else (low + high) / 2
        if not self._fits(share, low):
            return low if low not in tried else (low + high) / 2
        while high - low > LEAST_STEP / 4:
            middle = (low + high) / 2
            low, high = (middle, high) if self._fits(share, middle) else (low, middle)
        return round(low, 1)

    def _fits(self, share: float, floor: float) -> bool:
        return self._expected(share, floor) <= self._limit - (_GUESSED_AIM if self._is_guess else _AIM)

    def _expected(self, share: float, floor: float) -> float:
        """The logarithm of the size at a floor: the curve, moved as the nearest attempts say."""
        return self._growth(share, floor) + _interpolated(sorted(self._offsets.items()), floor)

    def _growth(self, share: float, floor: float) -> float:
        return _interpolated(_GROWTH, floor) + self._power * math.log(share)


def _mosaic(picture: Picture) -> Picture:
    """Tiles of a picture that stand for all of it, as a picture of their own without metadata."""
    tiles = draw(cells(picture.rgba[..., :3]), _SIDE * _SIDE)
    side = math.isqrt(len(tiles))
    cut = [picture.rgba[tile.top : tile.top + EDGE, tile.left : tile.left + EDGE] for tile in tiles]
    rows = [np.concatenate(cut[row * side : (row + 1) * side], axis=1) for row in range(side)]
    rgba = np.ascontiguousarray(np.concatenate(rows, axis=0))
    return dataclasses.replace(picture, rgba=rgba, exif=None, xmp=None, jpeg_headers=())


def _interpolated(points: "list[tuple[float, float]] | tuple[tuple[float, float], ...]", at: float) -> float:
    """The value of a broken line at a place; beyond its ends that of the end."""
    below = [point for point in points if point[0] <= at]
    above = [point for point in points if point[0] >= at]
    if not below or not above:
        return (points[0] if not below else points[-1])[1]
    (left, low), (right, high) = below[-1], above[0]
    return low if right == left else low + (high - low) * (at - left) / (right - left)
