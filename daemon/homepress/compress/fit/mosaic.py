"""How a picture with fewer pixels looks at its old size: all of it, or parts that stand for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from homepress.compress.aim import over
from homepress.compress.convert.picture import Rgba, is_opaque, scale_down
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

    picture: Image.Image
    size: Size

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and channels as shown."""
        return self.size[1], self.size[0], 3

    def __getitem__(self, window: tuple[slice, slice]) -> Pixels:
        (top, bottom, _), (left, right, _) = (
            part.indices(length) for part, length in zip(window, self.shape, strict=False)
        )
        if self.picture.size == self.size:
            return np.asarray(self.picture.crop((left, top, right, bottom)))
        across, down = (small / large for small, large in zip(self.picture.size, self.size, strict=True))
        box = (left * across, top * down, right * across, bottom * down)
        return np.asarray(self.picture.resize((right - left, bottom - top), Image.Resampling.LANCZOS, box))


class OldSizeScorer:
    """Scores results of any size against one source, at its size.

    Args:
        rgba: the source.
        shown: shows its colours in sRGB.
    """

    def __init__(self, rgba: Rgba, shown: ToSrgb) -> None:
        height, width = rgba.shape[:2]
        self.size = (width, height)
        """Of the source."""
        self._shown = shown
        self._looks = {ground: look(rgba, ground) for ground in grounds_of(rgba)}
        self._is_small = min(height, width) < EDGE
        is_whole = self._is_small or height * width <= FULL_PIXELS
        self._tiles = [] if is_whole else draw(cells(rgba[..., :3]), TILES)
        self.kind = ScoreKind.FULL if is_whole else ScoreKind.SAMPLED
        """How they are scored."""

    def score(self, result: Rgba) -> float:
        """The score of a result, shown at the size of its source; the lower one of all grounds."""
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
        enlarged = Enlarged(Image.fromarray(np.ascontiguousarray(result)), self.size)
        if self._tiles:
            return self._compare(source, enlarged, self._tiles)
        return full_score(source, enlarged[:, :], self._shown)

    def _compare(self, source: Rgb, result: Windowed, tiles: Sequence[Tile]) -> float:
        return compare_once(self._shown(strip(source, tiles)), self._shown(strip(result, tiles))).score()


# A mosaic of regions: larger than the tiles that results are scored on, so that they can be made smaller and
# larger again, and their rims left out of the score.

_REGION = 256
"""Pixels along a region: at every share of the edge, whole units of a JPEG."""
_RIM = 32
"""Pixels along its borders that do not count: there it is mixed with its neighbours."""
_REGIONS = 12
_INNER = _REGION - 2 * _RIM
_BATCH = 4


class Mosaic:
    """Parts of a picture that stand for all of it, at any share of its edges; all of it where it is small.

    Args:
        rgba: the picture.
        shown: shows its colours in sRGB.
    """

    def __init__(self, rgba: Rgba, shown: ToSrgb) -> None:
        height, width = rgba.shape[:2]
        self._shown = shown
        self.is_whole = height * width <= FULL_PIXELS or min(height, width) < _REGION
        """Whether it is the picture itself."""
        self._regions = [rgba] if self.is_whole else _regions(rgba)
        self.stands_for = height * width / sum(each.shape[0] * each.shape[1] for each in self._regions)
        """How many times its pixels the picture has."""
        self._references: dict[int, _Reference] = {}
        for ground in grounds_of(rgba):
            looks = [look(each, ground) for each in self._regions]
            self._references[ground] = _Reference(looks, shown, self.is_whole)

    def pixels(self, share: float) -> Rgba:
        """The regions side by side, made smaller."""
        return np.concatenate([_shrunk(each, share) for each in self._regions], axis=1)

    def a_few(self) -> Rgba:
        """A quarter of the regions side by side, at full size."""
        return np.concatenate(self._regions[::4], axis=1)

    def score(self, coded: Rgba) -> float:
        """The score of what `pixels` gave, coded and decoded, shown at its old size."""
        width = coded.shape[1] // len(self._regions)
        parts = [coded[:, at * width : (at + 1) * width] for at in range(len(self._regions))]
        scores = []
        for ground, reference in self._references.items():
            looks = [
                Enlarged(Image.fromarray(np.ascontiguousarray(look(part, ground))), _size_of(region))[:, :]
                for part, region in zip(parts, self._regions, strict=True)
            ]
            scores.append(reference.compare(looks).score())
        return min(scores)


def _shrunk(rgba: Rgba, share: float) -> Rgba:
    return rgba if share == 1.0 else scale_down(rgba, shrunk(_size_of(rgba), share))


def _size_of(rgba: Pixels) -> Size:
    return rgba.shape[1], rgba.shape[0]


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

    def __init__(self, looks: Sequence[Rgb], shown: ToSrgb, is_whole: bool) -> None:
        self._shown = shown
        self._whole = WholeReference(shown(looks[0])) if is_whole else None
        self._pieces = (
            [] if is_whole else [PieceReference(each, Piece(fade=False)) for each in self._cut(looks)]
        )

    def compare(self, looks: Sequence[Rgb]) -> Tally:
        if self._whole is not None:
            return self._whole.compare(self._shown(looks[0]))
        tally = Tally()
        for piece, cut in zip(self._pieces, self._cut(looks), strict=True):
            tally += piece.compare(cut)
        return tally

    def _cut(self, looks: Sequence[Rgb]) -> list[Rgb]:
        """Regions without their rims, a few of them side by side in each array."""
        inner = [each[_RIM:-_RIM, _RIM:-_RIM] for each in looks]
        strips = [np.concatenate(inner[at : at + _BATCH], axis=1) for at in range(0, len(inner), _BATCH)]
        return [self._shown(np.ascontiguousarray(strip)).reshape(_INNER, -1, _INNER, 3) for strip in strips]
