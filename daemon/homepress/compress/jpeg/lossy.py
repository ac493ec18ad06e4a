"""One picture coded as JPEG at the smallest quality that keeps a floor.

Sample tiles choose the quality; the whole picture is coded once; the decoded result is scored on those tiles,
on as many others and on the worst ones by block error. Under the floor it is coded again, higher.
"""

import functools
from dataclasses import dataclass

import numpy as np

from homepress.compress.jpeg.encoder import Encoder, Pixels, Sample, Sampling
from homepress.compress.jpeg.tables import HIGHEST_QUALITY, LOWEST_QUALITY, on_grid
from homepress.compress.pixels import decode
from homepress.compress.quality.colour import ToSrgb
from homepress.compress.quality.search import Scale, find_setting
from homepress.compress.quality.ssimulacra2 import full_score
from homepress.compress.quality.tiles import EDGE, StripReference, Tile, cells, draw, strip
from homepress.compress.quality.worst import worst_tiles
from homepress.compress.result import ScoreKind

_TRIES = 3
_SEARCH_TILES = 60
_CHECK_TILES = 60
_WORST_TILES = 4
_WORST_BELOW = 12.0
"""Points by which the worst tiles may stay under the floor: what photographs do that keep it as a whole."""
_GUARD = 0.2
"""Points above the floor that are aimed at, for the error of sampling."""
_FULL_PIXELS = 1_500_000
"""Pictures up to this size are scored whole."""

_SCALE = Scale(
    lowest=LOWEST_QUALITY,
    highest=HIGHEST_QUALITY,
    slope=0.45,
    expected=(
        (30.0, 12.0),
        (50.0, 35.0),
        (60.0, 50.0),
        (70.0, 68.0),
        (80.0, 84.0),
        (85.0, 90.0),
        (90.0, 95.0),
    ),
)


@dataclass(frozen=True, slots=True)
class Coded:
    """A picture coded so that it keeps the floor.

    Attributes:
        stream: JPEG from SOI to EOI.
        quality: on jpegli's scale.
        sampling: of the colours.
        score: against the source.
        kind: how the score was measured.
    """

    stream: bytes
    quality: float
    sampling: Sampling
    score: float
    kind: ScoreKind


class _Judge:
    """Scores results against the source, on tiles or (small pictures) whole."""

    def __init__(self, pixels: Pixels, shown: ToSrgb) -> None:
        self.pixels = pixels
        self.shown = shown
        self.whole = pixels.shape[0] * pixels.shape[1] <= _FULL_PIXELS or min(pixels.shape[:2]) < EDGE
        self.tiles: list[Tile] = []
        if not self.whole:
            self.tiles = draw(cells(pixels), _SEARCH_TILES + _CHECK_TILES)
            self.search = strip(pixels, self.tiles[::2])
            self.search_reference = StripReference(shown(self.search))
            self._check_reference = StripReference(shown(strip(pixels, self.tiles[1::2])))
        else:
            self.search = pixels

    def score_search(self, candidate: Pixels) -> float:
        """The score of the decoded sample."""
        if self.whole:
            return full_score(self.shown(self.pixels), self.shown(candidate))
        return self.search_reference.compare(self.shown(candidate)).score()

    def score(self, result: Pixels) -> float:
        """The score of the decoded whole."""
        if self.whole:
            return full_score(self.shown(self.pixels), self.shown(result))
        tally = self.search_reference.compare(self.shown(strip(result, self.tiles[::2])))
        tally += self._check_reference.compare(self.shown(strip(result, self.tiles[1::2])))
        return tally.score()

    def score_worst(self, result: Pixels) -> float:
        """The score of the tiles that strayed furthest."""
        if min(self.pixels.shape[:2]) < EDGE:
            return 100.0
        tiles = worst_tiles(self.pixels, result, _WORST_TILES)
        reference = StripReference(self.shown(strip(self.pixels, tiles)))
        return reference.compare(self.shown(strip(result, tiles))).score()


def code(pixels: Pixels, shown: ToSrgb, floor: float, encoder: Encoder, *, fine_colour: bool) -> Coded | None:
    """Code a picture at the smallest quality whose result keeps the floor; None if none does.

    Args:
        pixels: the picture.
        shown: shows its pixels in sRGB.
        floor: the least score.
        encoder: codes it.
        fine_colour: whether the source has full colour resolution, so that it may need to be kept.
    """
    judge = _Judge(pixels, shown)
    choices = _choices(judge, floor, encoder, fine_colour)
    for sampling, quality, sample in choices:
        if coded := _code(judge, floor, encoder, sampling, quality, sample):
            return coded
    return None


def _choices(
    judge: _Judge, floor: float, encoder: Encoder, fine_colour: bool
) -> list[tuple[Sampling, float, Sample]]:
    """Samplings that reach the floor on the sample, the smaller result first, each with its quality."""
    wanted = [Sampling.QUARTER] if judge.pixels.ndim == 2 else [Sampling.QUARTER, Sampling.FULL]
    found: list[tuple[int, Sampling, float, Sample]] = []
    for sampling in wanted:
        if found and not fine_colour:
            break
        sample = encoder.sample(judge.search, sampling)
        best = find_setting(functools.partial(_score_at, judge, sample), floor + _GUARD, _SCALE)
        if best is not None:
            quality = on_grid(best.setting)
            size = sample.size(quality) if fine_colour else 0
            found.append((size, sampling, quality, sample))
    found.sort(key=lambda choice: choice[0])
    return [choice[1:] for choice in found]


def _score_at(judge: _Judge, sample: Sample, quality: float) -> float:
    return judge.score_search(sample.decoded(quality))


def _code(
    judge: _Judge, floor: float, encoder: Encoder, sampling: Sampling, quality: float, sample: Sample
) -> Coded | None:
    for _ in range(_TRIES):
        stream = encoder.encode(judge.pixels, sampling, quality, sample)
        result = np.asarray(decode(stream, ("JPEG",)))
        score = judge.score(result)
        short = max(floor - score, floor - _WORST_BELOW - judge.score_worst(result))
        if short <= 0.0:
            kind = ScoreKind.FULL if judge.whole else ScoreKind.SAMPLED
            return Coded(stream, quality, sampling, score, kind)
        if quality >= HIGHEST_QUALITY:
            return None
        quality = on_grid(quality + (short + _GUARD) / _SCALE.slope)
    return None
