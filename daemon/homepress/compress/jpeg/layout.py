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
    """

    factors: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, *, grey: bool, sampling: Sampling) -> "Layout":
        """The layout of grey pictures, or of colours sampled so."""
        if grey:
            return cls(((1, 1),))
        return cls((((2, 2) if sampling is Sampling.QUARTER else (1, 1)), (1, 1), (1, 1)))

    @property
    def components(self) -> NDArray[np.intp]:
        """The component of each block of a minimum coded unit."""
        counts = [across * down for across, down in self.factors]
        return np.repeat(np.arange(len(counts)), counts)

    @property
    def unit_edge(self) -> int:
        """Pixels along a minimum coded unit."""
        return 8 * self.factors[0][0]
