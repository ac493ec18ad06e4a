"""Scores codings of one picture against it: on tiles, or as a whole where it is small."""

from homepress.compress.quality.colour import ToSrgb
from homepress.compress.quality.ssimulacra2 import Tally, full_score
from homepress.compress.quality.tiles import (
    EDGE,
    StripReference,
    Tile,
    cells,
    compare_once,
    draw,
    framed_strip,
    strip,
    unframed,
)
from homepress.compress.quality.worst import worst_tiles
from homepress.compress.raster import Pixels, Raster
from homepress.compress.result import ScoreKind

_TILES = 120
_WORST_TILES = 4
_FULL_PIXELS = 1_500_000
"""Pictures up to this size are scored whole."""


class Judge:
    """One picture, and what is needed to score codings of it.

    Half of the tiles choose the setting, all of them judge the result.

    Args:
        picture: the picture.
        shown: shows its pixels in sRGB.
    """

    def __init__(self, picture: Raster, shown: ToSrgb) -> None:
        self._picture = picture
        self._shown = shown
        height, width = picture.shape[:2]
        self._tiny = min(height, width) < EDGE
        self._whole = picture.whole() if self._tiny or height * width <= _FULL_PIXELS else None
        self._tiles: list[Tile] = []
        self._reference: StripReference | None = None
        if self._whole is None:
            self._tiles = draw(cells(picture), _TILES)
            self._reference = StripReference(shown(strip(picture, self._tiles[::2])))

    @property
    def kind(self) -> ScoreKind:
        """How codings are scored."""
        return ScoreKind.FULL if self._whole is not None else ScoreKind.SAMPLED

    def sample(self) -> Pixels:
        """The part of the picture to try settings on."""
        return framed_strip(self._picture, self._tiles[::2]) if self._whole is None else self._whole

    def score_sample(self, coded: Pixels) -> float:
        """The score of the sample, coded and decoded."""
        if self._reference is None:
            return full_score(self._shown(self.sample()), self._shown(coded))
        return self._reference.compare(self._shown(unframed(coded))).score()

    def score(self, coded: Raster) -> float:
        """The score of the whole picture, coded and decoded."""
        if self._reference is None:
            return full_score(self._shown(self.sample()), self._shown(coded.whole()))
        tally = self._reference.compare(self._shown(strip(coded, self._tiles[::2])))
        tally += self._compare(coded, self._tiles[1::2])
        return tally.score()

    def score_worst(self, coded: Raster) -> float:
        """The score of the tiles that strayed furthest; 100 where the picture is smaller than a tile."""
        if self._tiny:
            return 100.0
        tiles = worst_tiles(self._picture, coded, _WORST_TILES)
        return self._compare(coded, tiles).score()

    def _compare(self, coded: Raster, tiles: list[Tile]) -> Tally:
        return compare_once(self._shown(strip(self._picture, tiles)), self._shown(strip(coded, tiles)))
