"""The smallest coding of a picture that keeps its floor, whatever the format."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from homepress.compress.model import ScoreKind
from homepress.compress.score.search import Increment, Scale, find_setting, first_to_keep, shortfall
from homepress.compress.score.ssimulacra2 import ToSrgb, full_score
from homepress.compress.score.tiles import (
    EDGE,
    FULL_PIXELS,
    TILES,
    WORST_TILES,
    StripReference,
    Tile,
    WholeReference,
    cells,
    compare_once,
    draw,
    framed_strip,
    strip,
    unframed,
    worst_tiles,
)
from homepress.compress.score.weighing import Tally

# Scores results with transparency against their source, on dark and on light ground.

_GROUNDS = (32, 255)

_PREPARED_PIXELS = 500_000
"""Sources up to this size are prepared once for all results: some 20 bytes a pixel."""

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


class Scorer:
    """One source, scored against several results.

    It holds pictures whole, with transparency on two grounds; `jpeg.lossy.JpegScorer` knows no transparency
    and reads pictures of any size in windows.

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
        self._prepared = height * width <= _PREPARED_PIXELS
        whole = height * width <= FULL_PIXELS or self._small
        self.kind = ScoreKind.FULL if whole else ScoreKind.SAMPLED
        """How scores are measured."""
        self._tiles: list[Tile] = []
        self._references: list[tuple[StripReference, StripReference]] = []
        if not whole:
            self._tiles = draw(cells(self.sources[-1]), TILES)
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
            return self.full(looks)
        return min(
            self._score(references, look) for references, look in zip(self._references, looks, strict=True)
        )

    def _score(self, references: tuple[StripReference, StripReference], look: Rgb) -> float:
        tally = Tally()
        for half, reference in enumerate(references):
            tally += reference.compare(self._shown(strip(look, self._tiles[half::2])))
        return tally.score()

    def full(self, looks: Sequence[Rgb]) -> float:
        """The score of all of a result, however large: for what sample tiles may misjudge, such as text."""
        if self._prepared:
            pairs = zip(self._wholes, looks, strict=True)
            return min(whole.compare(self._shown(look)).score() for whole, look in pairs)
        return min(
            full_score(source, look, self._shown) for source, look in zip(self.sources, looks, strict=True)
        )

    @functools.cached_property
    def _wholes(self) -> list[WholeReference]:
        """The source over each ground, prepared once for all results."""
        return [WholeReference(self._shown(source)) for source in self.sources]

    def worst(self, looks: Sequence[Rgb]) -> float:
        """The score of the tiles that strayed furthest; 100 where the picture is smaller than a tile."""
        if self._small:
            return 100.0
        return min(self._score_worst(source, look) for source, look in zip(self.sources, looks, strict=True))

    def _score_worst(self, source: Rgb, look: Rgb) -> float:
        tiles = worst_tiles(source, look, WORST_TILES)
        return compare_once(self._shown(strip(source, tiles)), self._shown(strip(look, tiles))).score()


# A picture, transparency and all, in another coding at the smallest setting that keeps a floor.
#
# Sample tiles choose the setting; the whole picture is coded once; the decoded result is scored on those
# tiles, on as many others and on the worst ones. Under the floor it is coded again, higher.

_TRIES = 4
_GUARD = 0.2
"""Points above the floor that are aimed at, for the error of sampling."""
_NEAR = 1.5
"""A lossless sample up to so many times as large as the lossy one makes the whole worth trying."""


class Codec(Protocol):
    """A lossy coder with one setting.

    Attributes:
        name: what the history calls it.
        scale: of its setting.
        step: the least difference of settings that it knows.
    """

    name: str
    scale: Scale
    step: float

    def encode(self, rgba: Rgba, setting: float) -> bytes:
        """A file of the picture, without metadata; alpha is kept exactly or scored like the colours."""
        ...

    def finish(self, rgba: Rgba, setting: float) -> bytes:
        """The file that is kept: as `encode` makes it, or with more effort than trying settings is worth."""
        return self.encode(rgba, setting)

    def decode(self, data: bytes) -> Rgba:
        """The pixels of such a file.

        Raises:
            Undecodable: the bytes do not decode.
        """
        ...


@dataclass(frozen=True, slots=True)
class EncodeResult:
    """A picture coded so that it keeps the floor.

    Attributes:
        data: a file without metadata.
        pixels: what it decodes to.
        setting: of the codec.
        score: against the source.
        kind: how the score was measured.
    """

    data: bytes
    pixels: Rgba
    setting: float
    score: float
    kind: ScoreKind


class TooManyBytes(Exception):  # noqa: N818 (reads as a verdict)
    """A sample tells that the whole would take far more bytes than are of use.

    Attributes:
        about: so many.
    """

    def __init__(self, about: int) -> None:
        super().__init__(f"about {about:,} bytes")
        self.about = about


_FAR = 1.5
"""How many times the bytes that are of use a sample has to tell of: it errs."""


def check_sample(size: int, pixels: int, all_pixels: int, most: int) -> None:
    """See that a picture is worth coding.

    Args:
        size: bytes of its sample.
        pixels: of the sample.
        all_pixels: of the picture.
        most: bytes of a result that is of use; 0 sets none.

    Raises:
        TooManyBytes: it would take far more.
    """
    about = round(size * all_pixels / pixels)
    if most and about > _FAR * most:
        raise TooManyBytes(about)


def code_at_floor(
    rgba: Rgba, scorer: Scorer, floor: float, codec: Codec, *, most: int = 0
) -> EncodeResult | None:
    """Code a picture at the smallest setting whose result keeps the floor; None if none does.

    Args:
        rgba: height x width x 4.
        scorer: of the same picture.
        floor: the least score.
        codec: codes it.
        most: bytes of a result that is of use; 0 sets none.

    Raises:
        TooManyBytes: the result would take far more.
    """
    sample = scorer.sample(rgba)
    score_at = _sampled(scorer, sample, codec)
    found = find_setting(score_at, floor + _GUARD, codec.scale, tolerance=0.3)
    if found is None:
        return None
    setting = _on_grid(found.true_to_level(codec.scale), codec)
    if most:
        size = len(codec.encode(sample, setting))
        check_sample(size, _pixels(sample), _pixels(rgba), most)
    return first_to_keep(
        functools.partial(_attempt, rgba, scorer, floor, codec),
        setting,
        [Increment(codec.step, 2**number) for number in range(_TRIES)],
        codec.scale,
        guard=_GUARD,
        on_grid=functools.partial(_on_grid, codec=codec),
    )


def may_win(
    encode_lossless: Callable[[Rgba], bytes], rgba: Rgba, scorer: Scorer, coded: EncodeResult, codec: Codec
) -> bool:
    """Whether a lossless coding may be smaller than a lossy one, told by the sample.

    Drawings often are; of photographs the attempt would only cost time.
    """
    if scorer.kind is ScoreKind.FULL:
        return True
    sample = scorer.sample(rgba)
    return len(encode_lossless(sample)) < _NEAR * len(codec.encode(sample, coded.setting))


def _pixels(rgba: Rgba) -> int:
    height, width = rgba.shape[:2]
    return int(height * width)


def _sampled(scorer: Scorer, sample: Rgba, codec: Codec) -> Callable[[float], float]:
    known: dict[float, float] = {}

    def score_at(setting: float) -> float:
        setting = _on_grid(setting, codec)
        if setting not in known:
            known[setting] = scorer.score_sample(codec.decode(codec.encode(sample, setting)))
        return known[setting]

    return score_at


def _attempt(
    rgba: Rgba, scorer: Scorer, floor: float, codec: Codec, setting: float
) -> tuple[EncodeResult, float]:
    """The picture coded at a setting, and by how many points it falls short."""
    data = codec.finish(rgba, setting)
    pixels = codec.decode(data)
    looks = scorer.looks(pixels)
    score = scorer.score(looks)
    short = shortfall(floor, score, scorer.worst(looks))
    return EncodeResult(data, pixels, setting, score, scorer.kind), short


def _on_grid(setting: float, codec: Codec) -> float:
    return codec.scale.clip(round(math.ceil(setting / codec.step - 1e-6) * codec.step, 4))
