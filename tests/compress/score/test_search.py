"""The search for a setting, on curves that are known."""

import dataclasses
import math
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from homepress.compress.jpeg import lossy
from homepress.compress.score.search import (
    Increment,
    Scale,
    find_setting,
    find_setting_twice,
    first_to_keep,
    shortfall,
)

SCALE = Scale(5.0, 99.5, 0.45, ((50.0, 35.0), (80.0, 84.0), (90.0, 95.0)))


class Curve:
    """A score that rises with the setting, and how often it was asked for."""

    def __init__(self, function: Callable[[float], float]) -> None:
        self.function = function
        self.asked: list[float] = []

    def __call__(self, setting: float) -> float:
        assert SCALE.lowest <= setting <= SCALE.highest
        self.asked.append(setting)
        return self.function(setting)


@given(
    middle=st.floats(20, 95),
    steep=st.floats(0.2, 1.5),
    bend=st.floats(-0.002, 0.002),
    target=st.floats(45, 90),
)
def test_meets_the_target_on_any_smooth_curve(
    middle: float, steep: float, bend: float, target: float
) -> None:
    curve = Curve(lambda q: 80 + steep * (q - middle) + bend * (q - middle) ** 2)
    rising = all(curve.function(q) < curve.function(q + 1) for q in range(5, 99))
    found = find_setting(curve, target, SCALE)
    assert len(curve.asked) <= 6
    if not rising:
        return
    if found is None:
        assert curve.function(SCALE.highest) < target
    elif curve.function(SCALE.lowest) < target:
        assert curve.function(found.setting) == pytest.approx(target, abs=1.0)


def test_gives_up_where_the_best_is_not_enough() -> None:
    assert find_setting(lambda _: 60.0, 80.0, SCALE) is None


def test_takes_the_lowest_setting_where_all_are_good_enough() -> None:
    found = find_setting(lambda _: 95.0, 80.0, SCALE)
    assert found is not None
    assert found.setting == SCALE.lowest


def test_few_probes_on_a_curve_as_expected() -> None:
    curve = Curve(lambda q: 100 - 25 * math.exp(-(q - 84) / 60) + 5)
    find_setting(curve, 80.0, SCALE)
    assert len(curve.asked) <= 3


def test_a_first_guess_that_missed_is_followed_along_the_bend() -> None:
    """Two probes do where a plain slope would take more: over the target curves are flat, under it steep."""
    bent = dataclasses.replace(SCALE, bend=((-2.0, 1.2), (0.0, 0.8), (4.0, 0.4)))
    for missed, slope in ((-3.0, 1.2), (-1.0, 1.0), (2.0, 0.6), (6.0, 0.4)):
        line = Curve(lambda setting, at=missed, by=slope: 80.0 + at + by * (setting - bent.guess(80.0)))
        found = find_setting(line, 80.0, bent)
        assert found is not None and found.score == pytest.approx(80.0)
        assert len(line.asked) == 2
    assert SCALE.slope_after(3.0) == SCALE.slope


@example(middle=67.75, steep=1.1875, target=60.0, error=0.0)
@given(
    middle=st.floats(40, 90),
    steep=st.floats(0.3, 1.2),
    target=st.floats(60, 90),
    error=st.floats(-1.5, 1.5),
)
def test_a_rough_measure_saves_exact_ones(middle: float, steep: float, target: float, error: float) -> None:
    exact = Curve(lambda q: 80 + steep * (q - middle))
    rough = Curve(lambda q: exact.function(q) + error)
    found = find_setting_twice(rough, exact, target, SCALE)
    if found is None:
        assert exact.function(SCALE.highest) < target + 2 * abs(error)
    elif exact.function(SCALE.lowest) < target:
        # The last 0.6 points are bridged with a slope that may be three times the true one, or a third.
        assert exact.function(found.setting) == pytest.approx(target, abs=1.2)
        assert len(exact.asked) <= 3


def test_where_the_rough_measure_gives_up_the_exact_one_decides() -> None:
    found = find_setting_twice(lambda _: 60.0, lambda q: q, 80.0, SCALE)
    assert found is not None
    assert found.score == pytest.approx(80.0, abs=0.3)


@pytest.mark.parametrize("score", [20.0, 50.0, 65.0, 80.0, 85.0, 95.0, 100.0])
def test_guesses_stay_on_the_scale_and_rise(score: float) -> None:
    assert SCALE.lowest <= SCALE.guess(score) <= SCALE.highest
    assert SCALE.guess(score) <= SCALE.guess(score + 1)


def test_a_score_that_hardly_rises_is_raised_until_it_keeps_the_floor() -> None:
    """As a photograph's did: less than a tenth of a point for each step of quality, where 0.6 is usual."""

    def attempt(quality: float) -> tuple[float, float]:
        return quality, 1.0 - 0.08 * (quality - 41.55)

    kept = first_to_keep(attempt, 41.55, lossy._STEPS, lossy.SCALE, guard=0.3, on_grid=lossy.SCALE.clip)
    assert kept is not None
    assert 54.05 <= kept < 70


def test_a_result_that_falls_short_is_made_again_higher_and_the_first_to_keep_the_floor_is_taken() -> None:
    asked: list[float] = []

    def attempt(setting: float) -> tuple[str, float]:
        asked.append(setting)
        return f"result of {setting:g}", 60.0 - setting

    steps = (Increment(1.0), Increment(1.0, 2.0), Increment(1.0))
    kept = first_to_keep(attempt, 50.0, steps, SCALE, guard=0.0, on_grid=lambda setting: round(setting))
    assert kept == "result of 72" and asked == [50.0, 72]
    assert first_to_keep(attempt, 57.0, steps[:1], SCALE, guard=0.0, on_grid=SCALE.clip) is None
    never = first_to_keep(lambda _: ("", 1.0), SCALE.highest, steps, SCALE, guard=0.0, on_grid=SCALE.clip)
    assert never is None, "there is nothing higher to try"


def test_the_worst_tiles_may_be_a_little_under_the_floor() -> None:
    assert shortfall(80.0, 80.5, 70.0) <= 0 < shortfall(80.0, 80.5, 60.0)
    assert shortfall(80.0, 79.0, 79.0) == 1.0
