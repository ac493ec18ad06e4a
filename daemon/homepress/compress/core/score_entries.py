"""The entries of the compiled core for the score; every length is checked before anything is handed over."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from homepress.compress.core.library import CompiledCore

Floats = NDArray[np.float32]

SCALES: Final = 6
CHANNELS: Final = 3
SUMS: Final = 6
"""Of a channel at a scale: the maps of similarity, artefacts and lost detail, then their fourth powers."""
SIMILARITY: Final = 1
EDGES: Final = 2
"""Maps that are wanted of a channel at a scale: bits."""
REACH: Final = 4
METRIC: Final = 256 + 2 * REACH + 1 + CHANNELS * CHANNELS + 2
"""Numbers that the score is made with: light of each level, taps of the blur, what mixes light to the
responses of the eye, row by row, its bias and the cube root of that."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreMeasure:
    """What is measured of each piece.

    Attributes:
        metric: see `METRIC`.
        wanted: (6, 3) maps, by scale and channel.

    Raises:
        ValueError: they are of other sizes, or nothing is wanted.
    """

    metric: Floats
    wanted: NDArray[np.uint8]

    def __post_init__(self) -> None:
        _check(self.metric, (METRIC,), np.float32)
        _check(self.wanted, (SCALES, CHANNELS), np.uint8)
        if not self.wanted.any():
            raise ValueError("no map is wanted")


@dataclass(frozen=True, slots=True)
class Margins:
    """Pixels around what counts of a piece, and whether beyond the edges is black, not nothing."""

    top: int
    bottom: int
    left: int
    right: int
    fade: bool


class Reference:
    """What is kept of a source, so that several candidates can be compared with it.

    Args:
        core: the library.
        measure: what of it.
        rgb: (height, width, 3), or (height, several, width, 3).
        margins: around what counts.

    Raises:
        ValueError: the pixels are of another kind, or nothing is left between the margins.
    """

    def __init__(
        self, core: CompiledCore, measure: ScoreMeasure, rgb: NDArray[np.uint8], margins: Margins
    ) -> None:
        self._core, self._measure, self._margins = core, measure, margins
        self._shape = _shape(rgb)
        height, _, width = self._shape
        if not (height > margins.top + margins.bottom and width > margins.left + margins.right):
            raise ValueError(f"nothing of {width} x {height} pixels is left between {margins}")
        self._kept = np.empty(self._room(), np.float32)
        self._call("hp_score_prepare", rgb)

    def compare(self, rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The differences of a candidate: (6, 3, 6) sums over what counts, by scale and channel.

        Raises:
            ValueError: it is of another size.
        """
        if _shape(rgb) != self._shape:
            raise ValueError(f"cannot compare {self._shape} with {_shape(rgb)}")
        sums = np.zeros((SCALES, CHANNELS, SUMS), np.float64)
        self._call("hp_score_compare", rgb, sums, sums.size)
        return sums

    def counted(self, scale: int) -> int:
        """How many pixels count at a scale."""
        height, several, width = self._shape
        return several * (self._rows(height, scale)[1] * self._columns(width, scale)[1])

    def _call(self, name: str, rgb: NDArray[np.uint8], *more: object) -> None:
        pixels, edges = np.ascontiguousarray(rgb), self._margins
        around = (edges.top, edges.bottom, edges.left, edges.right, int(edges.fade))
        wanted, metric = self._measure.wanted, self._measure.metric
        what = (wanted, wanted.size, metric, metric.size, self._kept, self._kept.size)
        self._core.call(name, pixels, pixels.size, *self._shape, *around, *what, *more)

    def _room(self) -> int:
        """Floats that are kept: planes with up to a reach around what counts; mean and variance of that."""
        height, several, width = self._shape
        room = 0
        for scale, wanted in enumerate(self._measure.wanted):
            (rows, counted_rows), (columns, counted) = self._rows(height, scale), self._columns(width, scale)
            room += int(np.count_nonzero(wanted)) * (1 + rows * columns + 2 * counted_rows * counted)
        return room * several

    def _rows(self, height: int, scale: int) -> tuple[int, int]:
        return _cut(height, self._margins.top, self._margins.bottom, scale)

    def _columns(self, width: int, scale: int) -> tuple[int, int]:
        return _cut(width, self._margins.left, self._margins.right, scale)


def _cut(length: int, first: int, last: int, scale: int) -> tuple[int, int]:
    """Of an axis at a scale: what is looked at, and what counts of it."""
    whole = ((length - 1) >> scale) + 1
    margins = first >> scale, last >> scale
    return whole - sum(max(margin - REACH, 0) for margin in margins), whole - sum(margins)


def _shape(rgb: NDArray[np.uint8]) -> tuple[int, int, int]:
    several = rgb.shape[1] if rgb.ndim == 4 else 1
    if rgb.ndim not in (3, 4) or rgb.shape[-1] != CHANNELS or rgb.dtype != np.uint8 or not rgb.size:
        raise ValueError(f"cannot score {rgb.dtype} of {rgb.shape}")
    return rgb.shape[0], several, rgb.shape[-2]


def _check(array: NDArray[np.generic], shape: tuple[int, ...], kind: type[np.generic]) -> None:
    if array.shape != shape or array.dtype != kind or not array.flags.c_contiguous:
        raise ValueError(f"the core takes {shape} of {kind.__name__}, not {array.shape} of {array.dtype}")
