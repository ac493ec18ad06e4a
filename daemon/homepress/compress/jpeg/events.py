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
        index: where each stands among all coefficients: 64 times its block, plus its place in zigzag order.
        level: its quantised magnitude.
        exact: itself before it was quantised, in quantisation steps.
        run: how many zeros stand before it in the block; 0 for the first.
        is_ac: whether it is not the first.
    """

    index: Index
    level: Levels
    exact: Floats
    run: Index
    is_ac: NDArray[np.bool_]

    @classmethod
    def rounded(cls, steps: Floats, magnitudes: Floats) -> "Events":
        """The events of (blocks, 64) coefficients in quantisation steps, rounded to the nearest level.

        Args:
            steps: the coefficients.
            magnitudes: the same without their signs.
        """
        coded = magnitudes > np.float32(0.5)
        coded[:, 0] = True
        index = np.flatnonzero(coded)
        level = np.rint(magnitudes.ravel()[index])
        np.minimum(level, np.float32(LARGEST_LEVEL), out=level)
        return cls._of(index, level.astype(np.int32), steps.ravel()[index])

    @classmethod
    def _of(cls, index: Index, level: Levels, exact: Floats) -> "Events":
        is_ac = (index & 63) != 0
        run = np.zeros_like(index)
        np.subtract(index[1:], index[:-1], out=run[1:])
        run -= 1
        run *= is_ac
        return cls(index, level, exact, run, is_ac)

    def lowered(self, level: Levels) -> "Events":
        """The same with other levels, none higher; those that became zero are gone."""
        kept = np.flatnonzero((level > 0) | ~self.is_ac)
        return Events._of(self.index[kept], level[kept], self.exact[kept])

    @property
    def block(self) -> Index:
        """The block of each."""
        return self.index >> 6

    @property
    def place(self) -> Index:
        """The place of each in its block, in zigzag order, 0 to 63."""
        return self.index & 63

    def values(self) -> Levels:
        """The levels with their signs."""
        return np.where(self.exact < 0, -self.level, self.level)
