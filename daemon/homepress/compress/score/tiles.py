"""Which parts of a picture stand for the whole when it is scored.

Tiles are drawn systematically from cells sorted by how busy they are and, within equally busy ones, by
place: every kind of content is met in its share, everywhere. On 15 camera photographs 60 tiles of 128 pixels
gave the score of the whole within 0.3 (standard deviation), 30 within 0.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from homepress.compress.pixels import Band, Pixels, Windowed, sparse
from homepress.compress.score.ssimulacra2 import Piece, PieceReference, Rgb, pieces
from homepress.compress.score.weighing import Tally

EDGE = 128
"""Pixels along a tile: a multiple of every JPEG block and chroma grid."""

FRAME = 16
"""Pixels beside a tile in a framed strip: whole blocks and units of every JPEG."""

TILES = 120
"""Tiles of a picture that is too large to be scored whole; half of them choose the setting."""

WORST_TILES = 4
"""Tiles that strayed furthest, which are looked at by themselves."""

FULL_PIXELS = 1_500_000
"""Pictures up to this size are scored whole."""

_BATCH = 8  # tiles scored at once: enough to keep numpy's call overhead small, few enough for the CPU's cache
_TILE = Piece(fade=False)
_STEP = 4  # pixels between the samples that tell how busy a cell is


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The place of a tile: its first row and column in the picture."""

    top: int
    left: int

    def of(self, picture: Windowed) -> Pixels:
        """Its pixels."""
        return picture[self.top : self.top + EDGE, self.left : self.left + EDGE]


@dataclass(frozen=True, slots=True)
class Cells:
    """A picture divided into whole cells of `EDGE` pixels; what remains at right and bottom is left out.

    Attributes:
        activity: rows x columns of a number that grows with the busyness of each cell.
    """

    activity: NDArray[np.float32]

    def tile(self, number: int) -> Tile:
        """The tile of a cell, counted row by row."""
        row, column = divmod(number, self.activity.shape[1])
        return Tile(row * EDGE, column * EDGE)


def cells(picture: Windowed) -> Cells:
    """How busy each cell of a picture is.

    Raises:
        ValueError: the picture holds no whole cell.
    """
    rows, columns = picture.shape[0] // EDGE, picture.shape[1] // EDGE
    if not rows or not columns:
        raise ValueError("the picture is smaller than a tile")
    activity = np.empty((rows, columns), np.float32)
    for row in range(rows):
        band = sparse(picture, slice(row * EDGE, (row + 1) * EDGE), slice(0, columns * EDGE), _STEP)
        activity[row] = _band_activity(band[..., 1] if band.ndim == 3 else band)
    return Cells(activity)


def _band_activity(plane: Pixels) -> NDArray[np.float32]:
    level = plane.astype(np.int16)
    change = np.zeros(level.shape, np.float32)
    change[:, 1:] += np.abs(np.diff(level, axis=1))
    change[1:] += np.abs(np.diff(level, axis=0))
    means: NDArray[np.float32] = cell_means(change, EDGE // _STEP)[0]
    return means


def cell_means(values: NDArray[np.float32], edge: int) -> NDArray[np.float32]:
    """The mean over each `edge` x `edge` cell of a plane that whole cells cover."""
    rows, columns = values.shape[0] // edge, values.shape[1] // edge
    means: NDArray[np.float32] = values.reshape(rows, edge, columns, edge).mean(axis=(1, 3))
    return means


def draw(picture: Cells, count: int) -> list[Tile]:
    """Draw `count` tiles, or all there are if that is fewer; busy and quiet ones in turn.

    Every other tile of the result is a fair sample too, so one half can choose a setting and the other check.
    """
    activity = picture.activity.ravel()
    total = activity.size
    count = min(count, total)
    strata = max(int(np.sqrt(count)), 1)
    stratum = np.empty(total, np.int64)
    stratum[np.argsort(activity, kind="stable")] = np.arange(total) * strata // total
    order = np.argsort(stratum, kind="stable")
    drawn = order[(2 * np.arange(count) + 1) * total // (2 * count)]
    return [picture.tile(int(number)) for number in drawn]


def strip(picture: Windowed, tiles: Sequence[Tile]) -> Pixels:
    """The tiles side by side, as one picture `EDGE` pixels high."""
    return joined([tile.of(picture) for tile in tiles])


def joined(tiles: Sequence[Pixels]) -> Pixels:
    """The pixels of tiles side by side."""
    return np.concatenate(tiles, axis=1)


def framed_strip(picture: Windowed, tiles: Sequence[Tile]) -> Pixels:
    """The tiles side by side, each with `FRAME` pixels of its left and right, to be coded as one picture.

    Coders blur colours across a few pixels; in a bare strip they would blur them across tiles that are no
    neighbours in the picture. At the edges of the picture its last pixels are repeated.
    """
    cut = []
    for tile in tiles:
        left, right = max(tile.left - FRAME, 0), min(tile.left + EDGE + FRAME, picture.shape[1])
        pixels = picture[tile.top : tile.top + EDGE, left:right]
        lacks = ((0, 0), (left - tile.left + FRAME, tile.left + EDGE + FRAME - right))
        cut.append(np.pad(pixels, (*lacks, *[(0, 0)] * (pixels.ndim - 2)), mode="edge"))
    return np.concatenate(cut, axis=1)


def unframed(pixels: Pixels) -> Pixels:
    """A framed strip without its frames: what `strip` gives."""
    several = pixels.reshape(EDGE, -1, EDGE + 2 * FRAME, *pixels.shape[2:])
    return np.ascontiguousarray(several[:, :, FRAME:-FRAME]).reshape(EDGE, -1, *pixels.shape[2:])


class StripReference:
    """Tiles of the source, prepared so that several candidates can be scored against them.

    Args:
        rgb: the tiles side by side in sRGB, as `strip` gives them.
    """

    def __init__(self, rgb: Rgb) -> None:
        self._references = [PieceReference(part, _TILE) for part in _batches(rgb)]

    def compare(self, rgb: Rgb) -> Tally:
        """The differences of the same tiles of a candidate, side by side."""
        tally = Tally()
        for reference, part in zip(self._references, _batches(rgb), strict=True):
            tally += reference.compare(part)
        return tally


class WholeReference:
    """All of a small picture, prepared so that several candidates can be scored against it.

    Args:
        rgb: height x width x 3 in sRGB.
    """

    def __init__(self, rgb: Rgb) -> None:
        self._shape = rgb.shape
        self._references = [
            (rows, columns, PieceReference(rgb[rows, columns], piece))
            for rows, columns, piece in pieces(*rgb.shape[:2])
        ]

    def compare(self, rgb: Rgb) -> Tally:
        """The differences of a candidate.

        Raises:
            ValueError: it is of another size.
        """
        if rgb.shape != self._shape:
            raise ValueError(f"cannot compare {self._shape} with {rgb.shape}")
        tally = Tally()
        for rows, columns, reference in self._references:
            tally += reference.compare(rgb[rows, columns])
        return tally


def compare_once(source: Rgb, result: Rgb) -> Tally:
    """The differences between tiles side by side, with no more memory than a few of them need."""
    tally = Tally()
    for before, after in zip(_batches(source), _batches(result), strict=True):
        tally += PieceReference(before, _TILE).compare(after)
    return tally


def _batches(rgb: Rgb) -> list[Rgb]:
    several = rgb.reshape(EDGE, -1, EDGE, 3)
    return [several[:, start : start + _BATCH] for start in range(0, several.shape[1], _BATCH)]


# Where a result strayed furthest from its source, told without looking at every pixel closely.

_BLOCK = 8  # samples along a block: small flaws must not drown in their cell
_NOISE = np.float32(4.0)  # squared levels: what no eye sees even on a flat ground


class Strayed:
    """The cells with the blocks whose error is greatest for their texture, of a picture seen in bands.

    Error is weighed against texture because texture hides it.

    Args:
        source: the picture as it was.
        count: how many cells, at most.
    """

    def __init__(self, source: Windowed, count: int) -> None:
        self._source = source
        self._count = count
        self._worst: list[tuple[float, Tile, Pixels]] = []

    def see(self, band: Band) -> None:
        """Look at what became of some rows."""
        columns = self._source.shape[1] // EDGE
        for row in range(band.pixels.shape[0] // EDGE):
            here, across = slice(row * EDGE, (row + 1) * EDGE), slice(0, columns * EDGE)
            there = slice(band.top + here.start, band.top + here.stop)
            rating = _rate(
                sparse(self._source, there, across, _STEP), sparse(band.pixels, here, across, _STEP)
            )
            for column in np.argsort(-rating, kind="stable")[: self._count].tolist():
                cut = slice(column * EDGE, (column + 1) * EDGE)
                self._keep(float(rating[column]), Tile(there.start, cut.start), band.pixels, here, cut)

    def _keep(self, rating: float, tile: Tile, pixels: Windowed, rows: slice, columns: slice) -> None:
        if len(self._worst) == self._count and rating <= self._worst[-1][0]:
            return
        self._worst.append((rating, tile, pixels[rows, columns].copy()))
        self._worst.sort(key=lambda each: (-each[0], each[1]))
        del self._worst[self._count :]

    @property
    def tiles(self) -> list[Tile]:
        """Those cells, the worst first."""
        return [tile for _, tile, _ in self._worst]

    @property
    def strip(self) -> Pixels:
        """What became of them, side by side."""
        return joined([pixels for _, _, pixels in self._worst])


def worst_tiles(source: Windowed, result: Windowed, count: int) -> list[Tile]:
    """The `count` cells that strayed furthest, the worst first: see `Strayed`.

    Args:
        source: the picture as it was.
        result: what became of it, of the same shape.
        count: how many, at most.
    """
    strayed = Strayed(source, count)
    strayed.see(Band(0, result))
    return strayed.tiles


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
