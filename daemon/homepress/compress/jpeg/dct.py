"""The discrete cosine transform of 8 x 8 blocks (ITU-T T.81 section A.3.3), in floating point.

One product with a 64 x 64 matrix transforms a whole row of blocks and puts the coefficients in zigzag order.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from homepress.compress.metadata.jpeg_tables import ZIGZAG

Floats = NDArray[np.float32]

EDGE: Final = 8
NATURAL_OF_ZIGZAG: Final = np.array(ZIGZAG)
"""Natural (row by row) place of the k-th coefficient in zigzag order."""


def _basis() -> Floats:
    """Column k holds the 64 pixels' weights in the k-th coefficient in zigzag order."""
    frequency, place = np.mgrid[0:EDGE, 0:EDGE]
    cosines = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    cosines[0] /= np.sqrt(2)
    two_dimensional = np.einsum("ui,vj->ijuv", cosines, cosines).reshape(64, 64)
    return np.ascontiguousarray(two_dimensional[:, NATURAL_OF_ZIGZAG], dtype=np.float32)


_BASIS: Final = _basis()


def blocks(plane: Floats, across: int, down: int) -> Floats:
    """The blocks of a plane as (units, blocks of a unit, 64), units row by row.

    Args:
        plane: height x width, whole units.
        across: blocks side by side in a unit (a component's horizontal sampling factor).
        down: blocks one below the other.
    """
    rows, columns = plane.shape[0] // (EDGE * down), plane.shape[1] // (EDGE * across)
    split = plane.reshape(rows, down, EDGE, columns, across, EDGE)
    return split.transpose(0, 3, 1, 4, 2, 5).reshape(rows * columns, down * across, EDGE * EDGE)


def transform(pixels: Floats, factors: Floats, out: Floats) -> None:
    """The coefficients of blocks times a factor each, in zigzag order.

    Args:
        pixels: (units, blocks of a unit, 64).
        factors: of the 64 coefficients in zigzag order.
        out: where they are put, of the same shape.
    """
    basis = _BASIS * factors
    for number in range(pixels.shape[1]):
        np.matmul(pixels[:, number], basis, out=out[:, number])
