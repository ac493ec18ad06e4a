"""The search for the smallest setting that reaches a score."""

from collections.abc import Callable
from dataclasses import dataclass

_MOST_PROBES = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of a setting, and where on it scores are to be expected.

    Attributes:
        lowest: the least value that is tried.
        highest: the greatest.
        slope: points of score for one step, about, for the first guess.
        expected: settings that give a score in most pictures, as (score, setting), rising.
    """

    lowest: float
    highest: float
    slope: float
    expected: tuple[tuple[float, float], ...]

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

    def clip(self, setting: float) -> float:
        """The setting, or the end of the scale that it is beyond."""
        return min(max(setting, self.lowest), self.highest)


@dataclass(frozen=True, slots=True)
class Found:
    """A setting and the score to expect from it, measured or between two measured ones."""

    setting: float
    score: float


def find_setting(
    score_at: Callable[[float], float], target: float, scale: Scale, *, tolerance: float = 0.15
) -> Found | None:
    """The setting at which a rising score meets a target, by secants; None if the whole scale stays under it.

    Args:
        score_at: measures the score of a setting; costly, so it is asked for as few as will do.
        target: the score wanted.
        scale: of the setting.
        tolerance: points by which a measured score may miss the target.
    """
    probes: list[Found] = []
    setting = scale.guess(target)
    for _ in range(_MOST_PROBES):
        probes.append(Found(setting, score_at(setting)))
        probes.sort(key=lambda probe: probe.setting)
        best = min(probes, key=lambda probe: abs(probe.score - target))
        if abs(best.score - target) <= tolerance:
            break
        following = _next(probes, target, scale)
        if any(abs(following - probe.setting) < 1e-6 for probe in probes):
            break
        setting = following
    return _meet(probes, target, scale)


def _next(probes: list[Found], target: float, scale: Scale) -> float:
    """Where to look next: between the probes around the target, else along the slope beyond all of them."""
    below = [probe for probe in probes if probe.score < target]
    above = [probe for probe in probes if probe.score >= target]
    if below and above and below[-1].setting < above[0].setting:
        return _between(below[-1], above[0], target)
    near = min(probes, key=lambda probe: abs(probe.score - target))
    slope = scale.slope
    others = [probe for probe in probes if probe is not near]
    if others:
        other = min(others, key=lambda probe: abs(probe.setting - near.setting))
        measured = (near.score - other.score) / (near.setting - other.setting)
        slope = min(max(measured, scale.slope / 4), scale.slope * 4)
    return scale.clip(near.setting + (target - near.score) / slope)


def _between(low: Found, high: Found, target: float) -> float:
    share = (target - low.score) / (high.score - low.score)
    # Not too close to what is known: a curve that bends would be crept along.
    return low.setting + min(max(share, 0.05), 0.95) * (high.setting - low.setting)


def _meet(probes: list[Found], target: float, scale: Scale) -> Found | None:
    """The least setting that reaches the target by all that was measured."""
    below = [probe for probe in probes if probe.score < target]
    above = [probe for probe in probes if probe.score >= target]
    if not above:
        best = probes[-1]
        if best.setting >= scale.highest:
            return None
        step = (target - best.score) / (scale.slope / 2)
        return Found(scale.clip(best.setting + step), target)
    high = above[0]
    lower = [probe for probe in below if probe.setting < high.setting]
    if not lower or high.score - target < 0.05:
        return high
    low = lower[-1]
    share = (target - low.score) / (high.score - low.score)
    return Found(low.setting + share * (high.setting - low.setting), target)
