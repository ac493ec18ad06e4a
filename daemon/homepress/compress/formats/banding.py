"""Does a result show steps where its source has a smooth gradient, or patches where it is quiet?

Scores forgive faint steps in a sky; eyes do not. So wherever neighbouring pixels of the source differ by a
little at most, those of the result may not differ by more than a little on top; and where the source is quiet
the result keeps its local mean.
"""

import numpy as np
from numpy.typing import NDArray

from homepress.compress.quality.tiles import cell_means

BLOCK = 16
"""Pixels along a block that is looked at for steps."""

_SMOOTH = 3  # levels between neighbours up to which a block counts as smooth
_STEP = 3  # levels more than in the source that make a visible step
_STEPPED = 0.001  # share of the smooth blocks that may show one

_CELL = 8  # pixels along a block that is looked at for patches
_QUIET = 4.0  # standard deviation in levels up to which it counts as quiet
_SHIFT = 4.0  # levels by which its mean may move
_SHIFTED = 0.01  # share of the quiet blocks that may move more

Rgb = NDArray[np.uint8]


def stepped_blocks(source: Rgb, result: Rgb) -> NDArray[np.bool_]:
    """Which whole blocks show a step where the source is smooth; none if there are too few to matter.

    Args:
        source: height x width x 3, without transparency.
        result: of the same shape.
    """
    before, after = _steps(source), _steps(result)
    smooth = before <= _SMOOTH
    stepped: NDArray[np.bool_] = smooth & (after >= before + _STEP)
    if int(stepped.sum()) <= _STEPPED * int(smooth.sum()):
        stepped[...] = False
    return stepped


def is_patchy(source: Rgb, result: Rgb) -> bool:
    """Whether quiet parts of the source changed their local colour in the result."""
    rows, columns = source.shape[0] // _CELL, source.shape[1] // _CELL
    if not rows or not columns:
        return False
    quiet = np.ones((rows, columns), np.bool_)
    shift = np.zeros((rows, columns), np.float32)
    for channel in range(3):
        before = source[: rows * _CELL, : columns * _CELL, channel].astype(np.float32)
        after = result[: rows * _CELL, : columns * _CELL, channel].astype(np.float32)
        mean = cell_means(before, _CELL)
        quiet &= cell_means(before * before, _CELL) - mean * mean <= _QUIET**2
        np.maximum(shift, np.abs(cell_means(after, _CELL) - mean), out=shift)
    return int((quiet & (shift > _SHIFT)).sum()) > _SHIFTED * int(quiet.sum())


def _steps(pixels: Rgb) -> NDArray[np.int16]:
    """For each whole block the greatest step between neighbouring pixels in any channel."""
    rows, columns = pixels.shape[0] // BLOCK, pixels.shape[1] // BLOCK
    most = np.zeros((rows, columns), np.int16)
    for row in range(rows):
        strip = pixels[row * BLOCK : (row + 1) * BLOCK, : columns * BLOCK].astype(np.int16)
        blocks = strip.reshape(BLOCK, columns, BLOCK, 3)
        across = np.abs(np.diff(blocks, axis=2)).max(axis=(0, 2, 3))
        down = np.abs(np.diff(blocks, axis=0)).max(axis=(0, 2, 3))
        most[row] = np.maximum(across, down)
    return most
