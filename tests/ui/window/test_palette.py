"""Text can be read and marks be seen, in both themes: computed, not looked at."""

import pytest

pytest.importorskip("tkinter", reason="this Python has no tkinter")
from homepress.ui.window.theme.palette import (
    DARK,
    LIGHT,
    Palette,
    contrast,
    mixed,
)

THEMES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)


@THEMES
def test_every_text_reaches_the_contrast_of_wcag_aa(palette: Palette) -> None:
    short = {pair: contrast(*pair) for pair in palette.texts() if contrast(*pair) < 4.5}
    assert not short


@THEMES
def test_focus_and_edges_can_be_seen(palette: Palette) -> None:
    short = {pair: contrast(*pair) for pair in palette.marks() if contrast(*pair) < 3.0}
    assert not short


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the known near miss
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


def test_mixing() -> None:
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert mixed("#102030", "#ffffff", 0) == "#102030"
