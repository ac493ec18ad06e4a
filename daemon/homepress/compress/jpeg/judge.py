"""Scores codings of one picture against it: on tiles, or as a whole where it is small."""

from collections.abc import Sequence

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
from homepress.compress.raster import Pixels, Windowed
from homepress.compress.result import ScoreKind

_TILES = 120
_ROUGH_EVERY = 4
"""Of the tiles that choose the setting, each so-manieth is enough for a first idea of it."""
_WORST_TILES = 4
_FULL_PIXELS = 1_500_000
"""Pictures up to this size are scored whole."""


class Part:
    """Some tiles of a picture to try settings on, and their scores.

    Args:
        picture: the picture.
        tiles: of it.
        shown: shows its pixels in sRGB.
    """

    def __init__(self, picture: Windowed, tiles: Sequence[Tile], shown: ToSrgb) -> None:
        self._shown = shown
        self._tiles = tiles
        self._reference = StripReference(shown(strip(picture, tiles)))
        self.pixels: Pixels = framed_strip(picture, tiles)
        """The tiles with frames, side by side: what is to be coded."""

    def score(self, coded: Pixels) -> float:
        """The score of the tiles, coded and decoded with their frames."""
        return self._reference.compare(self._shown(unframed(coded))).score()

    def tally(self, coded: Windowed) -> Tally:
        """The differences in the tiles of the whole picture, coded and decoded."""
        return self._reference.compare(self._shown(strip(coded, self._tiles)))


class Whole:
    """All of a small picture to try settings on.

    Args:
        picture: the picture.
        shown: shows its pixels in sRGB.
    """

    def __init__(self, picture: Windowed, shown: ToSrgb) -> None:
        self._shown = shown
        self.pixels: Pixels = picture[:, :]
        """The pixels: what is to be coded."""

    def score(self, coded: Pixels) -> float:
        """The score of the picture, coded and decoded."""
        return full_score(self._shown(self.pixels), self._shown(coded))


class Judge:
    """One picture, and what is needed to score codings of it.

    Half of the tiles choose the setting, all of them judge the result.

    Args:
        picture: the picture.
        shown: shows its pixels in sRGB.
    """

    def __init__(self, picture: Windowed, shown: ToSrgb) -> None:
        self._picture = picture
        self._shown = shown
        height, width = picture.shape[:2]
        self._tiny = min(height, width) < EDGE
        self._tiles: list[Tile] = []
        self.sample: Part | Whole
        """What settings are tried on."""
        self.rough_sample: Part | None = None
        """A small part of it, for a first idea of the setting; None where the sample is small itself."""
        if self._tiny or height * width <= _FULL_PIXELS:
            self.sample = Whole(picture, shown)
        else:
            self._tiles = draw(cells(picture), _TILES)
            self.sample = Part(picture, self._tiles[::2], shown)
            self.rough_sample = Part(picture, self._tiles[:: 2 * _ROUGH_EVERY], shown)

    @property
    def kind(self) -> ScoreKind:
        """How codings are scored."""
        return ScoreKind.FULL if isinstance(self.sample, Whole) else ScoreKind.SAMPLED

    def score(self, coded: Windowed) -> float:
        """The score of the whole picture, coded and decoded."""
        if isinstance(self.sample, Whole):
            return self.sample.score(coded[:, :])
        tally = self.sample.tally(coded)
        tally += self._compare(coded, self._tiles[1::2])
        return tally.score()

    def score_worst(self, coded: Windowed) -> float:
        """The score of the tiles that strayed furthest; 100 where the picture is smaller than a tile."""
        if self._tiny:
            return 100.0
        tiles = worst_tiles(self._picture, coded, _WORST_TILES)
        return self._compare(coded, tiles).score()

    def _compare(self, coded: Windowed, tiles: list[Tile]) -> Tally:
        return compare_once(self._shown(strip(self._picture, tiles)), self._shown(strip(coded, tiles)))
