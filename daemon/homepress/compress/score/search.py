"""The search for the smallest setting that reaches a score, and then keeps it in the whole picture."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

_MOST_PROBES = 6
_STRAIGHT = 3.0  # points between two probes that a straight line may bridge
_NARROW = 0.3  # steps of the setting that are not worth dividing further
_ROUGH_TOLERANCE = 1.0  # points; a rough measure is hardly more exact
_WORST_BELOW = 12.0  # points that the worst tiles may stay under the floor, as photographs do that keep it
_BARE = 80.0  # points that pictures of one colour, or of little more, keep at the end of the scale
_CLOSE = 90.0  # points whose usual setting keeps the levels of those too
_NEAR = 0.6  # points from the target that a slope measured roughly may bridge; curves have steps

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of a setting, and where on it scores are to be expected.

    Attributes:
        lowest: the least value that is tried.
        highest: the greatest.
        slope: points of score for one step, about, for the first guess.
        expected: settings that give a score in most pictures, as (score, setting), rising.
        bend: points of score for one step after a first guess that missed, as (points above the target,
            slope), rising: where scores fall short, curves are steep. Empty where `slope` will do.
    """

    lowest: float
    highest: float
    slope: float
    expected: tuple[tuple[float, float], ...]
    bend: tuple[tuple[float, float], ...] = ()

    def guess(self, score: float) -> float:
        """A setting that gives about this score in most pictures."""
        (low, at_low), *others = self.expected
        for high, at_high in others:
            if score <= high:
                break
            low, at_low = high, at_high
        else:
            return self.clip(at_low + (score - low) / self.slope)
        return self.clip(at_low + (at_high - at_low) * (score - low) / (high - low))

    def slope_after(self, missed: float) -> float:
        """Points of score for one step after a first guess that came out so many points above the target."""
        if not self.bend:
            return self.slope
        points, slopes = [at for at, _ in self.bend], [slope for _, slope in self.bend]
        return float(np.interp(missed, points, slopes))

    def within_reason(self, slope: float) -> float:
        """A measured slope, unless it strays so far from the usual that it must be chance."""
        return min(max(slope, self.slope / 3), self.slope * 3)

    def clip(self, setting: float) -> float:
        """The setting, or the end of the scale that it is beyond."""
        return min(max(setting, self.lowest), self.highest)


@dataclass(frozen=True, slots=True)
class FoundSetting:
    """A setting and the score to expect from it, measured or between two measured ones."""

    setting: float
    score: float

    def true_to_level(self, scale: Scale) -> float:
        """The setting, or a far better one where a picture is so bare that the score hardly falls.

        Of one colour all over, scores do not see that it became another one; and fewer bytes it takes
        with no setting.
        """
        bare = self.setting <= scale.lowest and self.score >= _BARE
        return max(self.setting, scale.guess(_CLOSE)) if bare else self.setting


ScoreAt = Callable[[float], float]
"""Measures the score of a setting."""


def find_setting_twice(rough: ScoreAt, exact: ScoreAt, target: float, scale: Scale) -> FoundSetting | None:
    """As `find_setting`, but a rough measure tells where the exact one is asked, often only once.

    Args:
        rough: measures a score at a fraction of the cost, with an error that is about the same for settings
            near each other.
        exact: measures it as well as can be.
        target: the score wanted.
        scale: of the setting.
    """
    probes: list[FoundSetting] = []
    near = find_setting(_noted(rough, probes), target, scale, tolerance=_ROUGH_TOLERANCE)
    if near is None:
        return find_setting(exact, target, scale)
    slope = _slope_around(near.setting, probes, scale)
    first = FoundSetting(near.setting, exact(near.setting))
    if abs(first.score - target) <= _NEAR:
        wanted = near.setting + (target - first.score) / slope
        if scale.lowest <= wanted <= scale.highest:
            return FoundSetting(wanted, target)
    return find_setting(exact, target, dataclasses.replace(scale, slope=slope), first=first)


def _noted(scorer: ScoreAt, probes: list[FoundSetting]) -> ScoreAt:
    def score_at(setting: float) -> float:
        probes.append(FoundSetting(setting, scorer(setting)))
        return probes[-1].score

    return score_at


def _slope_around(setting: float, probes: list[FoundSetting], scale: Scale) -> float:
    """Points for a step of the setting, by the two probes that are nearest; within reason."""
    nearest = sorted(probes, key=lambda probe: abs(probe.setting - setting))[:2]
    if len(nearest) < 2 or abs(nearest[0].setting - nearest[1].setting) < _NARROW:
        return scale.slope
    measured = (nearest[0].score - nearest[1].score) / (nearest[0].setting - nearest[1].setting)
    return scale.within_reason(measured)


def find_setting(
    score_at: ScoreAt,
    target: float,
    scale: Scale,
    *,
    tolerance: float = 0.2,
    first: FoundSetting | None = None,
) -> FoundSetting | None:
    """The setting at which a rising score meets a target, by secants; None if the whole scale stays under it.

    Ends when a score comes close to the target, or when two lie around it so closely that a straight line
    between them will do.

    Args:
        score_at: measures the score of a setting; costly, so it is asked for as few as will do.
        target: the score wanted.
        scale: of the setting.
        tolerance: points by which a measured score may miss the target.
        first: what was measured before; without it the search begins at the scale's guess.
    """
    probes: list[FoundSetting] = []
    probe = first
    setting = scale.guess(target)
    for _ in range(_MOST_PROBES):
        probes.append(probe or FoundSetting(setting, score_at(setting)))
        probe = None
        probes.sort(key=lambda probe: probe.setting)
        low, high = _around(probes, target)
        best = min(probes, key=lambda probe: abs(probe.score - target))
        if abs(best.score - target) <= tolerance:
            return best
        if low and high and (high.score - low.score <= _STRAIGHT or high.setting - low.setting <= _NARROW):
            break
        setting = _next(probes, target, scale)
        if any(abs(setting - probe.setting) < 1e-6 for probe in probes):
            break
    return _meet(probes, target, scale)


def _around(probes: list[FoundSetting], target: float) -> tuple[FoundSetting | None, FoundSetting | None]:
    """The nearest probes below and above the target; curves have steps, so the lowest one above counts."""
    high = next((probe for probe in probes if probe.score >= target), None)
    below = [probe for probe in probes if probe.score < target]
    low = next((probe for probe in reversed(below) if high is None or probe.setting < high.setting), None)
    return low, high


def _next(probes: list[FoundSetting], target: float, scale: Scale) -> float:
    """Where to look next: between the probes around the target, else along the slope beyond all of them."""
    low, high = _around(probes, target)
    if low and high:
        share = (target - low.score) / (high.score - low.score)
        # Not too close to what is known: a curve that bends would be crept along.
        return low.setting + min(max(share, 0.1), 0.9) * (high.setting - low.setting)
    near = min(probes, key=lambda probe: abs(probe.score - target))
    slope = scale.slope_after(near.score - target)
    if others := [probe for probe in probes if probe is not near]:
        other = min(others, key=lambda probe: abs(probe.setting - near.setting))
        slope = scale.within_reason((near.score - other.score) / (near.setting - other.setting))
    return scale.clip(near.setting + (target - near.score) / slope)


def _meet(probes: list[FoundSetting], target: float, scale: Scale) -> FoundSetting | None:
    """The least setting that reaches the target by all that was measured."""
    low, high = _around(probes, target)
    if high is None:
        best = probes[-1]
        if best.setting >= scale.highest:
            return None
        return FoundSetting(scale.clip(best.setting + 2 * (target - best.score) / scale.slope), target)
    if low is None:
        return high
    share = (target - low.score) / (high.score - low.score)
    return FoundSetting(low.setting + share * (high.setting - low.setting), target)


# The setting that sample tiles chose, tried on the whole picture.


@dataclass(frozen=True, slots=True)
class Increment:
    """By how much a setting is raised after a result that fell short.

    Attributes:
        least: of the scale of the setting, at least.
        factor: so many times what the slope says. Scores rise in steps, some of them wide.
    """

    least: float
    factor: float = 1.0


def shortfall(floor: float, score: float, worst: float) -> float:
    """Points by which a whole result misses its floor, by its score and by that of its worst tiles."""
    return max(floor - score, floor - _WORST_BELOW - worst)


def first_to_keep(
    attempt: Callable[[float], tuple[Result, float]],
    setting: float,
    steps: Sequence[Increment],
    scale: Scale,
    *,
    guard: float,
    on_grid: Callable[[float], float],
) -> Result | None:
    """The first of a few results, each of a higher setting, that keeps the floor; None if none does.

    Args:
        attempt: codes the whole picture; the result, and its `shortfall`.
        setting: the one to begin with, on the codec's grid.
        steps: one for each attempt.
        scale: of the setting.
        guard: points above the floor that are aimed at, for the error of sampling.
        on_grid: the next setting that the codec knows.
    """
    for step in steps:
        result, short = attempt(setting)
        if short <= 0.0:
            return result
        if setting >= scale.highest:
            return None
        setting = on_grid(setting + max(step.least, (short + guard) / scale.slope * step.factor))
    return None
