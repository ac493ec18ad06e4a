"""The icon: a press that makes a picture flat, and how it looks while working, resting or in trouble.

Each state has an outline of its own, so that nobody needs colours to tell them apart: a tile, a ring that
fills, a tile with two bars, a triangle, a frame with a square in it.
"""

import enum
import functools
from dataclasses import dataclass

from homepress.ui.tray.shapes import Box, Colour, Layer, Outline, Polygon, Ring, Shape, pixels

STEPS = 8
"""So many steps has the ring that shows progress."""


class State(enum.Enum):
    """What the icon says."""

    IDLE = "idle"
    WORKING = "working"
    PAUSED = "paused"
    PROBLEM = "problem"
    STOPPED = "stopped"


class Panel(enum.Enum):
    """What the icon stands on."""

    DARK = "dark"
    LIGHT = "light"
    CONTRAST = "high-contrast"


@dataclass(frozen=True, slots=True)
class Face:
    """One look of the icon; `step` of `STEPS` is done while working."""

    state: State
    step: int = 0
    panel: Panel = Panel.DARK


@dataclass(frozen=True, slots=True)
class _Palette:
    rim: Colour
    rim_width: float
    body: dict[State, Colour]
    glyph: Colour
    track: Colour


_WHITE = (255, 255, 255, 255)
_BLACK = (0, 0, 0, 255)
_BODY = {
    State.IDLE: (13, 118, 110, 255),
    State.WORKING: (20, 160, 148, 255),
    State.PAUSED: (92, 101, 112, 255),
    State.PROBLEM: (196, 64, 16, 255),
    State.STOPPED: (128, 134, 142, 255),
}
_TRACK = (132, 138, 146, 140)
"""Seen on dark and on light ground: many a panel is not as the desktop says."""

_PALETTES = {
    Panel.DARK: _Palette((255, 255, 255, 150), 2.0, _BODY, _WHITE, _TRACK),
    Panel.LIGHT: _Palette((255, 255, 255, 220), 2.0, _BODY, _WHITE, _TRACK),
    Panel.CONTRAST: _Palette(_WHITE, 4.0, dict.fromkeys(State, _BLACK), _WHITE, (128, 128, 128, 255)),
}

# Edges lie on multiples of 4 where they can: whole pixels at the 16 and 32 pixels that many panels have.
_TILE = Box(4, 4, 60, 60, 13)
_TRIANGLE = Polygon(((32, 10), (56, 53), (8, 53)), 5)
_PRESS: tuple[Shape, ...] = (
    Polygon(((21, 13), (43, 13), (32, 24)), 1.5),
    Box(12, 28, 52, 36, 2.5),
    Polygon(((21, 51), (43, 51), (32, 40)), 1.5),
)
_SMALL_PRESS: tuple[Shape, ...] = (
    Polygon(((25, 18), (39, 18), (32, 25.5)), 1.5),
    Box(18, 28.5, 46, 35.5, 2.5),
    Polygon(((25, 46), (39, 46), (32, 38.5)), 1.5),
)
_BARS: tuple[Shape, ...] = (Box(19, 16, 28, 48, 2.5), Box(36, 16, 45, 48, 2.5))
_SQUARE = Box(22, 22, 42, 42, 3)
_MARK: tuple[Shape, ...] = (Box(28.5, 21, 35.5, 40, 3.2), Box(28, 43.5, 36, 51.5, 4))


@functools.cache
def layers(face: Face) -> tuple[Layer, ...]:
    """What the icon is made of, the lowest first."""
    palette = _PALETTES[face.panel]
    body = palette.body[face.state]
    match face.state:
        case State.WORKING:
            return _working(face, palette, body)
        case State.PROBLEM:
            return (*_rimmed(_TRIANGLE, palette, body), *(Layer(part, palette.glyph) for part in _MARK))
        case State.PAUSED:
            return (*_rimmed(_TILE, palette, body), *(Layer(part, palette.glyph) for part in _BARS))
        case State.STOPPED:
            ink = palette.glyph if face.panel is Panel.CONTRAST else body
            ground = (Layer(_TILE, _BLACK, 1),) if face.panel is Panel.CONTRAST else ()
            return (*ground, Layer(Outline(_TILE, 6), ink), Layer(_SQUARE, ink))
        case State.IDLE:
            return (*_rimmed(_TILE, palette, body), *(Layer(part, palette.glyph) for part in _PRESS))


def _rimmed(shape: Shape, palette: _Palette, body: Colour) -> tuple[Layer, ...]:
    return Layer(shape, palette.rim, palette.rim_width), Layer(shape, body)


def _working(face: Face, palette: _Palette, body: Colour) -> tuple[Layer, ...]:
    """A disc with the press in it, and around it a ring that fills with what is done."""
    contrast = face.panel is Panel.CONTRAST
    disc = Box(12, 12, 52, 52, 20)
    ring = 25.5 if contrast else 27
    share = max(0.04, face.step / STEPS)
    done = palette.glyph if contrast else body
    ground = (Layer(Box(0, 0, 64, 64, 32), _BLACK),) if contrast else ()
    return (
        *ground,
        Layer(Ring(ring, 6), palette.track),
        Layer(Ring(ring, 6, share), done),
        Layer(disc, body),
        *(Layer(part, palette.glyph) for part in _SMALL_PRESS),
    )


@functools.lru_cache(maxsize=16)
def rgba(face: Face, size: int) -> bytes:
    """The icon as `size` rows of RGBA pixels."""
    return pixels(layers(face), size)
