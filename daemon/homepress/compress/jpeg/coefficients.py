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
    """Rows of units of a picture, transformed.

    Attributes:
        layout: of the components.
        blocks: of each component (units, blocks of a unit, 64) coefficients, the halo's among them.
        rows: how many rows of units `blocks` holds.
        inner: the first row that is not halo, and the first after it that is again.
    """

    layout: Layout
    blocks: tuple[Floats, ...]
    rows: int
    inner: tuple[int, int]

    def batch(self, tables: tuple[Table, Table]) -> tuple[Batch, Floats]:
        """The blocks divided by quantisation tables, without the halo; and their activity."""
        factors = [1 / table[dct.NATURAL_OF_ZIGZAG].astype(np.float32) for table in tables]
        luma = self.blocks[0] * factors[0]
        activity = self._activity(luma)
        kept = self._inner_units()
        others = zip(self.blocks[1:], self.layout.kinds[1:], strict=True)
        parts = [luma[kept], *(part[kept] * factors[kind] for part, kind in others)]
        steps = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        kinds = np.tile(self.layout.block_kinds, len(steps))
        return Batch(steps.reshape(-1, 64), kinds), activity[kept]

    def masks(self, activity: Floats, statistics: Statistics) -> Floats:
        """By how much the bits of each block of a batch are dearer, given the activity of its luma blocks."""
        luma = masking(activity, statistics.activity)
        mean = luma.mean(axis=1, keepdims=True, dtype=np.float32)
        return np.concatenate([mean if kind else luma for kind in self.layout.kinds], axis=1).ravel()

    def _inner_units(self) -> slice:
        across = len(self.blocks[0]) // self.rows
        return slice(self.inner[0] * across, self.inner[1] * across)

    def _activity(self, luma: Floats) -> Floats:
        """Of each luma block, (units, blocks of a unit), calmed by the blocks around it."""
        across, down = self.layout.factors[0]
        units = (self.rows, -1, down, across)
        grid = block_activity(luma).reshape(units).transpose(0, 2, 1, 3)
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
            dct.transform(dct.blocks(plane, across, down))
            for plane, (across, down) in zip(found, layout.factors, strict=True)
        )
        inner = ((top - first) // edge, -(-(bottom - first) // edge))
        yield Strip(layout, blocks, part.shape[0] // edge, inner)
