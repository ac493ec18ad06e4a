"""Zoom and place in plain numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.ui.window.model.pictures import Viewport

sides = st.integers(min_value=1, max_value=9000)
areas = st.integers(min_value=50, max_value=3000)


@given(sides, sides, areas, areas)
def test_a_fitted_picture_is_seen_whole(width: int, height: int, across: int, down: int) -> None:
    view = Viewport(width, height, across, down).fit()
    box, stands = view.seen()
    assert box == pytest.approx((0, 0, width, height), abs=0.01)
    assert stands[0] >= -1 and stands[1] >= -1
    assert stands[2] <= across + 1 and stands[3] <= down + 1
    assert view.zoom <= 1


@given(st.floats(min_value=0, max_value=800), st.floats(min_value=0, max_value=600), st.floats(1.01, 4))
def test_what_is_under_the_pointer_stays_there_when_zooming_in(x: float, y: float, factor: float) -> None:
    view = Viewport(8000, 6000, 800, 600).fit()
    point = view.point(x, y)
    assert view.zoomed(factor, (x, y)).point(x, y) == pytest.approx(point, abs=0.5)


@given(st.floats(-9000, 9000), st.floats(-9000, 9000))
def test_no_pan_leaves_the_picture(dx: float, dy: float) -> None:
    view = Viewport(4000, 3000, 800, 600).fit().at_full_size().panned(dx, dy)
    left, top, right, bottom = view.seen()[0]
    assert right - left == pytest.approx(800)
    assert bottom - top == pytest.approx(600)


def test_full_size_is_pixel_for_pixel() -> None:
    view = Viewport(4000, 3000, 800, 600).fit().at_full_size()
    assert view.zoom == pytest.approx(1)
    box, stands = view.seen()
    assert stands == (0, 0, 800, 600)
    assert box[2] - box[0] == pytest.approx(800)


def test_a_fitted_picture_stays_fitted_in_another_area_and_a_zoomed_one_does_not() -> None:
    view = Viewport(4000, 3000, 800, 600).fit()
    assert view.resized(400, 300).zoom == pytest.approx(0.1)
    assert view.at_full_size().resized(400, 300).zoom == pytest.approx(1)
