"""The search for the smallest setting that reaches a score."""

from collections.abc import Callable
from dataclasses import dataclass

_MOST_PROBES = 6
_STRAIGHT = 3.0  # points between two probes that a straight line may bridge
_NARROW = 0.3  # steps of the setting that are not worth dividing further


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
    score_at: Callable[[float], float], target: float, scale: Scale, *, tolerance: float = 0.2
) -> Found | None:
    """The setting at which a rising score meets a target, by secants; None if the whole scale stays under it.

    Ends when a score comes close to the target, or when two lie around it so closely that a straight line
    between them will do.

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


def _around(probes: list[Found], target: float) -> tuple[Found | None, Found | None]:
    """The nearest probes below and above the target; curves have steps, so the lowest one above counts."""
    high = next((probe for probe in probes if probe.score >= target), None)
    below = [probe for probe in probes if probe.score < target]
    low = next((probe for probe in reversed(below) if high is None or probe.setting < high.setting), None)
    return low, high


def _next(probes: list[Found], target: float, scale: Scale) -> float:
    """Where to look next: between the probes around the target, else along the slope beyond all of them."""
    low, high = _around(probes, target)
    if low and high:
        share = (target - low.score) / (high.score - low.score)
        # Not too close to what is known: a curve that bends would be crept along.
        return low.setting + min(max(share, 0.1), 0.9) * (high.setting - low.setting)
    near = min(probes, key=lambda probe: abs(probe.score - target))
    slope = scale.slope
    if others := [probe for probe in probes if probe is not near]:
        other = min(others, key=lambda probe: abs(probe.setting - near.setting))
        measured = (near.score - other.score) / (near.setting - other.setting)
        slope = min(max(measured, scale.slope / 3), scale.slope * 3)
    return scale.clip(near.setting + (target - near.score) / slope)


def _meet(probes: list[Found], target: float, scale: Scale) -> Found | None:
    """The least setting that reaches the target by all that was measured."""
    low, high = _around(probes, target)
    if high is None:
        best = probes[-1]
        if best.setting >= scale.highest:
            return None
        return Found(scale.clip(best.setting + 2 * (target - best.score) / scale.slope), target)
    if low is None:
        return high
    share = (target - low.score) / (high.score - low.score)
    return Found(low.setting + share * (high.setting - low.setting), target)
