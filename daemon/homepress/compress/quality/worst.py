"""Where a result strayed furthest from its source, told without looking at every pixel closely."""

import numpy as np
from numpy.typing import NDArray

from homepress.compress.quality.tiles import EDGE, Tile, cell_means

_STEP = 2  # pixels between the samples that are compared
_BLOCK = 16  # samples along a block: small flaws must not drown in their cell
_NOISE = np.float32(4.0)  # squared levels: what no eye sees even on a flat ground
_STRIP = 8  # cells high: bounds the memory for the comparison


def worst_tiles(source: NDArray[np.uint8], result: NDArray[np.uint8], count: int) -> list[Tile]:
    """The `count` cells with the block whose error is greatest for its texture, the worst first.

    Error is weighed against texture because texture hides it.

    Args:
        source: height x width, or height x width x channels.
        result: of the same shape.
        count: how many, at most.
    """
    rows, columns = source.shape[0] // EDGE, source.shape[1] // EDGE
    rating = np.zeros((rows, columns), np.float32)
    for first in range(0, rows, _STRIP):
        last = min(first + _STRIP, rows)
        part = slice(first * EDGE, last * EDGE)
        rating[first:last] = _rate(
            source[part, : columns * EDGE][::_STEP, ::_STEP], result[part, : columns * EDGE][::_STEP, ::_STEP]
        )
    order = np.argsort(-rating, axis=None, kind="stable")[:count]
    return [Tile(int(n) // columns * EDGE, int(n) % columns * EDGE) for n in order]


def _rate(source: NDArray[np.uint8], result: NDArray[np.uint8]) -> NDArray[np.float32]:
    level = source.astype(np.float32)
    error = level - result
    error *= error
    texture = np.abs(np.diff(level, axis=1, append=level[:, -1:]))
    texture *= texture
    if source.ndim == 3:
        error, texture = error.sum(axis=2), texture.sum(axis=2)
    blocks = cell_means(error, _BLOCK) / (cell_means(texture, _BLOCK) + _NOISE)
    per_cell = EDGE // _STEP // _BLOCK
    rows, columns = blocks.shape
    cells = blocks.reshape(rows // per_cell, per_cell, columns // per_cell, per_cell)
    worst: NDArray[np.float32] = cells.max(axis=(1, 3))
    return worst
