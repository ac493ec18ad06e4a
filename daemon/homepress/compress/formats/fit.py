"""Making a picture fit under a size in bytes: lower quality first, then fewer pixels.

Writing a large picture is dear. So each attempt is chosen by what a mosaic of its tiles, and the attempts
before it, came to.
"""

import functools
from collections.abc import Callable

from homepress.compress.formats.fit_sizes import LEAST_STEP, Sizes
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.resize import resized
from homepress.compress.formats.writing import Wish, Written, write_picture
from homepress.compress.recipe import LOWEST_FLOOR
from homepress.compress.sizes import SHARES, shrunk
from homepress.imagetype import ImageType

_ATTEMPTS = 4
"""How often a picture is written at one size in pixels, at most."""
_LEAST_EDGE = 32


class CannotFit(Exception):  # noqa: N818 (reads as a verdict)
    """The picture cannot be made that small; the message says how small it got."""


class Fitting:
    """The search for a picture in at most so many bytes, at about the best floor that does.

    Args:
        picture: what to write.
        kind: the format.
        wish: how good it may be at most; its floor is where the search begins.
        limit: bytes.

    Raises:
        CannotConvert: as `write_picture`.
    """

    def __init__(self, picture: Picture, kind: ImageType, wish: Wish, limit: int) -> None:
        self.picture = picture
        self._kind = kind
        self._wish = wish
        self._limit = limit
        self._sizes = Sizes(limit)
        self._sizes.sample(picture, wish, lambda sample, wish: write_picture(sample, kind, wish))

    @property
    def needs_a_lower_floor(self) -> bool:
        """Whether the floor that is wished for surely takes too many bytes."""
        return self._wish.floor is not None and self._sizes.misses(self._wish.floor)

    def write(self) -> tuple[Written, Picture]:
        """The file, and the picture that it shows, which may have fewer pixels.

        Raises:
            CannotFit: not even the lowest floor and the fewest pixels do, or no loss is allowed.
            CannotConvert: as `write_picture`.
        """
        picture, wish, sizes = self.picture, self._wish, self._sizes
        shares = [share for share in SHARES if share == 1.0 or _may_shrink(picture, share, wish)]
        for share in shares:
            sizes.forgiving = share == shares[-1]
            if sizes.is_hopeless(share):
                continue
            smaller = picture if share == 1.0 else resized(picture, shrunk(picture.size, share))
            found = _best_floor(functools.partial(write_picture, smaller, self._kind), wish, share, sizes)
            if found is not None:
                return found, smaller
        if sizes.least is None:
            raise CannotConvert("no result keeps the quality floor")
        reason = "without loss" if wish.floor is None else f"at a quality of {LOWEST_FLOOR:g}"
        raise CannotFit(f"{sizes.least:,} bytes is the least {reason}; asked were {self._limit:,}")


def _may_shrink(picture: Picture, share: float, wish: Wish) -> bool:
    return wish.floor is not None and min(shrunk(picture.size, share)) >= _LEAST_EDGE


def _best_floor(
    write: Callable[[Wish], Written | None], wish: Wish, share: float, sizes: Sizes
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
        if high - low < LEAST_STEP and fitting is not None:
            break
    return fitting
