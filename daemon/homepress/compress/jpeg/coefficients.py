"""The coefficients of a strip of a picture, and how busy its blocks are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from homepress.compress.jpeg import dct, planes
from homepress.compress.jpeg.dct import Floats
from homepress.compress.jpeg.encoder import Sampling
from homepress.compress.jpeg.layout import Layout
from homepress.compress.jpeg.quantise import Batch, Statistics, block_activity, calmed, masking
from homepress.compress.jpeg.tables import Table
from homepress.compress.raster import Windowed

_STRIP_PIXELS = 1 << 20  # bounds memory; less would be spent on halos
_HALO = 16  # rows above and below a strip that sampling and masking look at


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Rows of units of a picture, ready to be transformed.

    Attributes:
        layout: of the components.
        blocks: of each component (units, blocks of a unit, 64) pixels, the halo's among them.
        rows: how many rows of units `blocks` holds.
        inner: the first row that is not halo, and the first after it that is again.
    """

    layout: Layout
    blocks: tuple[Floats, ...]
    rows: int
    inner: tuple[int, int]

    def batch(self, tables: tuple[Table, Table]) -> tuple[Batch, Floats]:
        """The blocks divided by quantisation tables, without the halo; and the activity of luma blocks."""
        kinds = self.layout.block_kinds
        units = len(self.blocks[0])
        steps = np.empty((units, len(kinds), 64), np.float32)
        factors = [1 / table[dct.NATURAL_OF_ZIGZAG].astype(np.float32) for table in tables]
        first = 0
        for part, kind in zip(self.blocks, self.layout.kinds, strict=True):
            dct.transform(part, factors[kind], steps[:, first : first + part.shape[1]])
            first += part.shape[1]
        magnitudes = np.abs(steps)
        across = units // self.rows
        inner = slice(self.inner[0] * across, self.inner[1] * across)
        kept, size = steps[inner].reshape(-1, 64), magnitudes[inner].reshape(-1, 64)
        batch = Batch(kept, size, np.tile(kinds, inner.stop - inner.start))
        return batch, self._activity(magnitudes)[inner]

    def masks(self, activity: Floats, statistics: Statistics) -> Floats:
        """By how much the bits of each block of a batch are dearer, given the activity of its luma blocks."""
        luma = masking(activity, statistics.activity)
        mean = luma.mean(axis=1, keepdims=True, dtype=np.float32)
        return np.concatenate([mean if kind else luma for kind in self.layout.kinds], axis=1).ravel()

    def _activity(self, magnitudes: Floats) -> Floats:
        """Of each luma block, (units, blocks of a unit), calmed by the blocks around it."""
        across, down = self.layout.factors[0]
        luma = block_activity(magnitudes)[:, : across * down]
        grid = luma.reshape(self.rows, -1, down, across).transpose(0, 2, 1, 3)
        calm = calmed(grid.reshape(self.rows * down, -1))
        return calm.reshape(self.rows, down, -1, across).transpose(0, 2, 1, 3).reshape(-1, down * across)


def strips(picture: Windowed, sampling: Sampling, *, rows: int = 0) -> Iterator[Strip]:
    """A picture in strips, from top to bottom.

    Args:
        picture: the picture.
        sampling: of its colours.
        rows: pixels of a strip's height, a multiple of 16; 0 chooses one for the width.
    """
    layout = Layout.of(picture.shape[2] if len(picture.shape) == 3 else 1, sampling)
    edge = layout.unit_edge
    height, width = picture.shape[:2]
    rows = rows or max(_STRIP_PIXELS // width // _HALO, 1) * _HALO
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        first, last = max(top - _HALO, 0), min(bottom + _HALO, height)
        part = planes.padded(picture[first:last, :], edge)
        found = planes.components(part, sampling)
        blocks = tuple(
            dct.blocks(plane, across, down)
            for plane, (across, down) in zip(found, layout.factors, strict=True)
        )
        inner = ((top - first) // edge, -(-(bottom - first) // edge))
        yield Strip(layout, blocks, part.shape[0] // edge, inner)
