"""How a picture with fewer pixels looks at its old size: all of it, or parts that stand for it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from homepress.compress.aim import over
from homepress.compress.convert.picture import Rgba, is_opaque, scale_down
from homepress.compress.convert.resample import enlarged
from homepress.compress.model import ScoreKind
from homepress.compress.pixels import Pixels, Windowed
from homepress.compress.savings import Size, shrunk
from homepress.compress.score.ssimulacra2 import Piece, PieceReference, Rgb, ToSrgb, full_score
from homepress.compress.score.tiles import (
    EDGE,
    FULL_PIXELS,
    TILES,
    WORST_TILES,
    Tile,
    WholeReference,
    cells,
    compare_once,
    draw,
    strip,
    worst_tiles,
)
from homepress.compress.score.weighing import Tally

GROUNDS = (32, 255)
"""Grey levels of the grounds that pictures with transparency are looked at on."""


def grounds_of(rgba: Rgba) -> tuple[int, ...]:
    """The grounds that matter for a picture: one if nothing shines through."""
    return GROUNDS[-1:] if is_opaque(rgba) else GROUNDS


def look(rgba: Rgba, ground: int) -> Rgb:
    """Pixels, with transparency or without, over a ground."""
    return rgba[..., :3] if rgba.shape[-1] == 3 or is_opaque(rgba) else over(rgba, ground)


@dataclass(frozen=True, slots=True, eq=False)
class Enlarged:
    """Windows into a picture that is shown larger than it is, as a viewer would: Lanczos, in sRGB's curve.

    Attributes:
        picture: in RGB.
        size: width and height that it is shown at.
    """

    picture: Pixels
    size: Size

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and channels as shown."""
        return self.size[1], self.size[0], 3

    def __getitem__(self, window: tuple[slice, slice]) -> Pixels:
        (top, bottom, _), (left, right, _) = (
            part.indices(length) for part, length in zip(window, self.shape, strict=False)
        )
        if self.picture.shape == self.shape:
            return self.picture[top:bottom, left:right]
        whole = self.picture.shape[1], self.picture.shape[0]
        return enlarged(self.picture, whole, self.size, (top, bottom), (left, right))


class OldSizeScorer:
    """Scores results of any size against one source, at its size.

    Args:
        rgba: the source.
        shown: shows its colours in sRGB.
        tiles: how many are looked at, at most, where it is large.
        mosaic: of the same source, whose comparisons are used again where it is all of it.
    """

    def __init__(self, rgba: Rgba, shown: ToSrgb, tiles: int = TILES, mosaic: "Mosaic | None" = None) -> None:
        height, width = rgba.shape[:2]
        self.size = (width, height)
        """Of the source."""
        self._shown = shown
        self._looks = {ground: look(rgba, ground) for ground in grounds_of(rgba)}
        self._is_small = min(height, width) < EDGE
        is_whole = self._is_small or height * width <= FULL_PIXELS
        self._tiles = [] if is_whole else draw(cells(rgba[..., :3]), tiles)
        self.kind = ScoreKind.FULL if is_whole else ScoreKind.SAMPLED
        """How they are scored."""
        self._mosaic = mosaic if mosaic is not None and mosaic.is_whole and is_whole else None

    def score(self, result: Rgba) -> float:
        """The score of a result, shown at the size of its source; the lower one of all grounds."""
        if self._mosaic is not None:
            return self._mosaic.score_at(result, (result.shape[1], result.shape[0]))
        return min(self._score(look(result, ground), source) for ground, source in self._looks.items())

    def worst(self, result: Rgba) -> float:
        """The score of the tiles that strayed furthest, of a result of the size of its source."""
        if self._is_small:
            return 100.0
        scores = []
        for ground, source in self._looks.items():
            shows = look(result, ground)
            scores.append(self._compare(source, shows, worst_tiles(source, shows, WORST_TILES)))
        return min(scores)

    def _score(self, result: Rgb, source: Rgb) -> float:
        as_shown = Enlarged(result, self.size)
        if self._tiles:
            return self._compare(source, as_shown, self._tiles)
        return full_score(source, as_shown[:, :], self._shown)

    def _compare(self, source: Rgb, result: Windowed, tiles: Sequence[Tile]) -> float:
        return compare_once(self._shown(strip(source, tiles)), self._shown(strip(result, tiles))).score()


# A mosaic of regions: larger than the tiles that results are scored on, so that they can be made smaller and
# larger again, and their rims left out of the score.

_REGION = 192
"""Pixels along a region."""
_UNIT = 16
"""Of a JPEG with colours: none may hold parts of two regions, so smaller ones are cut to whole units."""
_RIM = 32
"""Pixels along its borders that do not count: there it is mixed with its neighbours."""
_REGIONS = 20
"""Many small ones tell more than a few large ones: most pictures are not alike all over."""
_BATCH = 8


class Mosaic:
    """Parts of a picture that stand for all of it, at any share of its edges; all of it where it is small.

    Args:
        rgba: the picture.
        shown: shows its colours in sRGB.
    """

    def __init__(self, rgba: Rgba, shown: ToSrgb) -> None:
        height, width = rgba.shape[:2]
        self.is_whole = height * width <= FULL_PIXELS or min(height, width) < _REGION
        """Whether it is the picture itself."""
        self._regions = rgba[:, None] if self.is_whole else np.stack(_regions(rgba), axis=1)
        """Side by side: height x regions x width x 4."""
        self.activity = _activity(rgba)
        """How busy the picture is, in the mean; 0 where it is smaller than a tile."""
        self._weighs: float = height * width * _weight(self.activity, self._regions)
        rim = 0 if self.is_whole else _RIM
        height, width = self._regions.shape[0], self._regions.shape[2]
        self._size = (width, height)
        self._window = (rim, height - rim), (rim, width - rim)
        self._references: dict[int, _Reference] = {}
        for ground in grounds_of(rgba):
            looks = self._inner(look(self._regions, ground), self._size)
            self._references[ground] = _Reference(looks, shown, self.is_whole)

    def pixels(self, share: float) -> Rgba:
        """The regions side by side, made smaller."""
        width, height = self._coded_size(share)
        parts = self._regions if share == 1.0 else scale_down(self._regions, shrunk(self._size, share))
        return _in_a_row(parts[:height, :, :width])

    def stands_for(self, share: float) -> float:
        """How many times the bytes of its regions the picture takes at a share of its edges, about."""
        width, height = self._coded_size(share)
        return self._weighs * share * share / (width * height * len(self._regions[0]))

    def a_few(self) -> Rgba:
        """A quarter of the regions side by side, at full size."""
        return _in_a_row(self._regions[:, ::4])

    def score(self, coded: Rgba, share: float) -> float:
        """The score of what `pixels` gave for a share, coded and decoded, shown at its old size."""
        return self.score_at(coded, shrunk(self._size, share))

    def score_at(self, coded: Rgba, size: Size) -> float:
        """The same for regions that are parts of such a size."""
        parts = coded.reshape(coded.shape[0], self._regions.shape[1], -1, coded.shape[-1])
        return min(
            reference.compare(self._inner(look(parts, ground), size)).score()
            for ground, reference in self._references.items()
        )

    def _coded_size(self, share: float) -> Size:
        """Width and height of a region as it is coded."""
        width, height = shrunk(self._size, share)
        return (width, height) if self.is_whole else (width // _UNIT * _UNIT, height // _UNIT * _UNIT)

    def _inner(self, parts: Rgb, size: Size) -> Rgb:
        """The regions, which are parts of such a size, at their old one without their rims."""
        (top, bottom), (left, right) = self._window
        if size == self._size:
            return parts[top:bottom, :, left:right]
        return enlarged(parts, size, self._size, *self._window)


def _activity(rgba: Rgba) -> float:
    return float(cells(rgba[..., :3]).activity.mean()) if min(rgba.shape[:2]) >= EDGE else 0.0


def _weight(whole: float, regions: Rgba) -> float:
    """How many times the bytes of its regions a picture takes for the same pixels: it may be less busy.

    By the square root of how busy both are: on 20 photographs that lessened the error.
    """
    if regions.shape[1] == 1:
        return 1.0
    part = _activity(_in_a_row(regions))
    return math.sqrt(whole / part) if part > 0.0 else 1.0


def _in_a_row(regions: Rgba) -> Rgba:
    return regions.reshape(regions.shape[0], -1, 4)


def _regions(rgba: Rgba) -> list[Rgba]:
    """Regions around tiles that are drawn as those that results are scored on."""
    height, width = rgba.shape[:2]
    beside = (_REGION - EDGE) // 2
    found = []
    for tile in draw(cells(rgba[..., :3]), _REGIONS):
        top = min(max(tile.top - beside, 0), height - _REGION)
        left = min(max(tile.left - beside, 0), width - _REGION)
        found.append(rgba[top : top + _REGION, left : left + _REGION])
    return found


class _Reference:
    """What the regions look like on one ground, prepared for comparisons."""

    def __init__(self, looks: Rgb, shown: ToSrgb, is_whole: bool) -> None:
        self._shown = shown
        self._whole = WholeReference(self._as_shown(looks)) if is_whole else None
        self._pieces = (
            [] if is_whole else [PieceReference(each, Piece(fade=False)) for each in self._cut(looks)]
        )

    def compare(self, looks: Rgb) -> Tally:
        if self._whole is not None:
            return self._whole.compare(self._as_shown(looks))
        tally = Tally()
        for piece, cut in zip(self._pieces, self._cut(looks), strict=True):
            tally += piece.compare(cut)
        return tally

    def _cut(self, looks: Rgb) -> list[Rgb]:
        """A few regions side by side in each array."""
        batches = [looks[:, at : at + _BATCH] for at in range(0, looks.shape[1], _BATCH)]
        return [self._as_shown(batch).reshape(batch.shape) for batch in batches]

    def _as_shown(self, looks: Rgb) -> Rgb:
        return self._shown(np.ascontiguousarray(looks.reshape(looks.shape[0], -1, 3)))
