"""Line icons, described on a grid of 24 by 24, drawn at any size in the colour that the theme has now."""

import enum
import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPainterPath, QPen, QPixmap

from homepress.base.override import override

_GRID = 24
_STROKE = 1.8

Line: TypeAlias = Sequence[tuple[float, float]]


class Icon(enum.Enum):
    """What can be shown."""

    FOLDER = "folder"
    ACTIVITY = "activity"
    COMPARE = "compare"
    CHART = "chart"
    SHIELD = "shield"
    SLIDERS = "sliders"
    START = "start"
    CHECK = "check"
    WARNING = "warning"
    PAUSE = "pause"
    PLUS = "plus"
    SEARCH = "search"
    CHEVRON = "chevron"
    BACK = "back"
    CLOCK = "clock"
    CROSS = "cross"
    SAME = "same"
    PICTURE = "picture"
    PIN = "pin"
    STOP = "stop"
    DOWN = "down"
    SHRINK = "shrink"
    UNDO = "undo"


def _arc(x: float, y: float, radius: float, begin: float, end: float) -> list[tuple[float, float]]:
    """Part of a circle as a line; angles in degrees, clockwise from the right."""
    steps = max(2, round(abs(end - begin) / 10))
    angles = [math.radians(begin + (end - begin) * n / steps) for n in range(steps + 1)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def _frame(left: float, top: float, right: float, bottom: float, radius: float) -> list[tuple[float, float]]:
    """A rectangle with round corners as a line."""
    corners = (
        (right - radius, top + radius, -90),
        (right - radius, bottom - radius, 0),
        (left + radius, bottom - radius, 90),
        (left + radius, top + radius, 180),
    )
    line = [point for x, y, begin in corners for point in _arc(x, y, radius, begin, begin + 90)]
    return [*line, line[0]]


_FOLDER = [(3, 18), (3, 6), (9, 6), (11, 8.5), (21, 8.5), (21, 18.5), (3.5, 18.5), (3, 18)]
_SHIELD = [(12, 3), (19.5, 6), (19.5, 12), (17.5, 16.5), (12, 21), (6.5, 16.5), (4.5, 12), (4.5, 6), (12, 3)]
_TRIANGLE = [(12, 4), (21, 19.5), (3, 19.5), (12, 4)]

_LINES: dict[Icon, tuple[Line, ...]] = {
    Icon.FOLDER: (_FOLDER,),
    Icon.ACTIVITY: tuple([(9, y), (20, y)] for y in (6, 12, 18))
    + tuple([(4, y), (5, y)] for y in (6, 12, 18)),
    Icon.COMPARE: (
        _frame(3, 5, 21, 19, 2),
        [(12, 3), (12, 21)],
        [(6.5, 10), (4.8, 12), (6.5, 14)],
        [(17.5, 10), (19.2, 12), (17.5, 14)],
    ),
    Icon.CHART: ([(5, 19.5), (5, 12)], [(12, 19.5), (12, 5)], [(19, 19.5), (19, 9)]),
    Icon.SHIELD: (_SHIELD, [(8.7, 11.8), (11.2, 14.2), (15.4, 9.4)]),
    Icon.SLIDERS: (
        [(4, 7), (12, 7)],
        _arc(15, 7, 2.4, 0, 360),
        [(18, 7), (20, 7)],
        [(4, 17), (6, 17)],
        _arc(9, 17, 2.4, 0, 360),
        [(12, 17), (20, 17)],
    ),
    Icon.START: (_arc(12, 12, 9, 0, 360), [(10, 8.5), (15.5, 12), (10, 15.5), (10, 8.5)]),
    Icon.CHECK: ([(5, 12.5), (10, 17.5), (19.5, 7)],),
    Icon.WARNING: (_TRIANGLE, [(12, 10), (12, 14)], [(12, 16.9), (12, 17)]),
    Icon.PAUSE: ([(8.5, 6), (8.5, 18)], [(15.5, 6), (15.5, 18)]),
    Icon.PLUS: ([(12, 5), (12, 19)], [(5, 12), (19, 12)]),
    Icon.SEARCH: (_arc(10.5, 10.5, 6, 0, 360), [(15, 15), (20, 20)]),
    Icon.CHEVRON: ([(9, 6), (15, 12), (9, 18)],),
    Icon.DOWN: ([(6, 9), (12, 15), (18, 9)],),
    Icon.BACK: ([(15, 6), (9, 12), (15, 18)],),
    Icon.UNDO: (
        [(8.5, 4.5), (4.5, 8.5), (8.5, 12.5)],
        [(4.5, 8.5), *_arc(14.5, 13.5, 5, -90, 90), (9, 18.5)],
    ),
    Icon.CLOCK: (_arc(12, 12, 9, 0, 360), [(12, 7), (12, 12.5), (15.5, 14.5)]),
    Icon.CROSS: ([(6.5, 6.5), (17.5, 17.5)], [(17.5, 6.5), (6.5, 17.5)]),
    Icon.SAME: ([(6, 9.5), (18, 9.5)], [(6, 14.5), (18, 14.5)]),
    Icon.PICTURE: (
        _frame(3, 5, 21, 19, 2),
        [(4, 17), (9, 11.5), (13, 15.5), (16, 13), (20, 17)],
        _arc(15.8, 9, 1.2, 0, 360),
    ),
    Icon.PIN: ([(12, 21.5), *_arc(12, 9.5, 7, 145, 395), (12, 21.5)], _arc(12, 9.5, 2.2, 0, 360)),
    Icon.STOP: (_frame(6.5, 6.5, 17.5, 17.5, 1.5),),
    Icon.SHRINK: (
        [(20, 4), (14, 10)],
        [(14, 5), (14, 10), (19, 10)],
        [(4, 20), (10, 14)],
        [(10, 19), (10, 14), (5, 14)],
    ),
}
_MIRRORED = (Icon.CHEVRON, Icon.BACK)
"""They point along the direction of reading."""


def paint_icon(
    painter: QPainter, icon: Icon, place: QRectF, colour: QColor, *, mirrored: bool = False
) -> None:
    """Draw an icon.

    Args:
        painter: where.
        icon: what.
        place: a square of the painter's coordinates.
        colour: of its lines.
        mirrored: whether text runs from right to left, so that arrows point the other way.
    """
    unit = place.width() / _GRID
    path = QPainterPath()
    flip = mirrored and icon in _MIRRORED
    for line in _LINES[icon]:
        points = [
            QPointF(place.x() + (_GRID - x if flip else x) * unit, place.y() + y * unit) for x, y in line
        ]
        path.moveTo(points[0])
        for point in points[1:]:
            path.lineTo(point)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, _STROKE * unit)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.restore()


class _LineIconEngine(QIconEngine):
    """Draws an icon whenever Qt needs it, so that it is sharp at every scale and follows the theme."""

    def __init__(self, icon: Icon, ink: Callable[[], QColor]) -> None:
        super().__init__()
        self._icon = icon
        self._ink = ink

    @override
    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = self._ink()
        if mode is QIcon.Mode.Disabled:
            colour.setAlphaF(0.45)
        mirrored = painter.layoutDirection() is Qt.LayoutDirection.RightToLeft
        paint_icon(painter, self._icon, QRectF(rect), colour, mirrored=mirrored)

    @override
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return made

    @override
    def clone(self) -> QIconEngine:
        return _LineIconEngine(self._icon, self._ink)


def line_icon(icon: Icon, ink: Callable[[], QColor]) -> QIcon:
    """An icon for buttons and lists; `ink` gives its colour each time when it is drawn."""
    return QIcon(_LineIconEngine(icon, ink))
