"""Making a picture fit under a size in bytes: lower quality first, then fewer pixels."""

import functools
from collections.abc import Callable

from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.resize import resized
from homepress.compress.formats.writing import Wish, Written, write_picture
from homepress.compress.recipe import LOWEST_FLOOR
from homepress.imagetype import ImageType

_PROBES = 4
"""How often a floor between a too good and a too bad one is tried."""
_SHRINK = (0.75, 0.5, 0.35, 0.25)
"""Shares of each edge that are tried in turn once no quality does."""
_LEAST_EDGE = 32


class CannotFit(Exception):  # noqa: N818 (reads as a verdict)
    """The picture cannot be made that small; the message says how small it got."""


def write_fitting(picture: Picture, kind: ImageType, wish: Wish, limit: int) -> tuple[Written, Picture]:
    """Write a picture in at most `limit` bytes, at the best floor that does.

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
    smallest: int | None = None
    for share in (1.0, *_SHRINK):
        size = (round(picture.size[0] * share), round(picture.size[1] * share))
        if share < 1.0 and (wish.floor is None or min(size) < _LEAST_EDGE):
            break
        smaller = resized(picture, size)
        found, least = _best_floor(functools.partial(write_picture, smaller, kind), wish, limit)
        if found is not None:
            return found, smaller
        smallest = least if smallest is None or (least is not None and least < smallest) else smallest
    if smallest is None:
        raise CannotConvert("no result keeps the quality floor")
    reason = "without loss" if wish.floor is None else f"at a quality of {LOWEST_FLOOR:g}"
    raise CannotFit(f"{smallest:,} bytes is the least {reason}; asked were {limit:,}")


def _best_floor(
    write: Callable[[Wish], Written | None], wish: Wish, limit: int
) -> tuple[Written | None, int | None]:
    """The result of the highest floor that fits, and else how small the lowest one is."""
    best = write(wish)
    if best is not None and len(best.data) <= limit:
        return best, len(best.data)
    if wish.floor is None:
        return None, None if best is None else len(best.data)
    lowest = write(Wish(LOWEST_FLOOR, wish.palette))
    if lowest is None:
        return None, None
    if len(lowest.data) > limit:
        return None, len(lowest.data)
    low, high = LOWEST_FLOOR, wish.floor
    found = lowest
    for _ in range(_PROBES):
        middle = (low + high) / 2
        attempt = write(Wish(middle, wish.palette))
        if attempt is not None and len(attempt.data) <= limit:
            found, low = attempt, middle
        else:
            high = middle
    return found, len(found.data)
