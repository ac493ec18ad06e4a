"""Text can be read and marks be seen, in every theme: computed, not looked at."""

import pytest

pytest.importorskip("PySide6", reason="there is no Qt")
from homepress.ui.window.theme.palette import (
    CONTRAST_DARK,
    CONTRAST_LIGHT,
    DARK,
    LIGHT,
    Palette,
    contrast,
    mixed,
)

HIGH = [CONTRAST_LIGHT, CONTRAST_DARK]
THEMES = pytest.mark.parametrize("palette", [LIGHT, DARK, *HIGH], ids=lambda palette: palette.name)


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


@pytest.mark.parametrize("palette", HIGH, ids=lambda palette: palette.name)
def test_high_contrast_reaches_wcag_aaa(palette: Palette) -> None:
    short = {pair: contrast(*pair) for pair in palette.texts() if contrast(*pair) < 7}
    assert not short
