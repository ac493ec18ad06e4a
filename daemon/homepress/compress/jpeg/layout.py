"""How the components of a picture are interleaved (ITU-T T.81 section A.2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from homepress.compress.jpeg.encoder import Sampling


@dataclass(frozen=True, slots=True)
class Layout:
    """Sampling factors, and what follows from them.

    Attributes:
        factors: horizontal and vertical sampling factor of each component.
        kinds: of each component 0 for luma (and black ink), 1 for chroma; chooses its tables.
    """

    factors: tuple[tuple[int, int], ...]
    kinds: tuple[int, ...]

    @classmethod
    def of(cls, channels: int, sampling: Sampling) -> "Layout":
        """The layout for pictures of one channel (grey), three (YCbCr) or four (YCCK)."""
        whole, chroma = ((2, 2) if sampling is Sampling.QUARTER else (1, 1)), (1, 1)
        if channels == 1:
            return cls((chroma,), (0,))
        if channels == 3:
            return cls((whole, chroma, chroma), (0, 1, 1))
        return cls((whole, chroma, chroma, whole), (0, 1, 1, 0))

    @property
    def components(self) -> NDArray[np.intp]:
        """The component of each block of a minimum coded unit."""
        counts = [across * down for across, down in self.factors]
        return np.repeat(np.arange(len(counts)), counts)

    @property
    def block_kinds(self) -> NDArray[np.intp]:
        """The kind of each block of a minimum coded unit."""
        return np.array(self.kinds)[self.components]

    @property
    def unit_edge(self) -> int:
        """Pixels along a minimum coded unit."""
        return 8 * self.factors[0][0]
