"""The icon: a press that makes a picture flat, and how it looks while working, resting or in trouble.

Each state has an outline of its own, so that nobody needs colours to tell them apart: a tile, a ring that
fills, a tile with two bars, a triangle, a frame with a square in it.
"""

import enum
import functools
from dataclasses import dataclass

from homepress.ui.tray.icon_drawing import (
    Colour,
    Layer,
    Outline,
    Polygon,
    Ring,
    RoundedBox,
    Shape,
    rgba_pixels,
)
from homepress.ui.tray.menu import TrayState

STEPS = 8
"""Steps of the ring that shows progress."""


class Symbol(enum.Enum):
    """What the icon tells by its shape."""

    IDLE = "idle"
    WORKING = "working"
    PAUSED = "paused"
    PROBLEM = "problem"
    STOPPED = "stopped"


class PanelTheme(enum.Enum):
    """What the icon stands on, as far as the desktop says."""

    DARK = "dark"
    LIGHT = "light"
    CONTRAST = "high-contrast"


@dataclass(frozen=True, slots=True)
class IconState:
    """One look of the icon; `step` of `STEPS` is done while working."""

    symbol: Symbol
    step: int = 0
    theme: PanelTheme = PanelTheme.DARK


@dataclass(frozen=True, slots=True)
class _IconColours:
    rim: Colour
    rim_width: float
    body: dict[Symbol, Colour]
    glyph: Colour
    track: Colour


_WHITE = (255, 255, 255, 255)
_BLACK = (0, 0, 0, 255)
_BODY = {
    Symbol.IDLE: (13, 118, 110, 255),
    Symbol.WORKING: (20, 160, 148, 255),
    Symbol.PAUSED: (92, 101, 112, 255),
    Symbol.PROBLEM: (196, 64, 16, 255),
    Symbol.STOPPED: (128, 134, 142, 255),
}
_TRACK = (132, 138, 146, 140)
"""Visible on dark and on light backgrounds: many panels are not as the desktop says."""

_COLOURS = {
    PanelTheme.DARK: _IconColours((255, 255, 255, 150), 2.0, _BODY, _WHITE, _TRACK),
    PanelTheme.LIGHT: _IconColours((255, 255, 255, 220), 2.0, _BODY, _WHITE, _TRACK),
    PanelTheme.CONTRAST: _IconColours(
        _WHITE, 4.0, dict.fromkeys(Symbol, _BLACK), _WHITE, (128, 128, 128, 255)
    ),
}

# Edges lie on multiples of 4 where they can: whole pixels at the 16 and 32 pixels that many panels have.
_TILE = RoundedBox(4, 4, 60, 60, 13)
_TRIANGLE = Polygon(((32, 10), (56, 53), (8, 53)), 5)
_PRESS: tuple[Shape, ...] = (
    Polygon(((21, 13), (43, 13), (32, 24)), 1.5),
    RoundedBox(12, 28, 52, 36, 2.5),
    Polygon(((21, 51), (43, 51), (32, 40)), 1.5),
)
_SMALL_PRESS: tuple[Shape, ...] = (
    Polygon(((25, 18), (39, 18), (32, 25.5)), 1.5),
    RoundedBox(18, 28.5, 46, 35.5, 2.5),
    Polygon(((25, 46), (39, 46), (32, 38.5)), 1.5),
)
_BARS: tuple[Shape, ...] = (RoundedBox(19, 16, 28, 48, 2.5), RoundedBox(36, 16, 45, 48, 2.5))
_SQUARE = RoundedBox(22, 22, 42, 42, 3)
_MARK: tuple[Shape, ...] = (RoundedBox(28.5, 21, 35.5, 40, 3.2), RoundedBox(28, 43.5, 36, 51.5, 4))


def icon_state(state: TrayState, theme: PanelTheme) -> IconState:
    """The icon that shows a state."""
    status = state.status
    if state.crashed:
        return IconState(Symbol.PROBLEM, theme=theme)
    if status is None or status.state == "stopped":
        return IconState(Symbol.STOPPED, theme=theme)
    if status.state == "working":
        step = STEPS * state.done // state.total if state.total else 0
        return IconState(Symbol.WORKING, step, theme)
    symbols = {"problem": Symbol.PROBLEM, "paused": Symbol.PAUSED}
    return IconState(symbols.get(status.state, Symbol.IDLE), theme=theme)


@functools.cache
def layers(icon: IconState) -> tuple[Layer, ...]:
    """What the icon is made of, the lowest first."""
    colours = _COLOURS[icon.theme]
    body = colours.body[icon.symbol]
    match icon.symbol:
        case Symbol.WORKING:
            return _working(icon, colours, body)
        case Symbol.PROBLEM:
            return (*_rimmed(_TRIANGLE, colours, body), *(Layer(part, colours.glyph) for part in _MARK))
        case Symbol.PAUSED:
            return (*_rimmed(_TILE, colours, body), *(Layer(part, colours.glyph) for part in _BARS))
        case Symbol.STOPPED:
            ink = colours.glyph if icon.theme is PanelTheme.CONTRAST else body
            background = (Layer(_TILE, _BLACK, 1),) if icon.theme is PanelTheme.CONTRAST else ()
            return (*background, Layer(Outline(_TILE, 6), ink), Layer(_SQUARE, ink))
        case Symbol.IDLE:
            return (*_rimmed(_TILE, colours, body), *(Layer(part, colours.glyph) for part in _PRESS))


def _rimmed(shape: Shape, colours: _IconColours, body: Colour) -> tuple[Layer, ...]:
    return Layer(shape, colours.rim, colours.rim_width), Layer(shape, body)


def _working(icon: IconState, colours: _IconColours, body: Colour) -> tuple[Layer, ...]:
    """A disc with the press in it, and around it a ring that fills with what is done."""
    contrast = icon.theme is PanelTheme.CONTRAST
    disc = RoundedBox(12, 12, 52, 52, 20)
    ring = 25.5 if contrast else 27
    share = max(0.04, icon.step / STEPS)
    done = colours.glyph if contrast else body
    background = (Layer(RoundedBox(0, 0, 64, 64, 32), _BLACK),) if contrast else ()
    return (
        *background,
        Layer(Ring(ring, 6), colours.track),
        Layer(Ring(ring, 6, share), done),
        Layer(disc, body),
        *(Layer(part, colours.glyph) for part in _SMALL_PRESS),
    )


@functools.lru_cache(maxsize=16)
def rgba(icon: IconState, size: int) -> bytes:
    """The icon as `size` rows of RGBA pixels."""
    return rgba_pixels(layers(icon), size)
