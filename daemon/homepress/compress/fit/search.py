"""Which size in pixels, and which setting, show a picture best in so many bytes: told by a mosaic of it."""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from homepress.base.formats import ImageType
from homepress.compress.convert.picture import Picture
from homepress.compress.fit.coders import Coder, TriedPixels, coder_of
from homepress.compress.fit.mosaic import Mosaic
from homepress.compress.metadata.exif import without_thumbnail
from homepress.compress.metadata.jpeg_tail import gain_map_part
from homepress.compress.score.search import Scale
from homepress.compress.score.ssimulacra2 import to_srgb

# How sizes grow with a setting: along much the same curve in all pictures.

_GROWTH = (
    (30.0, -1.6),
    (50.0, -1.2),
    (60.0, -0.92),
    (70.0, -0.57),
    (80.0, 0.0),
    (85.0, 0.35),
    (90.0, 0.78),
)
"""By score, the logarithm of a picture's size, relative to that at 80."""
_ENDS = (-2.4, 1.6)
"""The same at the ends of the scale of a setting, about."""
_GROWTH_WITH_EDGE = 1.7
"""Power of the edge with which sizes grow: fine detail is lost where pictures shrink."""
_TRIES = 10


class Growth:
    """The common curve of a format: from settings to logarithms of sizes, and back.

    Args:
        scale: of the setting.
    """

    def __init__(self, scale: Scale) -> None:
        inner = [(scale.guess(score), growth) for score, growth in _GROWTH]
        inner = [point for point in inner if scale.lowest < point[0] < scale.highest]
        points = [(scale.lowest, _ENDS[0]), *inner, (scale.highest, _ENDS[1])]
        self._settings, self._logs = (np.array(each) for each in zip(*points, strict=True))

    def log(self, setting: float) -> float:
        """The logarithm of the size at a setting."""
        return float(np.interp(setting, self._settings, self._logs))

    def setting(self, log: float) -> float:
        """The setting for a logarithm of a size."""
        return float(np.interp(log, self._logs, self._settings))


@dataclass(frozen=True, slots=True)
class Found:
    """A setting, and by how much its size differs from the one that was looked for, as a logarithm."""

    setting: float
    excess: float


def setting_for(
    size: Callable[[float], int],
    target: float,
    coder: Coder,
    start: float,
    *,
    below: float,
    above: float = 0.0,
) -> Found:
    """The setting whose size comes close to a target; sizes grow with settings.

    Args:
        size: of a setting; costly.
        target: bytes.
        coder: knows the scale.
        start: where to begin.
        below: by how much the size may stay under the target, as a logarithm, and the search end.
        above: by how much it may exceed it.

    Returns:
        The nearest of those that do not exceed the target by more than `above`; the lowest setting if all do.
    """
    low: Found | None = None
    high: Found | None = None
    steps = _Steps(coder, (above - below) / 2)  # towards the middle of what will do
    setting = on_grid(start, coder)
    for _ in range(_TRIES):
        probe = Found(setting, math.log(max(size(setting), 1) / max(target, 1.0)))
        if -below <= probe.excess <= above:
            return probe
        low, high = (low, probe) if probe.excess > 0.0 else (probe, high)
        if low and high:
            if high.setting - low.setting <= 1.5 * coder.step:
                break
            setting = on_grid(steps.between(low, high, probe), coder)
            continue
        if probe.setting == (coder.scale.lowest if high else coder.scale.highest):
            return probe
        setting = on_grid(steps.beyond(probe), coder)
    if low is not None:
        return low
    lowest = coder.scale.lowest
    return Found(lowest, math.log(max(size(lowest), 1) / max(target, 1.0)))


class _Steps:
    """Where to look next.

    Args:
        coder: knows the scale.
        goal: the excess that is best.
    """

    def __init__(self, coder: Coder, goal: float) -> None:
        self._growth = Growth(coder.scale)
        self._step = coder.step
        self._goal = goal
        self._stride = 1.0
        self._weight = 1.0
        self._last: Found | None = None

    def beyond(self, probe: Found) -> float:
        """A setting on the other side of all that is known."""
        log = self._growth.log(probe.setting) - self._stride * (probe.excess - self._goal)
        self._stride *= 2.0  # a picture whose sizes grow more slowly would be crept along
        wanted = self._growth.setting(log)
        step = self._step
        return min(wanted, probe.setting - step) if probe.excess > 0.0 else max(wanted, probe.setting + step)

    def between(self, low: Found, high: Found, probe: Found) -> float:
        """A setting between two; nearer to the one that has stood for long (the Illinois method)."""
        below, above = low.excess - self._goal, high.excess - self._goal
        if self._last is not None and (self._last.excess > 0.0) == (probe.excess > 0.0):
            self._weight *= 0.5
        else:
            self._weight = 1.0
        if probe.excess > 0.0:
            below *= self._weight
        else:
            above *= self._weight
        share = -below / (above - below)
        self._last = probe
        ends = self._growth.log(low.setting), self._growth.log(high.setting)
        wanted = self._growth.setting(ends[0] + min(max(share, 0.05), 0.95) * (ends[1] - ends[0]))
        return min(max(wanted, low.setting + self._step), high.setting - self._step)


def on_grid(setting: float, coder: Coder) -> float:
    """The setting rounded down to one that the coder knows."""
    steps = math.floor(setting / coder.step + 1e-6)
    return coder.scale.clip(round(steps * coder.step, 4))


# How a picture looks at each share of its edges, at the setting that a size in bytes allows.

_NEAR = 0.05
"""How near to the target, as a logarithm, a size has to be for the score at the target to be told by it."""
_USUAL_BITS = 0.6
"""A pixel, at a score of 80, in most photographs: where the first search begins."""
_HOPELESS = 0.15
"""By how much the least size may exceed the limit, as a logarithm, and the share still be tried."""
_RATHER_PIXELS = 0.4
"""Points of the score that more pixels are worth."""
_LEAST_SHARE, _FAR_FROM_SURE = 0.25, 1.0
"""Of the edges, and what more pixels are worth there: parts so small tell less of the whole."""
_HALF, _MANY = 0.5, 0.7
"""Shares of the edges: up to the one more pixels are looked at first; from the other on it depends."""
_NEAR_HALF = 1.0
"""Points that the share above half the edges may stay behind the best, and half the edges be tried."""
_SPARE = 5.0
"""Points that a setting lies above its score, where more pixels are looked at first."""
_BENDS = ((0.7, 0.3), (0.55, 1.0), (0.0, 2.0))
"""By share, points that the next ones cost on both sides of the best: the smaller the picture, the more."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """The mosaic at a share of its edges and about the setting that the size in bytes allows.

    Attributes:
        share: of the edges.
        setting: of the coder.
        score: to be expected at the old size where the size in bytes is used up.
        tried: the mosaic.
        beside: bytes that the file takes whatever the setting.
        factor: by how much the sizes of `tried` are to be multiplied for those of the picture.
    """

    share: float
    setting: float
    score: float
    tried: TriedPixels
    beside: int
    factor: float


class Search:
    """Trials of one picture.

    Args:
        picture: the picture in full size.
        kind: the format that it is to be written in.
        limit: bytes of the file.
        shares: of the edges that may be tried, the largest first.

    Raises:
        CannotConvert: the format cannot show it.
    """

    def __init__(self, picture: Picture, kind: ImageType, limit: int, shares: Sequence[float]) -> None:
        self.shares = shares
        self.coder = coder_of(picture, kind)
        self._picture = picture
        self._limit = limit
        self._growth = Growth(self.coder.scale)
        self._mosaic = Mosaic(picture.rgba, to_srgb("RGB", picture.icc))
        self._density = 1.0
        self._trials: dict[float, Trial] = {}

    @functools.cached_property
    def _thumbnail(self) -> int:
        """Bytes of a thumbnail, which goes where the picture gets smaller."""
        exif = self._picture.exif
        return 0 if exif is None else len(exif) - len(without_thumbnail(exif))

    @functools.cached_property
    def _gain_map(self) -> int:
        """Bytes of a gain map, which shrinks with its picture."""
        tail = self._picture.tail
        part = None if tail is None else gain_map_part(tail.file)
        return 0 if part is None else part.end - part.start

    def _beside(self, share: float) -> int:
        """Bytes that the file takes whatever the setting, about."""
        if share == 1.0:
            return self._picture.beside
        return self._picture.beside - self._thumbnail - round(self._gain_map * (1.0 - math.pow(share, 1.5)))

    def lossless_size(self) -> float:
        """About how many bytes the picture takes without loss; infinite where it cannot be written so."""
        part = self._mosaic.a_few()
        size = self.coder.lossless_size(part)
        if size is None:
            return math.inf
        width, height = self._picture.size
        whole = size * width * height / (int(part.shape[0]) * int(part.shape[1]))
        return whole + self._picture.beside

    def at(self, share: float) -> Trial:
        """The trial of a share."""
        if share not in self._trials:
            self._trials[share] = self.tried_with(self.coder, share, self._start(share))
        return self._trials[share]

    def tried_with(self, coder: Coder, share: float, start: float) -> Trial:
        """A trial with another coder; `start` is a setting near to what is to be expected."""
        tried = coder.tried(self._mosaic.pixels(share))
        beside = self._beside(share)
        stands_for = self._mosaic.stands_for(share)
        if not coder.measures_once:
            self._density = 1.0
        target = (self._limit - beside) / stands_for / self._density
        found = setting_for(tried.size, target, coder, start, below=_NEAR, above=_NEAR)
        known = self._trials if coder.measures_once else tried.is_usual(found.setting)
        if self._mosaic.is_whole or not known:
            self._density = tried.density(found.setting)
            target = (self._limit - beside) / stands_for / self._density
            found = setting_for(tried.size, target, coder, found.setting, below=_NEAR, above=_NEAR)
        if found.excess > _HOPELESS:
            return Trial(share, found.setting, -math.inf, tried, beside, stands_for * self._density)
        score = self._mosaic.score(tried.decoded(found.setting), share) + self._change(coder, found)
        return Trial(share, found.setting, score, tried, beside, stands_for * self._density)

    def _change(self, coder: Coder, found: Found) -> float:
        """Points of the score between a setting and the one that would meet the target."""
        wanted = self._growth.setting(self._growth.log(found.setting) - found.excess)
        return max(min((wanted - found.setting) * coder.scale.slope, 5.0), -5.0)

    def _start(self, share: float) -> float:
        if self._trials:
            near = min(self._trials.values(), key=lambda trial: abs(trial.share - share))
            log = self._growth.log(near.setting) + _GROWTH_WITH_EDGE * math.log(near.share / share)
            return self._growth.setting(log)
        width, height = self._picture.size
        bits = 8 * max(self._limit - self._picture.beside, 1) / (width * height * share**2)
        return self._growth.setting(math.log(bits / _USUAL_BITS))

    @property
    def best_score(self) -> float:
        """About the best that is to be had in the bytes; surely no less than with all pixels.

        Where most pictures are best with all pixels, no others are tried for it.
        """
        return self._score(0 if self._guess == 0 else self._summit)

    def best_first(self) -> Iterator[Trial]:
        """The trial of the share that looks best, then those of smaller ones; none that surely do not fit."""
        at = self._summit
        best = self._score(at) - (_RATHER_PIXELS if self.shares[at] > _LEAST_SHARE else _FAR_FROM_SURE)
        at = min(number for number, share in enumerate(self.shares) if self._is_as_good(share, best))
        for share in self.shares[at:]:
            if self.at(share).score > -math.inf:
                yield self.at(share)

    def _is_as_good(self, share: float, score: float) -> bool:
        return share in self._trials and self._trials[share].score >= score

    @functools.cached_property
    def _guess(self) -> int:
        """The number of the share that is best in most pictures, by the bits that each pixel gets."""
        width, height = self._picture.size
        bits = 8 * max(self._limit - self._picture.beside, 1) / (width * height)
        wanted = math.sqrt(bits / self.coder.bits)
        return min(range(len(self.shares)), key=lambda number: abs(self.shares[number] - wanted))

    @functools.cached_property
    def _summit(self) -> int:
        """The number of the share with the best score: uphill from where it is to be expected."""
        at = self._guess
        while self._score(at) == -math.inf and at < len(self.shares) - 1:
            at += 1
        step = self._way_up(at)
        best = self._climbed(at, step)
        if best == at and self._score(at) - self._score(at + step) > _bend(self.shares[at]):
            best = self._climbed(at, -step)
        return max(best, self._half_near(best), key=self._score)

    def _half_near(self, at: int) -> int:
        """The number of half the edges, where it may look better than what it is near to; else the same.

        Each pixel then stands for four whole ones: some pictures lose less by it than with more pixels.
        """
        half = next((number for number, share in enumerate(self.shares) if share == _HALF), at)
        next_to_it = half - 1
        if not next_to_it - 1 <= at <= next_to_it:
            return at
        return half if self._score(next_to_it) > self._score(at) - _NEAR_HALF else at

    def _climbed(self, at: int, step: int) -> int:
        while self._score(at + step) > self._score(at):
            at += step
        return at

    def _score(self, number: int) -> float:
        return self.at(self.shares[number]).score if 0 <= number < len(self.shares) else -math.inf

    def _way_up(self, at: int) -> int:
        """Towards more pixels (-1) or fewer (1), by what is known of one share.

        Settings that are high for their scores tell of bits to spare for more pixels.
        """
        trial = self.at(self.shares[at])
        if trial.share <= _HALF:
            return -1
        if trial.share < _MANY:
            return 1
        spare = trial.setting - self.coder.scale.guess(trial.score)
        return -1 if spare * self.coder.scale.slope > _SPARE else 1


def _bend(share: float) -> float:
    """Points that a share beside the best one costs at least, in most pictures."""
    return next(points for least, points in _BENDS if share >= least)


# The picture itself coded until it fills the size.

_CLOSE = 0.004
"""How near to what is aimed at, as a logarithm, the mosaic has to come."""
_NEAR_ENOUGH = 0.02
"""The same as long as it is not known how far the mosaic errs."""


class Approach:
    """Which settings to code the whole picture at: those of the mosaic, put right by what came of them.

    Args:
        trial: of the share of its edges.
        coder: codes it.
        aim: bytes of the file.
    """

    def __init__(self, trial: Trial, coder: Coder, aim: float) -> None:
        self._trial = trial
        self._coder = coder
        self._aim = aim
        self._low: tuple[float, int] | None = None
        self._high: tuple[float, int] | None = None

    def next(self) -> float | None:
        """The next setting; None where no other one can come closer."""
        trial, coder = self._trial, self._coder
        known = [each[0] for each in (self._low, self._high) if each is not None]
        start = (self._high or self._low or (trial.setting, 0))[0]
        close = _CLOSE if known else _NEAR_ENOUGH
        setting = setting_for(trial.tried.size, self._target(), coder, start, below=close).setting
        if self._high is not None:
            setting = min(setting, on_grid(self._high[0] - coder.step, coder))
        if self._low is not None:
            setting = max(setting, on_grid(self._low[0] + coder.step, coder))
        return None if setting in known else setting

    def learn(self, setting: float, size: int, *, fits: bool) -> None:
        """Take note of what a setting came to."""
        if fits:
            self._low = setting, size
        else:
            self._high = setting, size

    def _target(self) -> float:
        """Bytes of the mosaic that promise what is aimed at."""
        size, beside = self._trial.tried.size, self._trial.beside
        aim = math.log(max(self._aim - beside, 1.0))
        points = [
            (math.log(max(whole - beside, 1)), math.log(size(setting)))
            for setting, whole in (each for each in (self._low, self._high) if each is not None)
        ]
        if not points:
            return math.exp(aim) / self._trial.factor
        if len(points) == 1 or points[1][0] <= points[0][0]:
            ((whole, part),) = points[:1]
            return math.exp(part + aim - whole)
        (low, low_part), (high, high_part) = points
        return math.exp(low_part + (high_part - low_part) * (aim - low) / (high - low))
