"""Text can be read and marks be seen, in every theme: computed, not looked at."""

import pytest

pytest.importorskip("PySide6", reason="there is no Qt")
from homepress.ui.window.theme.palette import (
    CONTRAST_DARK,
    CONTRAST_LIGHT,
    DARK,
    LIGHT,
    Palette,
    mixed,
    rgb,
)

HIGH = [CONTRAST_LIGHT, CONTRAST_DARK]
THEMES = pytest.mark.parametrize("palette", [LIGHT, DARK, *HIGH], ids=lambda palette: palette.name)


def texts(palette: Palette) -> tuple[tuple[str, str], ...]:
    """Every pair of text and background that occurs."""
    grounds = (palette.page, palette.card, palette.raised, palette.soft)
    plain = tuple(
        (ink, ground) for ink in (palette.text, palette.muted, palette.accent) for ground in grounds
    )
    states = tuple(
        (ink, ground) for ink in (palette.good, palette.warning, palette.bad) for ground in grounds[:2]
    )
    return (
        *plain,
        *states,
        (palette.on_fill, palette.fill),
        (palette.warning, palette.warning_soft),
        (palette.bad, palette.bad_soft),
        (palette.text, palette.warning_soft),
        (palette.text, palette.bad_soft),
    )


def marks(palette: Palette) -> tuple[tuple[str, str], ...]:
    """Every pair of a mark that means something and what it stands on."""
    grounds = (palette.page, palette.card)
    return tuple((mark, ground) for mark in (palette.edge, palette.focus, palette.fill) for ground in grounds)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, success criteria 1.4.3 and 1.4.11)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [part / 255 for part in rgb(colour)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@THEMES
def test_every_text_reaches_the_contrast_of_wcag_aa(palette: Palette) -> None:
    short = {pair: contrast(*pair) for pair in texts(palette) if contrast(*pair) < 4.5}
    assert not short


@THEMES
def test_focus_and_edges_can_be_seen(palette: Palette) -> None:
    short = {pair: contrast(*pair) for pair in marks(palette) if contrast(*pair) < 3.0}
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
    short = {pair: contrast(*pair) for pair in texts(palette) if contrast(*pair) < 7}
    assert not short
