"""The icon: a press that makes a picture flat, and how it looks while working, resting or in trouble.

Each state has an outline of its own, so that nobody needs colours to tell them apart: a tile, a ring that
fills, a tile with two bars, a triangle, a frame with a square in it.

Flat shapes are described by their distance, drawn as pixels and as SVG from the one description.
Coordinates are units of a square of 64 by 64, y downwards. A shape's distance is negative inside of it; the
coverage of a pixel follows from the distance of its centre, so edges are smooth at any size without a
graphics library (signed distance fields).
"""

import enum
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from homepress.base.override import override
from homepress.ui.tray.menu import TrayState

GRID = 64.0

Colour: TypeAlias = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0 to 255 each."""


class Shape(Protocol):
    """Something with an inside."""

    def distance(self, x: float, y: float) -> float:
        """How far a point is outside (positive) or inside (negative) of the edge."""

    def svg(self, grown: float) -> tuple[str, float]:
        """An SVG element without its closing, and the width of a stroke that belongs to the shape."""


@dataclass(frozen=True, slots=True)
class RoundedBox(Shape):
    """A rectangle with round corners."""

    left: float
    top: float
    right: float
    bottom: float
    radius: float = 0.0

    @override
    def distance(self, x: float, y: float) -> float:
        across = abs(x - (self.left + self.right) / 2) - (self.right - self.left) / 2 + self.radius
        along = abs(y - (self.top + self.bottom) / 2) - (self.bottom - self.top) / 2 + self.radius
        outside = math.hypot(max(across, 0.0), max(along, 0.0))
        return outside + min(max(across, along), 0.0) - self.radius

    @override
    def svg(self, grown: float) -> tuple[str, float]:
        width, height = self.right - self.left + 2 * grown, self.bottom - self.top + 2 * grown
        return (
            f'<rect x="{_n(self.left - grown)}" y="{_n(self.top - grown)}" width="{_n(width)}" '
            f'height="{_n(height)}" rx="{_n(self.radius + grown)}"',
            0.0,
        )


@dataclass(frozen=True, slots=True)
class Polygon(Shape):
    """A polygon, all corners rounded by growing it."""

    points: tuple[tuple[float, float], ...]
    radius: float = 0.0

    @override
    def distance(self, x: float, y: float) -> float:
        nearest, inside = math.inf, False
        ax, ay = self.points[-1]
        for bx, by in self.points:
            ex, ey, px, py = bx - ax, by - ay, x - ax, y - ay
            along = min(1.0, max(0.0, (px * ex + py * ey) / (ex * ex + ey * ey)))
            nearest = min(nearest, math.hypot(px - along * ex, py - along * ey))
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * ex:
                inside = not inside
            ax, ay = bx, by
        return (-nearest if inside else nearest) - self.radius

    @override
    def svg(self, grown: float) -> tuple[str, float]:
        corners = " ".join(f"{_n(x)},{_n(y)}" for x, y in self.points)
        return f'<polygon points="{corners}"', 2 * (self.radius + grown)


@dataclass(frozen=True, slots=True)
class Ring(Shape):
    """A ring, or the part of it that goes clockwise from the top for a share of a turn, with round ends."""

    radius: float
    width: float
    share: float = 1.0

    @override
    def distance(self, x: float, y: float) -> float:
        x, y = x - GRID / 2, y - GRID / 2
        turn = math.atan2(x, -y) / math.tau % 1.0
        if turn <= self.share:
            return abs(math.hypot(x, y) - self.radius) - self.width / 2
        end = self._at(self.share)
        return min(math.hypot(x, y + self.radius), math.hypot(x - end[0], y - end[1])) - self.width / 2

    @override
    def svg(self, grown: float) -> tuple[str, float]:
        middle, radius = GRID / 2, self.radius
        if self.share >= 1:
            return f'<circle fill="none" cx="{_n(middle)}" cy="{_n(middle)}" r="{_n(radius)}"', self.width
        x, y = self._at(self.share)
        large = int(self.share > 0.5)
        path = (
            f"M{_n(middle)} {_n(middle - radius)}A{_n(radius)} {_n(radius)} 0 {large} 1 "
            f"{_n(middle + x)} {_n(middle + y)}"
        )
        return f'<path fill="none" stroke-linecap="round" d="{path}"', self.width + 2 * grown

    def _at(self, share: float) -> tuple[float, float]:
        return self.radius * math.sin(math.tau * share), -self.radius * math.cos(math.tau * share)


@dataclass(frozen=True, slots=True)
class Outline(Shape):
    """A band along the inside of a box's edge."""

    box: RoundedBox
    width: float

    @override
    def distance(self, x: float, y: float) -> float:
        return abs(self.box.distance(x, y) + self.width / 2) - self.width / 2

    @override
    def svg(self, grown: float) -> tuple[str, float]:
        element, _ = self.box.svg(-self.width / 2)
        return element.replace("<rect", '<rect fill="none"'), self.width + 2 * grown


@dataclass(frozen=True, slots=True)
class Layer:
    """One shape in one colour, enlarged by `grown` units on all sides."""

    shape: Shape
    colour: Colour
    grown: float = 0.0


def rgba_pixels(layers: Sequence[Layer], size: int) -> bytes:
    """The layers drawn over each other, the first lowest: `size` rows of RGBA, not premultiplied."""
    unit = GRID / size
    drawn = bytearray()
    for row in range(size):
        for column in range(size):
            x, y = (column + 0.5) * unit, (row + 0.5) * unit
            drawn += bytes(_pixel(layers, x, y, unit))
    return bytes(drawn)


def _pixel(layers: Sequence[Layer], x: float, y: float, unit: float) -> Colour:
    red = green = blue = opacity = 0.0
    for layer in layers:
        covered = 0.5 - (layer.shape.distance(x, y) - layer.grown) / unit
        if covered <= 0:
            continue
        own = min(covered, 1.0) * layer.colour[3] / 255
        below = opacity * (1 - own)
        opacity = own + below
        red, green, blue = (
            (new * own + old * below) / opacity
            for new, old in zip(layer.colour, (red, green, blue), strict=False)
        )
    return round(red), round(green), round(blue), round(255 * opacity)


def svg(layers: Sequence[Layer], title: str) -> str:
    """The same picture as SVG."""
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {GRID:g} {GRID:g}">']
    lines.append(f"  <title>{title}</title>")
    for layer in layers:
        element, stroke = layer.shape.svg(layer.grown)
        red, green, blue, opacity = layer.colour
        colour = f"#{red:02x}{green:02x}{blue:02x}"
        paint = "" if 'fill="none"' in element else f' fill="{colour}"'
        if stroke:
            paint += f' stroke="{colour}" stroke-width="{_n(stroke)}" stroke-linejoin="round"'
        if opacity < 255:
            paint += f' opacity="{opacity / 255:.2f}"'
        lines.append(f"  {element}{paint}/>")
    return "\n".join([*lines, "</svg>", ""])


def _n(value: float) -> str:
    return f"{value:.4g}"


# -- the states and what they look like

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
