"""Whether a result shows steps where its source has a smooth gradient, or patches where it is quiet."""

import numpy as np
from numpy.typing import NDArray

from homepress.compress.score.tiles import cell_means

# Scores forgive faint steps in a sky; eyes do not. So wherever neighbouring pixels of the source differ by
# a little at most, those of the result may not differ by more than a little on top; and where the source is
# quiet the result keeps its local mean.

BLOCK = 16
"""Pixels along a block that is looked at for steps."""

_SMOOTH = 3  # levels between neighbours up to which a block counts as smooth
_STEP = 3  # levels more than in the source that make a visible step
_STEPPED = 0.001  # share of the smooth blocks that may show one

CELL = 8
"""Pixels along a block that is looked at for patches."""

_QUIET = 4.0  # standard deviation in levels up to which it counts as quiet
_SHIFT = 4.0  # levels by which its mean may move
_SHIFTED = 0.01  # share of the quiet blocks that may move more

_ROWS = 64
"""Of pixels that are compared at a time."""

Rgb = NDArray[np.uint8]


class Evenness:
    """The smooth and the quiet parts of a source, to compare several results with.

    Args:
        source: height x width x 3, without transparency.
    """

    def __init__(self, source: Rgb) -> None:
        self._source = source
        self._before = _steps(source)
        self._smooth = self._before <= _SMOOTH
        self._means, self._quiet = _means(source)

    def steps_in(self, result: Rgb) -> NDArray[np.bool_]:
        """Which whole blocks of a result show a step where the source is smooth; none if there are few."""
        stepped: NDArray[np.bool_] = self._smooth & (_steps(result) >= self._before + _STEP)
        if int(stepped.sum()) <= _STEPPED * int(self._smooth.sum()):
            stepped[...] = False
        return stepped

    def is_patchy(self, result: Rgb) -> bool:
        """Whether quiet parts of the source changed their local colour in a result."""
        shift = self._shifts(result)
        return int((self._quiet & (shift > _SHIFT)).sum()) > _SHIFTED * int(self._quiet.sum())

    def patches_in(self, result: Rgb) -> NDArray[np.bool_]:
        """Which quiet blocks changed their local colour in a result, be they ever so few."""
        moved: NDArray[np.bool_] = self._quiet & (self._shifts(result) > _SHIFT)
        return moved

    def fields_in(self, result: Rgb) -> NDArray[np.bool_]:
        """Which pixels in the middle of nine equal ones changed their colour in a result."""
        moved = np.zeros(result.shape[:2], np.bool_)
        for top in range(1, result.shape[0] - 1, _ROWS):
            rows = slice(top, min(top + _ROWS, result.shape[0] - 1))
            around = self._source[top - 1 : rows.stop + 1]
            shift = np.abs(around[1:-1, 1:-1].astype(np.int16) - result[rows, 1:-1]).max(axis=-1)
            moved[rows, 1:-1] = (shift > _SHIFT) & _even(around)
        return moved

    def mean_shift(self, result: Rgb) -> float:
        """By how many levels the local colour changed in a result, in the mean over all of it."""
        shift = self._shifts(result)
        return float(shift.mean()) if shift.size else 0.0

    def _shifts(self, result: Rgb) -> NDArray[np.float32]:
        shifts: NDArray[np.float32] = np.abs(_means(result)[0] - self._means).max(axis=-1)
        return shifts


def _even(pixels: Rgb) -> NDArray[np.bool_]:
    """Which pixels equal all eight around them; none of the first and the last row and column."""
    across = (pixels[:, 1:] == pixels[:, :-1]).all(axis=-1)
    three = across[:, 1:] & across[:, :-1]
    down = (pixels[1:, 1:-1] == pixels[:-1, 1:-1]).all(axis=-1)
    even: NDArray[np.bool_] = three[1:-1] & three[:-2] & three[2:] & down[1:] & down[:-1]
    return even


def _means(pixels: Rgb) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The mean of each small block in each channel, and which blocks are quiet in all of them."""
    rows, columns = pixels.shape[0] // CELL, pixels.shape[1] // CELL
    means = np.zeros((rows, columns, 3), np.float32)
    quiet = np.ones((rows, columns), np.bool_)
    if not rows or not columns:
        return means, quiet
    for row in range(rows):
        strip = pixels[row * CELL : (row + 1) * CELL, : columns * CELL].astype(np.float32)
        for channel in range(3):
            plane = strip[..., channel]
            means[row, :, channel] = cell_means(plane, CELL)[0]
            quiet[row] &= (cell_means(plane * plane, CELL)[0] - means[row, :, channel] ** 2) <= _QUIET**2
    return means, quiet


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
