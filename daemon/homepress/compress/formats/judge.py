"""Scores results with transparency against their source, on dark and on light ground."""

import numpy as np
from numpy.typing import NDArray

from homepress.compress.quality.colour import ToSrgb
from homepress.compress.quality.ssimulacra2 import full_score
from homepress.compress.quality.tiles import EDGE, StripReference, Tile, cells, draw, strip
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
    """A picture as it looks over an even grey ground, composited the way browsers do it."""
    if (rgba[..., 3] == 255).all():
        return np.ascontiguousarray(rgba[..., :3])
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = rgba[..., :3] * alpha + np.uint16(ground) * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


class Judge:
    """One source, scored against several results.

    Args:
        source: height x width x 4.
        shown: shows its colours in sRGB.
    """

    def __init__(self, source: Rgba, shown: ToSrgb) -> None:
        opaque = bool((source[..., 3] == 255).all())
        self._grounds = _GROUNDS[-1:] if opaque else _GROUNDS
        self._shown = shown
        self._source = source
        height, width = source.shape[:2]
        self._small = min(height, width) < EDGE
        whole = height * width <= _FULL_PIXELS or self._small
        self.kind = ScoreKind.FULL if whole else ScoreKind.SAMPLED
        """How scores are measured."""
        self._tiles: list[Tile] = []
        self._references: list[StripReference] = []
        if not whole:
            self._tiles = draw(cells(over(source, _GROUNDS[-1])), _TILES)
            cut = strip(source, self._tiles)
            self._references = [StripReference(self._at(cut, ground)) for ground in self._grounds]

    def score(self, result: Rgba) -> float:
        """The score of a result: the lower one of both grounds."""
        if not self._references:
            return min(
                full_score(self._at(self._source, ground), self._at(result, ground))
                for ground in self._grounds
            )
        cut = strip(result, self._tiles)
        return min(
            reference.compare(self._at(cut, ground)).score()
            for ground, reference in zip(self._grounds, self._references, strict=True)
        )

    def worst(self, result: Rgba) -> float:
        """The score of the tiles that strayed furthest; 100 where the picture is smaller than a tile."""
        if self._small:
            return 100.0
        scores = []
        for ground in self._grounds:
            source, shown = over(self._source, ground), over(result, ground)
            tiles = worst_tiles(source, shown, _WORST_TILES)
            reference = StripReference(self._shown(strip(source, tiles)))
            scores.append(reference.compare(self._shown(strip(shown, tiles))).score())
        return min(scores)

    def views(self, result: Rgba) -> list[tuple[Rgb, Rgb]]:
        """Source and result over each ground, in the colours of their own space."""
        return [(over(self._source, ground), over(result, ground)) for ground in self._grounds]

    def _at(self, rgba: Rgba, ground: int) -> Rgb:
        return self._shown(over(rgba, ground))
