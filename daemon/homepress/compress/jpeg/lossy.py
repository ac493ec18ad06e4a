"""Scores codings of one picture against it: on tiles, or as a whole where it is small."""

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from homepress.compress.aim import check_sample
from homepress.compress.jpeg.bands import same_pixels
from homepress.compress.jpeg.model import (
    HIGHEST_QUALITY,
    LOWEST_QUALITY,
    Coding,
    EncodedSample,
    Encoder,
    Sampling,
    on_grid,
)
from homepress.compress.jpeg.whole import decode_jpeg
from homepress.compress.model import ScoreKind
from homepress.compress.pixels import Pixels, Remembered, Windowed
from homepress.compress.score.search import (
    Increment,
    Scale,
    find_setting,
    find_setting_twice,
    first_to_keep,
    shortfall,
)
from homepress.compress.score.ssimulacra2 import ToSrgb
from homepress.compress.score.tiles import (
    EDGE,
    FULL_PIXELS,
    TILES,
    WORST_TILES,
    Strayed,
    StripReference,
    Tile,
    WholeReference,
    cells,
    compare_once,
    draw,
    framed_strip,
    joined,
    strip,
    unframed,
)
from homepress.compress.score.weighing import Tally

_ROUGH_EVERY = 4
"""Of the tiles that choose the setting, one in so many is enough for a first idea of it."""


class SampleTiles:
    """Some tiles of a picture to try settings on, and their scores.

    Args:
        picture: the picture.
        tiles: of it.
        shown: shows its pixels in sRGB.
    """

    def __init__(self, picture: Windowed, tiles: Sequence[Tile], shown: ToSrgb) -> None:
        self._shown = shown
        self._reference = StripReference(shown(strip(picture, tiles)))
        self.pixels: Pixels = framed_strip(picture, tiles)
        """The tiles with frames, side by side: what is to be coded."""

    def score(self, coded: Pixels) -> float:
        """The score of the tiles, coded and decoded with their frames."""
        return self._reference.compare(self._shown(unframed(coded))).score()

    def tally(self, tiles: Pixels) -> Tally:
        """The differences in the tiles, cut from the whole picture coded and decoded."""
        return self._reference.compare(self._shown(tiles))


class WholeSample:
    """All of a small picture to try settings on.

    Args:
        picture: the picture.
        shown: shows its pixels in sRGB.
    """

    def __init__(self, picture: Windowed, shown: ToSrgb) -> None:
        self._shown = shown
        self.pixels: Pixels = picture[:, :]
        """The pixels: what is to be coded."""
        self._reference = WholeReference(shown(self.pixels))

    def score(self, coded: Pixels) -> float:
        """The score of the picture, coded and decoded."""
        return self._reference.compare(self._shown(coded)).score()


class JpegScorer:
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
        self.sample: SampleTiles | WholeSample
        """What settings are tried on."""
        self.rough_sample: SampleTiles | None = None
        """A small part of it, for a first idea of the setting; None where the sample is small itself."""
        if self._tiny or height * width <= FULL_PIXELS:
            self.sample = WholeSample(picture, shown)
        else:
            self._tiles = draw(cells(picture), TILES)
            self.sample = SampleTiles(picture, self._tiles[::2], shown)
            self.rough_sample = SampleTiles(picture, self._tiles[:: 2 * _ROUGH_EVERY], shown)

    @property
    def kind(self) -> ScoreKind:
        """How codings are scored."""
        return ScoreKind.FULL if isinstance(self.sample, WholeSample) else ScoreKind.SAMPLED

    def judge(self, coding: Coding, known: float | None = None) -> "Judgement":
        """Decode a coding of the picture and score it, band by band where it is large.

        Args:
            coding: what is judged.
            known: its score, where all of the picture was tried at its quality before.

        Raises:
            Undecodable: it does not decode.
        """
        strayed = Strayed(self._picture, WORST_TILES)
        seen: dict[Tile, Pixels] = {}
        all_rows: list[Pixels] = []
        pixels: Windowed | None = None
        for band in coding.bands():
            rows = band.pixels.shape[0]
            pixels = band.pixels if rows == self._picture.shape[0] else None
            if not self._tiny:
                strayed.see(band)
            for tile in self._tiles:
                if 0 <= tile.top - band.top < rows:
                    seen[tile] = Tile(tile.top - band.top, tile.left).of(band.pixels).copy()
            if isinstance(self.sample, WholeSample) and known is None:
                all_rows.append(band.pixels[:, :])
        if known is not None:
            score = known
        elif isinstance(self.sample, WholeSample):
            score = self.sample.score(np.concatenate(all_rows))
        else:
            score = self._score_tiles(self.sample, seen)
        return Judgement(score, self._score_worst(strayed), pixels)

    def _score_tiles(self, sample: SampleTiles, seen: dict[Tile, Pixels]) -> float:
        first, second = (joined([seen[tile] for tile in self._tiles[start::2]]) for start in (0, 1))
        tally = sample.tally(first)
        tally += self._compare(second, self._tiles[1::2])
        return tally.score()

    def _score_worst(self, strayed: Strayed) -> float:
        """The score of the tiles that strayed furthest; 100 where the picture is smaller than a tile."""
        return self._compare(strayed.strip, strayed.tiles).score() if strayed.tiles else 100.0

    def _compare(self, coded: Pixels, tiles: list[Tile]) -> Tally:
        return compare_once(self._shown(strip(self._picture, tiles)), self._shown(coded))


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What became of a coded picture.

    Attributes:
        score: against the source.
        worst: the score of the parts that strayed furthest.
        pixels: that were decoded; None where the picture is too large to hold them.
    """

    score: float
    worst: float
    pixels: Windowed | None


# One picture coded as JPEG at the smallest quality that keeps a floor.
#
# Sample tiles choose the quality; the whole picture is coded once; what became of it is decoded and scored
# on those tiles, on as many others and on the worst ones by block error. Under the floor: again, higher.

_STEPS = (Increment(0.6), Increment(2.0), Increment(4.0, 3.0), Increment(8.0, 6.0), Increment(0.0))
"""By how much quality is raised, try after try: tables change in steps, and so do scores. The last are for
the few pictures whose scores hardly rise: a tenth of what the scale says was seen."""
_GUARD = 0.3
"""Points above the floor that are aimed at: what sampling may err by. More would cost bytes, less time. Where
all of a picture is scored, what comes so close from either side will do."""
FULL_COLOUR_MARGIN = 6.0
"""Steps of quality above the usual that 4:2:0 may need before 4:4:4 is tried too."""

SCALE = Scale(
    lowest=LOWEST_QUALITY,
    highest=HIGHEST_QUALITY,
    slope=0.6,
    expected=(
        (30.0, 12.0),
        (50.0, 38.0),
        (60.0, 53.0),
        (70.0, 70.0),
        (80.0, 83.5),
        (85.0, 89.0),
        (90.0, 94.0),
    ),
)

_WHOLE_SCALE = dataclasses.replace(
    SCALE, bend=((-2.0, 1.1), (0.0, 0.8), (2.0, 0.6), (4.0, 0.45), (8.0, 0.35))
)
"""For small pictures, each try of which is of all of it."""


@dataclass(frozen=True, slots=True)
class EncodedJpeg:
    """A picture coded so that it keeps the floor.

    Attributes:
        coding: of it: the fewest bytes were left for when it is known to do.
        encoder: the name of the one that coded it.
        quality: on jpegli's scale.
        sampling: of the colours.
        score: against the source.
        kind: how the score was measured.
    """

    coding: Coding
    encoder: str
    quality: float
    sampling: Sampling
    score: float
    kind: ScoreKind
    _pixels: Windowed | None

    def is_shown_by(self, data: bytes) -> bool:
        """Whether a JPEG decodes to the pixels that were scored.

        Raises:
            Undecodable: it does not decode.
        """
        if self._pixels is None:
            return same_pixels(self.coding.stream, data)
        return Remembered(self._pixels).are_those_of(decode_jpeg(data))


@dataclass(frozen=True, slots=True)
class _Choice:
    sampling: Sampling
    quality: float
    sample: EncodedSample
    scores: dict[float, float]
    """Of qualities at which all of the picture was tried already."""


def code(
    picture: Windowed,
    shown: ToSrgb,
    floor: float,
    encoder: Encoder,
    *,
    fine_colour: bool,
    most: int = 0,
) -> EncodedJpeg | None:
    """Code a picture at the smallest quality whose result keeps the floor; None if none does.

    Args:
        picture: the picture.
        shown: shows its pixels in sRGB.
        floor: the least score.
        encoder: codes it.
        fine_colour: whether the source has full colour resolution, so that it may be worth keeping.
        most: bytes of a result that is of use; 0 sets none.

    Raises:
        TooManyBytes: the result would take far more.
        Undecodable: what the encoder made does not decode.
    """
    scorer = JpegScorer(picture, shown)
    attempt = _Attempt(picture, scorer, floor, encoder)
    for choice in _choices(scorer, floor, encoder, grey=len(picture.shape) == 2, fine_colour=fine_colour):
        if most:
            size, sample = choice.sample.size(choice.quality), scorer.sample.pixels.shape
            check_sample(size, sample[0] * sample[1], picture.shape[0] * picture.shape[1], most)
        if coded := attempt.code(choice):
            return coded
    return None


def _choices(
    scorer: JpegScorer, floor: float, encoder: Encoder, *, grey: bool, fine_colour: bool
) -> Iterator[_Choice]:
    """Samplings that reach the floor on the sample, the better one first."""
    quarter = _search(scorer, floor, encoder, Sampling.QUARTER)
    if quarter and (grey or not fine_colour or quarter.quality <= SCALE.guess(floor) + FULL_COLOUR_MARGIN):
        yield quarter
        quarter = None
    if grey:
        return
    full = _search(scorer, floor, encoder, Sampling.FULL)
    found = [choice for choice in (quarter, full) if choice]
    yield from sorted(found, key=lambda choice: choice.sample.size(choice.quality))


def _search(scorer: JpegScorer, floor: float, encoder: Encoder, sampling: Sampling) -> _Choice | None:
    whole = isinstance(scorer.sample, WholeSample)
    sample = encoder.sample(scorer.sample.pixels, sampling, whole=whole)
    scores: dict[float, float] = {}
    exact = functools.partial(_score_at, scorer.sample, sample, scores)
    target = floor + _GUARD
    if scorer.rough_sample is None:
        found = find_setting(exact, target, _WHOLE_SCALE, tolerance=_GUARD)
    else:
        rough = encoder.sample(scorer.rough_sample.pixels, sampling)
        found = find_setting_twice(
            functools.partial(_score_at, scorer.rough_sample, rough, {}), exact, target, SCALE
        )
    if found is None:
        return None
    return _Choice(sampling, on_grid(found.true_to_level(SCALE)), sample, scores if whole else {})


def _score_at(
    part: SampleTiles | WholeSample, sample: EncodedSample, known: dict[float, float], quality: float
) -> float:
    quality = on_grid(quality)
    if quality not in known:
        known[quality] = part.score(sample.decoded(quality))
    return known[quality]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Coding one picture until the result keeps the floor."""

    picture: Windowed
    scorer: JpegScorer
    floor: float
    encoder: Encoder

    def code(self, choice: _Choice) -> EncodedJpeg | None:
        """The first result that keeps the floor, from the quality that the sample chose upwards."""
        attempt = functools.partial(self._attempt, choice)
        kept = first_to_keep(attempt, choice.quality, _STEPS, SCALE, guard=_GUARD, on_grid=on_grid)
        if kept is None:
            return None
        coding, judged, quality = kept
        name, kind = self.encoder.name, self.scorer.kind
        return EncodedJpeg(coding, name, quality, choice.sampling, judged.score, kind, judged.pixels)

    def _attempt(self, choice: _Choice, quality: float) -> tuple[tuple[Coding, Judgement, float], float]:
        coding = self.encoder.encode(self.picture, choice.sampling, quality, choice.sample)
        judged = self.scorer.judge(coding, choice.scores.get(quality))
        return (coding, judged, quality), shortfall(self.floor, judged.score, judged.worst)
