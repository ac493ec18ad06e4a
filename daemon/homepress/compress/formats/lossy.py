"""A picture, transparency and all, in another coding at the smallest setting that keeps a floor.

Sample tiles choose the setting; the whole picture is coded once; the decoded result is scored on those tiles,
on as many others and on the worst ones. Under the floor it is coded again, higher.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from homepress.compress.formats.judge import Judge
from homepress.compress.quality.search import Scale, find_setting
from homepress.compress.result import ScoreKind

Rgba = NDArray[np.uint8]

_TRIES = 4
_GUARD = 0.2
"""Points above the floor that are aimed at, for the error of sampling."""
_NEAR = 1.5
"""A lossless sample up to so many times as large as the lossy one makes the whole worth trying."""
_WORST_BELOW = 12.0
"""Points by which the worst tiles may stay under the floor."""


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

    def decode(self, data: bytes) -> Rgba:
        """The pixels of such a file.

        Raises:
            Undecodable: the bytes do not decode.
        """
        ...


@dataclass(frozen=True, slots=True)
class Coded:
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


def code_at_floor(rgba: Rgba, judge: Judge, floor: float, codec: Codec) -> Coded | None:
    """Code a picture at the smallest setting whose result keeps the floor; None if none does.

    Args:
        rgba: height x width x 4.
        judge: of the same picture.
        floor: the least score.
        codec: codes it.
    """
    sample = judge.sample(rgba)
    score_at = _sampled(judge, sample, codec)
    found = find_setting(score_at, floor + _GUARD, codec.scale, tolerance=0.3)
    if found is None:
        return None
    setting = _on_grid(found.setting, codec)
    for number in range(_TRIES):
        coded, short = _attempt(rgba, judge, floor, codec, setting)
        if short <= 0.0:
            return coded
        if setting >= codec.scale.highest:
            return None
        # Scores rise in steps, some of them wide: each time a longer one is taken.
        longer = (short + _GUARD) / codec.scale.slope * 2**number
        setting = _on_grid(setting + max(codec.step, longer), codec)
    return None


def may_win(
    encode_lossless: Callable[[Rgba], bytes], rgba: Rgba, judge: Judge, coded: Coded, codec: Codec
) -> bool:
    """Whether a lossless coding may be smaller than a lossy one, told by the sample.

    Drawings often are; of photographs the attempt would only cost time.
    """
    if judge.kind is ScoreKind.FULL:
        return True
    sample = judge.sample(rgba)
    return len(encode_lossless(sample)) < _NEAR * len(codec.encode(sample, coded.setting))


def _sampled(judge: Judge, sample: Rgba, codec: Codec) -> Callable[[float], float]:
    known: dict[float, float] = {}

    def score_at(setting: float) -> float:
        setting = _on_grid(setting, codec)
        if setting not in known:
            known[setting] = judge.score_sample(codec.decode(codec.encode(sample, setting)))
        return known[setting]

    return score_at


def _attempt(rgba: Rgba, judge: Judge, floor: float, codec: Codec, setting: float) -> tuple[Coded, float]:
    """The picture coded at a setting, and by how many points it falls short."""
    data = codec.encode(rgba, setting)
    pixels = codec.decode(data)
    looks = judge.looks(pixels)
    score = judge.score(looks)
    short = max(floor - score, floor - _WORST_BELOW - judge.worst(looks))
    return Coded(data, pixels, setting, score, judge.kind), short


def _on_grid(setting: float, codec: Codec) -> float:
    return codec.scale.clip(round(math.ceil(setting / codec.step - 1e-6) * codec.step, 4))
