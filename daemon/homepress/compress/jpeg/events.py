"""The coefficients that are coded one by one, without the zeros between them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from homepress.compress.jpeg.dct import Floats

Index = NDArray[np.intp]
Levels = NDArray[np.int32]

LARGEST_LEVEL: Final = 1023
"""Of baseline coding (ITU-T T.81 table F.2)."""

SIZE_OF: Final = np.array([int(n).bit_length() for n in range(2 * LARGEST_LEVEL + 2)], np.intp)
"""Size class (bits of the magnitude) of each magnitude from 0 on."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Of each block the first coefficient, and all others that are not zero, in coding order.

    Attributes:
        block: the block of each.
        place: its place in the block in zigzag order, 0 to 63.
        level: its quantised magnitude.
        exact: its magnitude before it was quantised, in quantisation steps.
        negative: its sign.
        run: how many zeros stand before it in the block; 0 for the first.
        is_ac: whether it is not the first.
    """

    block: Index
    place: Index
    level: Levels
    exact: Floats
    negative: NDArray[np.bool_]
    run: Index
    is_ac: NDArray[np.bool_]

    @classmethod
    def rounded(cls, steps: Floats) -> "Events":
        """The events of (blocks, 64) coefficients in quantisation steps, rounded to the nearest level."""
        magnitudes = np.abs(steps)
        coded = magnitudes > np.float32(0.5)
        coded[:, 0] = True
        index = np.flatnonzero(coded)
        exact = magnitudes.ravel()[index]
        level = np.minimum(np.rint(exact), LARGEST_LEVEL).astype(np.int32)
        return cls._of(index >> 6, index & 63, level, exact, steps.ravel()[index] < 0)

    @classmethod
    def _of(
        cls, block: Index, place: Index, level: Levels, exact: Floats, negative: NDArray[np.bool_]
    ) -> "Events":
        is_ac = place != 0
        run = np.zeros_like(place)
        np.subtract(place[1:], place[:-1], out=run[1:])
        run -= 1
        run *= is_ac
        return cls(block, place, level, exact, negative, run, is_ac)

    def lowered(self, level: Levels) -> "Events":
        """The same with other levels, none higher; those that became zero are gone."""
        kept = np.flatnonzero((level > 0) | ~self.is_ac)
        return Events._of(
            self.block[kept], self.place[kept], level[kept], self.exact[kept], self.negative[kept]
        )

    def values(self) -> Levels:
        """The levels with their signs."""
        return np.where(self.negative, -self.level, self.level)
