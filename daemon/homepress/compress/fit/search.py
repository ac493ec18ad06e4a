"""Which size in pixels, and which setting, show a picture best in so many bytes: told by a mosaic of it."""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from homepress.base.formats import ImageType
from homepress.compress.convert.picture import Picture
from homepress.compress.fit.coders import Coder, TriedPixels, coder_of
from homepress.compress.fit.mosaic import Mosaic
from homepress.compress.metadata.exif import without_thumbnail
from homepress.compress.metadata.jpeg_tail import gain_map_part
from homepress.compress.score.search import Scale
from homepress.compress.score.ssimulacra2 import to_srgb
from homepress.compress.score.tiles import FULL_PIXELS

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
        self._before: Found | None = None
        self._weight = 1.0
        self._last: Found | None = None

    def beyond(self, probe: Found) -> float:
        """A setting where all that is known on one side says that the goal is."""
        at = self._growth.log(probe.setting)
        if self._before is not None:  # a picture whose sizes grow more slowly would be crept along
            grown = (self._before.excess - probe.excess) / (self._growth.log(self._before.setting) - at)
            self._stride = min(max(1.0 / max(grown, 1e-6), 0.5), 2.0 * self._stride)
        self._before = probe
        log = at - self._stride * (probe.excess - self._goal)
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
_BUSY, _WITH_BUSYNESS = 40.0, 0.4
"""The activity of pictures whose bits the coder names, and the power of it with which these grow."""
_NEAR_HALF = 1.0
"""Points that the share above half the edges may stay behind the best, and half the edges be tried."""
_SPARE = 5.0
"""Points that a setting lies above its score, where more pixels are looked at first."""
_ENOUGH, _MANY_OF_THEM = 1.5, 0.88
"""The same, up to which pictures with so large a share of a busy one's bits are best with all pixels."""
_DIP = 0.2
"""Points by which a share may look worse than the best one so far, and the next one be tried."""
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
        self.mosaic = Mosaic(picture.rgba, to_srgb("RGB", picture.icc))
        """Of the picture."""
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
        part = self.mosaic.a_few()
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
        tried = coder.tried(self.mosaic.pixels(share), whole=self.mosaic.is_whole)
        beside = self._beside(share)
        stands_for = self.mosaic.stands_for(share)
        if not coder.measures_once:
            self._density = 1.0
        target = (self._limit - beside) / stands_for / self._density
        found = setting_for(tried.size, target, coder, start, below=_NEAR, above=_NEAR)
        known = self._trials if coder.measures_once else tried.is_usual(found.setting)
        if not known:
            self._density = tried.density(found.setting)
            target = (self._limit - beside) / stands_for / self._density
            found = setting_for(tried.size, target, coder, found.setting, below=_NEAR, above=_NEAR)
        if found.excess > _HOPELESS:
            return Trial(share, found.setting, -math.inf, tried, beside, stands_for * self._density)
        score = self.mosaic.score(tried.decoded(found.setting), share) + self._change(coder, found)
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
        return self._growth.setting(math.log(self._bits / share**2 / _USUAL_BITS))

    def with_all(self, trial: Trial, coder: Coder, picture: Picture) -> Trial:
        """A trial with all of a small picture instead of parts, where that takes little time."""
        width, height = picture.size
        trial = replace(trial, beside=picture.beside)
        if not coder.tries_quickly or self.mosaic.is_whole or width * height > FULL_PIXELS:
            return trial
        density = trial.factor / self.mosaic.stands_for(trial.share)
        return replace(trial, tried=coder.tried(picture.rgba, whole=True), factor=density)

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
        """The number of the share that is best in most pictures as busy, by the bits that each pixel gets."""
        busy = (self.mosaic.activity or _BUSY) / _BUSY
        wanted = math.sqrt(self._bits / self.coder.bits / math.pow(busy, _WITH_BUSYNESS))
        return min(range(len(self.shares)), key=lambda number: abs(self.shares[number] - wanted))

    @functools.cached_property
    def _summit(self) -> int:
        """The number of the share with the best score: uphill from where it is to be expected."""
        at = self._guess
        while self._score(at) == -math.inf and at < len(self.shares) - 1:
            at += 1
        if self._has_enough(at):
            return at
        step = self._way_up(at)
        best = self._climbed(at, step)
        if best == at and self._score(at) - self._score(at + step) > _bend(self.shares[at]):
            best = self._climbed(at, -step)
        return max(best, self._half_near(best), key=self._score)

    def _has_enough(self, at: int) -> bool:
        """Whether all pixels get so many bits, and none to spare, that fewer surely look worse."""
        if at or self._guess or self._bits < _MANY_OF_THEM * self.coder.bits:
            return False
        return self._spare(self.at(self.shares[0])) <= _ENOUGH

    def _half_near(self, at: int) -> int:
        """The number of half the edges, where it may look better than what it is near to; else the same.

        Each pixel then stands for four whole ones: some pictures lose less by it than with more pixels.
        """
        half = next((number for number, share in enumerate(self.shares) if share == _HALF), at)
        next_to_it = half - 1
        if not next_to_it - 1 <= at <= next_to_it:
            return at
        return half if self._score(next_to_it) > self._score(at) - _NEAR_HALF else at

    @functools.cached_property
    def _bits(self) -> float:
        """That the limit leaves for each pixel."""
        width, height = self._picture.size
        return 8 * max(self._limit - self._picture.beside, 1) / (width * height)

    def _climbed(self, at: int, step: int) -> int:
        best = at
        while 0 <= at + step < len(self.shares) and self._score(at + step) > self._score(best) - _DIP:
            at += step
            best = max(best, at, key=self._score)
        return best

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
        return -1 if self._spare(trial) > _SPARE else 1

    def _spare(self, trial: Trial) -> float:
        """Points by which a setting lies above the usual one for its score."""
        return (trial.setting - self.coder.scale.guess(trial.score)) * self.coder.scale.slope


def _bend(share: float) -> float:
    """Points that a share beside the best one costs at least, in most pictures."""
    return next(points for least, points in _BENDS if share >= least)


# The picture itself coded so that it fills the size.

_AIM = 0.992
"""Of the size: what is aimed at, so that a small error still fits."""
_MOST = 0.9975
"""The same where settings have steps in their sizes, and the next one below is far away."""
_CLOSE = 0.004
"""How near to what is aimed at, as a logarithm, the tried pixels have to come."""
_STEPS_APART = 0.008
"""From how far below it on the next setting is looked at too."""
_PLATEAU = (1, 2, 4)
"""Steps of the setting, all of which may have one size."""
_CAREFUL, _MOST_CAREFUL = 4.0, 0.025
"""Times the square of what a first coding stayed below it, as a logarithm: so much lower the second aims.
After one that was too large, second ones came out at most 0.6 % larger than aimed at in 90 fits."""


class Approach:
    """Which settings to code the whole picture at: by what was tried, then put right by what came of it.

    Args:
        trial: of the share of its edges.
        coder: codes it.
        limit: bytes of the file.
    """

    def __init__(self, trial: Trial, coder: Coder, limit: int) -> None:
        self._trial = trial
        self._coder = coder
        self._limit = limit
        self._ratio = trial.factor
        self._careful = 0.0
        self._known: float | None = None
        self._fits = False

    def next(self) -> float | None:
        """The next setting; None where no other one can come closer."""
        coder, known = self._coder, self._known
        start = self._trial.setting if known is None else known
        size, target = self._trial.tried.size, self._bytes(_AIM) * math.exp(-self._careful)
        found = setting_for(size, target, coder, start, below=_CLOSE, above=_CLOSE)
        setting = found.setting
        if found.excess < -_STEPS_APART:
            setting = self._one_size_more(setting)
        if known is not None and self._fits:
            setting = max(setting, on_grid(known + coder.step, coder))
        elif known is not None:
            setting = min(setting, on_grid(known - coder.step, coder))
        return None if setting == known else setting

    def _one_size_more(self, setting: float) -> float:
        """The next setting of another size, where that is small enough too."""
        size, coder = self._trial.tried.size, self._coder
        for steps in _PLATEAU:
            higher = on_grid(setting + steps * coder.step, coder)
            if (found := size(higher)) > size(setting):
                return higher if found <= self._bytes(_MOST) else setting
        return setting

    def learn(self, setting: float, size: int) -> None:
        """Take note of what a setting came to."""
        self._known, self._fits = setting, size <= self._limit
        self._ratio = max(size - self._trial.beside, 1) / self._trial.tried.size(setting)
        missed = min(math.log(self._trial.tried.size(setting) / self._bytes(_AIM)), 0.0)
        self._careful = min(_CAREFUL * missed**2, _MOST_CAREFUL)

    def _bytes(self, share: float) -> float:
        """Bytes of the tried pixels that promise a share of the limit."""
        return max(share * self._limit - self._trial.beside, 1.0) / self._ratio
