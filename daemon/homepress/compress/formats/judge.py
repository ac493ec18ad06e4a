"""Scores results with transparency against their source, on dark and on light ground."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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
from homepress.compress.result import ScoreKind

_GROUNDS = (32, 255)
_FULL_PIXELS = 1_500_000
"""Pictures up to this size are scored whole."""
_TILES = 120
_WORST_TILES = 4

Rgb = NDArray[np.uint8]
Rgba = NDArray[np.uint8]


def over(rgba: Rgba, ground: int) -> Rgb:
    """A picture (or palette) as it looks over an even grey ground, composited the way browsers do it."""
    alpha = rgba[..., 3:]
    if (alpha == 255).all():
        return np.ascontiguousarray(rgba[..., :3])
    wide = alpha.astype(np.uint16)
    mixed = rgba[..., :3] * wide
    mixed += np.uint16(ground) * (255 - wide) + 127
    mixed //= 255
    return mixed.astype(np.uint8)


class Judge:
    """One source, scored against several results.

    A result is handed over as its looks: an RGB picture over each of `grounds`, in that order.

    Args:
        source: height x width x 4.
        shown: shows its colours in sRGB.
    """

    def __init__(self, source: Rgba, shown: ToSrgb) -> None:
        opaque = bool((source[..., 3] == 255).all())
        self.grounds = _GROUNDS[-1:] if opaque else _GROUNDS
        """Grey levels of the grounds that results are looked at on; one if the source is opaque."""
        self.sources = [over(source, ground) for ground in self.grounds]
        """The source over each ground, in the colours of its own space."""
        self._shown = shown
        height, width = source.shape[:2]
        self._small = min(height, width) < EDGE
        whole = height * width <= _FULL_PIXELS or self._small
        self.kind = ScoreKind.FULL if whole else ScoreKind.SAMPLED
        """How scores are measured."""
        self._tiles: list[Tile] = []
        self._references: list[tuple[StripReference, StripReference]] = []
        if not whole:
            self._tiles = draw(cells(self.sources[-1]), _TILES)
            self._references = [self._halves(each) for each in self.sources]

    def _halves(self, source: Rgb) -> tuple[StripReference, StripReference]:
        """The tiles that settings are tried on, and the others."""
        first, second = (StripReference(self._shown(strip(source, self._tiles[half::2]))) for half in (0, 1))
        return first, second

    def sample(self, source: Rgba) -> Rgba:
        """The part of the source to try settings on: all of it, or tiles with a frame side by side."""
        return framed_strip(source, self._tiles[::2]) if self._references else source

    def score_sample(self, coded: Rgba) -> float:
        """The score of the sample, coded and decoded."""
        looks = self.looks(coded)
        if not self._references:
            return self.score(looks)
        return min(
            reference.compare(self._shown(unframed(look))).score()
            for (reference, _), look in zip(self._references, looks, strict=True)
        )

    def looks(self, result: Rgba) -> list[Rgb]:
        """A result over each ground."""
        return [over(result, ground) for ground in self.grounds]

    def score(self, looks: Sequence[Rgb]) -> float:
        """The score of a result: the lower one of all grounds."""
        if not self._references:
            pairs = zip(self.sources, looks, strict=True)
            return min(full_score(self._shown(source), self._shown(look)) for source, look in pairs)
        return min(
            self._score(references, look) for references, look in zip(self._references, looks, strict=True)
        )

    def _score(self, references: tuple[StripReference, StripReference], look: Rgb) -> float:
        tally = Tally()
        for half, reference in enumerate(references):
            tally += reference.compare(self._shown(strip(look, self._tiles[half::2])))
        return tally.score()

    def worst(self, looks: Sequence[Rgb]) -> float:
        """The score of the tiles that strayed furthest; 100 where the picture is smaller than a tile."""
        if self._small:
            return 100.0
        return min(self._score_worst(source, look) for source, look in zip(self.sources, looks, strict=True))

    def _score_worst(self, source: Rgb, look: Rgb) -> float:
        tiles = worst_tiles(source, look, _WORST_TILES)
        return compare_once(self._shown(strip(source, tiles)), self._shown(strip(look, tiles))).score()
