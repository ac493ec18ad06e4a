"""One picture coded as JPEG at the smallest quality that keeps a floor.

Sample tiles choose the quality; the whole picture is coded once; the decoded result is scored on those tiles,
on as many others and on the worst ones by block error. Under the floor it is coded again, higher.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from homepress.compress.jpeg.encoder import Encoder, Sample, Sampling
from homepress.compress.jpeg.judge import Judge
from homepress.compress.jpeg.tables import HIGHEST_QUALITY, LOWEST_QUALITY, on_grid
from homepress.compress.pixels import decode, fingerprint
from homepress.compress.quality.colour import ToSrgb
from homepress.compress.quality.search import Scale, find_setting
from homepress.compress.raster import Raster
from homepress.compress.result import ScoreKind

_TRIES = 3
_WORST_BELOW = 12.0
"""Points by which the worst tiles may stay under the floor: what photographs do that keep it as a whole."""
_GUARD = 0.2
"""Points above the floor that are aimed at, for the error of sampling."""
_DEAR = 6.0
"""Steps of quality above the usual that 4:2:0 may need before 4:4:4 is tried too."""

_SCALE = Scale(
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


@dataclass(frozen=True, slots=True)
class Coded:
    """A picture coded so that it keeps the floor.

    Attributes:
        stream: JPEG from SOI to EOI.
        fingerprint: of its decoded pixels, see `pixels.fingerprint`.
        quality: on jpegli's scale.
        sampling: of the colours.
        score: against the source.
        kind: how the score was measured.
    """

    stream: bytes
    fingerprint: str
    quality: float
    sampling: Sampling
    score: float
    kind: ScoreKind


@dataclass(frozen=True, slots=True)
class _Choice:
    sampling: Sampling
    quality: float
    sample: Sample


def code(
    picture: Raster, shown: ToSrgb, floor: float, encoder: Encoder, *, fine_colour: bool
) -> Coded | None:
    """Code a picture at the smallest quality whose result keeps the floor; None if none does.

    Args:
        picture: the picture.
        shown: shows its pixels in sRGB.
        floor: the least score.
        encoder: codes it.
        fine_colour: whether the source has full colour resolution, so that it may be worth keeping.
    """
    judge = Judge(picture, shown)
    for choice in _choices(judge, floor, encoder, grey=len(picture.shape) == 2, fine_colour=fine_colour):
        if coded := _code(picture, judge, floor, encoder, choice):
            return coded
    return None


def _choices(
    judge: Judge, floor: float, encoder: Encoder, *, grey: bool, fine_colour: bool
) -> Iterator[_Choice]:
    """Samplings that reach the floor on the sample, the better one first."""
    pixels = judge.sample()
    quarter = _search(judge, floor, encoder.sample(pixels, Sampling.QUARTER), Sampling.QUARTER)
    if quarter and (grey or not fine_colour or quarter.quality <= _SCALE.guess(floor) + _DEAR):
        yield quarter
        quarter = None
    if grey:
        return
    full = _search(judge, floor, encoder.sample(pixels, Sampling.FULL), Sampling.FULL)
    found = [choice for choice in (quarter, full) if choice]
    yield from sorted(found, key=lambda choice: choice.sample.size(choice.quality))


def _search(judge: Judge, floor: float, sample: Sample, sampling: Sampling) -> _Choice | None:
    found = find_setting(functools.partial(_score_at, judge, sample), floor + _GUARD, _SCALE)
    return _Choice(sampling, on_grid(found.setting), sample) if found else None


def _score_at(judge: Judge, sample: Sample, quality: float) -> float:
    return judge.score_sample(sample.decoded(on_grid(quality)))


def _code(picture: Raster, judge: Judge, floor: float, encoder: Encoder, choice: _Choice) -> Coded | None:
    quality = choice.quality
    for _ in range(_TRIES):
        stream = encoder.encode(picture, choice.sampling, quality, choice.sample)
        result = decode(stream, ("JPEG",))
        score = judge.score(Raster(result))
        short = max(floor - score, floor - _WORST_BELOW - judge.score_worst(Raster(result)))
        if short <= 0.0:
            return Coded(stream, fingerprint(result), quality, choice.sampling, score, judge.kind)
        if quality >= HIGHEST_QUALITY:
            return None
        quality = on_grid(quality + (short + _GUARD) / _SCALE.slope)
    return None
