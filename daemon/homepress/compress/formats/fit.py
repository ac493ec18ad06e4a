"""Making a picture fit under a size in bytes: lower quality first, then fewer pixels.

Writing a large picture is dear. So each attempt is chosen by what the ones before it came to: sizes grow with
the floor along much the same curve in all pictures, and with the number of pixels.
"""

import functools
import math
from collections.abc import Callable, Set

from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.resize import resized
from homepress.compress.formats.writing import Wish, Written, write_picture
from homepress.compress.recipe import LOWEST_FLOOR
from homepress.imagetype import ImageType

_ATTEMPTS = 4
"""How often a picture is written at one size in pixels, at most."""
_SHRINK = (1.0, 0.75, 0.5, 0.35, 0.25)
"""Shares of each edge that are tried in turn."""
_LEAST_EDGE = 32

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
_LEAST_STEP = 0.5  # points of the floor that are worth another attempt


class CannotFit(Exception):  # noqa: N818 (reads as a verdict)
    """The picture cannot be made that small; the message says how small it got."""


def write_fitting(picture: Picture, kind: ImageType, wish: Wish, limit: int) -> tuple[Written, Picture]:
    """Write a picture in at most `limit` bytes, at about the best floor that does.

    Args:
        picture: what to write.
        kind: the format.
        wish: how good it may be at most; its floor is where the search begins.
        limit: bytes.

    Returns:
        The file, and the picture that it shows, which may have fewer pixels.

    Raises:
        CannotFit: not even the lowest floor and the fewest pixels do, or no loss is allowed.
        CannotConvert: as `write_picture`.
    """
    sizes = _Sizes(math.log(limit))
    shares = [share for share in _SHRINK if share == 1.0 or _may_shrink(picture, share, wish)]
    for share in shares:
        sizes.forgiving = share == shares[-1]
        if sizes.is_hopeless(share):
            continue
        smaller = picture if share == 1.0 else resized(picture, _shrunk(picture, share))
        found = _best_floor(functools.partial(write_picture, smaller, kind), wish, share, sizes)
        if found is not None:
            return found, smaller
    if sizes.least is None:
        raise CannotConvert("no result keeps the quality floor")
    reason = "without loss" if wish.floor is None else f"at a quality of {LOWEST_FLOOR:g}"
    raise CannotFit(f"{sizes.least:,} bytes is the least {reason}; asked were {limit:,}")


def _shrunk(picture: Picture, share: float) -> tuple[int, int]:
    return round(picture.size[0] * share), round(picture.size[1] * share)


def _may_shrink(picture: Picture, share: float, wish: Wish) -> bool:
    return wish.floor is not None and min(_shrunk(picture, share)) >= _LEAST_EDGE


def _best_floor(
    write: Callable[[Wish], Written | None], wish: Wish, share: float, sizes: "_Sizes"
) -> Written | None:
    """The result of about the highest floor that fits at one size in pixels; None where none does.

    Args:
        write: writes the picture.
        wish: how good it may be at most.
        share: of the full edge that the picture has.
        sizes: what is known of this picture; learns more.
    """
    if wish.floor is None:
        written = write(wish)
        return written if written is not None and sizes.learn(share, 100.0, written) else None
    fitting: Written | None = None
    low, high = LOWEST_FLOOR, wish.floor
    tried: set[float] = set()
    for _ in range(_ATTEMPTS):
        floor = sizes.floor_that_fits(share, low, high, tried)
        tried.add(floor)
        written = write(Wish(floor, wish.palette))
        if written is not None and sizes.learn(share, floor, written):
            fitting, low = written, floor
            if floor == wish.floor or sizes.is_full_enough(written):
                break
        else:
            high = floor
            if floor <= LOWEST_FLOOR or (fitting is None and sizes.is_hopeless(share)):
                break
        if high - low < _LEAST_STEP and fitting is not None:
            break
    return fitting


class _Sizes:
    """What attempts came to, and what others are expected to come to.

    Args:
        limit: logarithm of the size that is asked for, in bytes.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._offsets: dict[float, float] = {}
        """By floor, how far a size was from the common curve, full size in pixels assumed."""
        self.least: int | None = None
        """Bytes of the smallest attempt."""
        self.forgiving = False
        """Whether nothing counts as hopeless, because nothing is left to be tried after it."""

    def learn(self, share: float, floor: float, written: Written) -> bool:
        """Take note of an attempt; says whether it fits."""
        size = len(written.data)
        self.least = size if self.least is None else min(self.least, size)
        self._offsets[floor] = math.log(size) - self._growth(share, floor)
        return math.log(size) <= self._limit

    def is_full_enough(self, written: Written) -> bool:
        """Whether a higher floor would hardly fit as well."""
        return self._limit - math.log(len(written.data)) < _FULL_ENOUGH

    def is_hopeless(self, share: float) -> bool:
        """Whether not even the lowest floor is expected to fit."""
        if self.forgiving or not self._offsets:
            return False
        return self._expected(share, LOWEST_FLOOR) > self._limit + _HOPELESS

    def floor_that_fits(self, share: float, low: float, high: float, tried: Set[float]) -> float:
        """The highest floor between two that is expected to fit; an end itself unless it was tried."""
        if not self._offsets or self._fits(share, high):
            return high if high not in tried else (low + high) / 2
        if not self._fits(share, low):
            return low if low not in tried else (low + high) / 2
        while high - low > _LEAST_STEP / 4:
            middle = (low + high) / 2
            low, high = (middle, high) if self._fits(share, middle) else (low, middle)
        return round(low, 1)

    def _fits(self, share: float, floor: float) -> bool:
        return self._expected(share, floor) <= self._limit - _AIM

    def _expected(self, share: float, floor: float) -> float:
        """The logarithm of the size at a floor: the curve, moved as the nearest attempts say."""
        return self._growth(share, floor) + _interpolated(sorted(self._offsets.items()), floor)

    @staticmethod
    def _growth(share: float, floor: float) -> float:
        return _interpolated(_GROWTH, floor) + _GROWTH_WITH_EDGE * math.log(share)


def _interpolated(points: "list[tuple[float, float]] | tuple[tuple[float, float], ...]", at: float) -> float:
    """The value of a broken line at a place; beyond its ends that of the end."""
    below = [point for point in points if point[0] <= at]
    above = [point for point in points if point[0] >= at]
    if not below or not above:
        return (points[0] if not below else points[-1])[1]
    (left, low), (right, high) = below[-1], above[0]
    return low if right == left else low + (high - low) * (at - left) / (right - left)
