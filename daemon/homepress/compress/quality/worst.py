"""Where a result strayed furthest from its source, told without looking at every pixel closely."""

import numpy as np
from numpy.typing import NDArray

from homepress.compress.quality.tiles import EDGE, Tile, cell_means
from homepress.compress.raster import Pixels, Windowed, sparse

_STEP = 4  # pixels between the samples that are compared
_BLOCK = 8  # samples along a block: small flaws must not drown in their cell
_NOISE = np.float32(4.0)  # squared levels: what no eye sees even on a flat ground


def worst_tiles(source: Windowed, result: Windowed, count: int) -> list[Tile]:
    """The `count` cells with the block whose error is greatest for its texture, the worst first.

    Error is weighed against texture because texture hides it.

    Args:
        source: the picture as it was.
        result: what became of it, of the same shape.
        count: how many, at most.
    """
    rows, columns = source.shape[0] // EDGE, source.shape[1] // EDGE
    rating = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        band = slice(row * EDGE, (row + 1) * EDGE), slice(0, columns * EDGE)
        rating[row] = _rate(sparse(source, *band, _STEP), sparse(result, *band, _STEP))
    order = np.argsort(-rating, axis=None, kind="stable")[:count]
    return [Tile(int(n) // columns * EDGE, int(n) % columns * EDGE) for n in order]


def _rate(source: Pixels, result: Pixels) -> NDArray[np.float32]:
    """The greatest ratio of error to texture in each cell of a row of cells."""
    error: NDArray[np.float32] = np.zeros(1, np.float32)
    texture = np.full(1, _NOISE)
    for channel in range(source.shape[2]) if source.ndim == 3 else (None,):
        level = _channel(source, channel)
        change = np.diff(level, axis=1, append=level[:, -1:])
        level -= _channel(result, channel)
        error = error + _block_energy(level)
        texture = texture + _block_energy(change)
    per_cell = EDGE // _STEP // _BLOCK
    ratio = error / texture
    worst: NDArray[np.float32] = ratio.reshape(per_cell, -1, per_cell).max(axis=(0, 2))
    return worst


def _channel(pixels: Pixels, channel: int | None) -> NDArray[np.float32]:
    return (pixels if channel is None else pixels[..., channel]).astype(np.float32)


def _block_energy(values: NDArray[np.float32]) -> NDArray[np.float32]:
    values *= values
    return cell_means(values, _BLOCK)
