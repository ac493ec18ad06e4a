"""Two pictures laid over each other or beside each other.

Of each picture a small copy is held, and the part that is looked at, as large as the screen shows it. Moving
the slider draws nothing anew: both sides are kept as they are seen, and copied to the screen from there.
"""

import math
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from homepress.base.override import override
from homepress.ui.window.context import Jobs
from homepress.ui.window.model.pictures import NotShownError, Pair, Part, Pixels, Sheet, Viewport
from homepress.ui.window.theme import Theme
from homepress.ui.window.widgets.factory import announce
from homepress.ui.window.widgets.held import HeldPicture, covers, difference, heat_map, image_of

MODES = (
    ("slider", "Slider"),
    ("side", "Side by side"),
    ("flicker", "Flicker"),
    ("difference", "Difference"),
)
_FLICKER_MS = 500
_FINE_MS = 120
"""After so long without zooming and panning, a picture that was scaled quickly is scaled well."""
_STEP = 0.02
_PAN = 60
_ZOOM = 1.5
_GAP = 4
_NEAR = 24
_KNOB = 16
_MARGIN = 0.15
"""How much more than is seen is decoded on each side, as a share of it: for the next move."""
_LABEL_GROUND = QColor(10, 14, 18, 205)
_MODE_KEYS = {
    Qt.Key.Key_S: "slider",
    Qt.Key.Key_B: "side",
    Qt.Key.Key_F: "flicker",
    Qt.Key.Key_D: "difference",
}
_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class CompareView(QWidget):
    """Shows a pair in one of `MODES`.

    Attributes:
        moved: emitted when the zoom, the slider or the mode became another.
        mode_changed: emitted with the mode that a key chose.
    """

    moved = Signal()
    mode_changed = Signal(str)

    def __init__(self, theme: Theme, jobs: Jobs) -> None:
        super().__init__()
        self._theme = theme
        self._jobs = jobs
        self._sides = (HeldPicture(), HeldPicture())
        self._difference: QImage | None = None
        self._differences = HeldPicture()
        self._mode = "slider"
        self._share = 0.5
        self._flickers_before = True
        self._view = Viewport(1, 1, 1, 1)
        self._worst: tuple[float, float] | None = None
        self._fine = True
        self._asking = False
        self._grip: tuple[QPointF, bool] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 220)
        self.setMouseTracking(True)
        self.setAccessibleName("Before and after")
        self._flicker = QTimer(self, interval=_FLICKER_MS)
        self._flicker.timeout.connect(self._turn)
        self._rest = QTimer(self, singleShot=True, interval=_FINE_MS)
        self._rest.timeout.connect(self._settle)

    @property
    def share(self) -> float:
        """Where the slider stands, 0 left to 1 right."""
        return self._share

    @property
    def mode(self) -> str:
        """The word of the present way to compare."""
        return self._mode

    @property
    def zoom_words(self) -> str:
        """The zoom: pixels of the screen for one of the picture, as "45 %"."""
        percent = 100 * self._view.zoom
        return f"{percent:.1f} %" if percent < 10 else f"{round(percent)} %"

    @property
    def is_sharp(self) -> bool:
        """Whether as many pixels are held of what is looked at as are shown, or as there are."""
        return not self._asking and not self._rest.isActive() and not self._lacking()

    def is_shown(self, which: int, *, full: bool = False) -> bool:
        """Whether the picture before (0) or after (1) is seen; with `full`, more than an impression."""
        sheet = self._sides[which].sheet
        return sheet is not None and not (full and sheet.is_rough)

    def clear(self) -> None:
        """Show nothing, and give the memory back."""
        for side in (*self._sides, self._differences):
            side.sheet, side.detail, side.seen, side.levels = None, None, None, []
        self._difference = self._worst = None
        self._flicker.stop()
        self._rest.stop()
        self.update()

    def begin(self, before: str, after: str) -> None:
        """Another pair comes, with these labels; the whole of it will be seen."""
        self.clear()
        if self._mode == "flicker":
            self._flicker.start()
        self._sides[0].label, self._sides[1].label = before, after
        self._share = 0.5
        self._view = Viewport(1, 1, 1, 1)

    def show_before(self, sheet: Sheet) -> None:
        """Show a picture, or a better copy of it; its size rules."""
        side = self._sides[0]
        side.hold(sheet)
        if (self._view.width, self._view.height) != sheet.size:
            self._view = Viewport(*sheet.size, *self._area()).fit()
        self.renew()

    def show_after(self, sheet: Sheet, label: str = "") -> None:
        """Show what became of it; with `label`, under another one."""
        self._sides[1].hold(sheet)
        self._differences.levels = []
        self._sides[1].label = label or self._sides[1].label
        self.renew()

    def show_measured(self, pair: Pair) -> None:
        """Know where they differ, and where most."""
        self._worst = pair.worst
        if pair.difference is not None:
            self._differences.keep(heat_map(pair.difference))
            self.renew()

    def set_mode(self, mode: str) -> None:
        """Compare in another way."""
        self._mode = mode
        self._flickers_before = True
        self._flicker.stop()
        if mode == "flicker":
            self._flicker.start()
        self._view = self._view.resized(*self._area())
        self.renew()

    def fit(self) -> None:
        """Show the whole picture."""
        self._look(self._view.fit())

    def full_size(self) -> None:
        """Show one pixel of the picture on one of the screen."""
        self._look(self._view.at_full_size())

    def zoom(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """Larger or smaller; what is under `at`, in pixels of the screen, stays there."""
        self._look(self._view.zoomed(factor, at))

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by pixels of the screen."""
        self._look(self._view.panned(dx, dy))

    def to_worst(self) -> None:
        """Show the place with the largest difference, at full size at least."""
        if self._worst is not None:
            view = self._view if self._view.zoom > 1 else self._view.at_full_size()
            self._look(view.centred(self._worst[0] * view.width, self._worst[1] * view.height))

    def slide(self, share: float) -> None:
        """Put the slider somewhere, 0 to 1."""
        before, self._share = self._share, min(1.0, max(0.0, share))
        left, right = sorted(round(each * self.width()) for each in (before, self._share))
        self.update(QRect(left - _KNOB - 2, 0, right - left + 2 * _KNOB + 4, self.height()))
        self._tell()

    # -- what is seen

    def _room(self) -> tuple[int, int]:
        """The pixels of the screen that there are."""
        ratio = self.devicePixelRatioF()
        return max(1, math.floor(self.width() * ratio)), max(1, math.floor(self.height() * ratio))

    def _area(self) -> tuple[int, int]:
        """What one picture is seen through, in pixels of the screen."""
        width, height = self._room()
        return max(1, (width - self._gap()) // 2) if self._mode == "side" else width, height

    def _gap(self) -> int:
        return round(_GAP * self.devicePixelRatioF())

    def _look(self, view: Viewport) -> None:
        """Look at another part: quickly now, well when the hand rests."""
        if self._sides[0].sheet is not None and view != self._view:
            self._view = view
            self._fine = False
            self._rest.start()
            self._forget()

    def renew(self) -> None:
        """Draw everything anew, and well: pictures, area or colours are others."""
        self._fine = True
        self._forget()
        self._rest.start()

    def _forget(self) -> None:
        """What is seen has to be drawn anew."""
        for side in (*self._sides, self._differences):
            side.seen = None
        self._difference = None
        self.update()
        self._tell()

    def _settle(self) -> None:
        """The hand rests: draw well, and get what the small copies do not show."""
        if not self._fine:
            self._fine = True
            self._forget()
        self._ask()

    def _tell(self) -> None:
        slides = self._mode == "slider"
        where = f"slider at {round(100 * self._share)} %" if slides else dict(MODES)[self._mode]
        self.setAccessibleDescription(f"before and after, {self.zoom_words}, {where.lower()}")
        self.moved.emit()

    def _ask(self) -> None:
        """Have the part that is looked at decoded, where the small copies have too few pixels."""
        sheets = [side.sheet for side in self._sides]
        before, after = sheets
        if before is None or after is None or self._asking or not self._lacking():
            return
        part, edge = self._wanted()

        def work() -> list[Pixels]:
            try:
                return [each.part(part, edge) for each in (before, after)]
            except NotShownError:
                return []  # the small copies are seen all the same

        def done(found: list[Pixels]) -> None:
            self._asking = False
            if sheets != [side.sheet for side in self._sides]:
                return
            for side, pixels in zip(self._sides, found, strict=False):
                side.detail, side.part = image_of(pixels), part
            self._forget()
            if found and not self._rest.isActive() and self._wanted() != (part, edge):
                self._ask()  # for where the hand has moved meanwhile

        self._asking = True
        self._jobs.run(work, done, lambda _: None, owner=self)

    def _lacking(self) -> list[HeldPicture]:
        """The pictures of which too few pixels are held for what is looked at."""
        shown = self._view.width * self._view.zoom
        return [
            each
            for each in self._sides
            if each.sheet is not None
            and each.sheet.is_reduced
            and not each.sheet.is_rough  # a better copy comes by itself
            and shown > each.levels[0].width()
            and not (covers(each.part, self._view) and self._has_enough(each))
        ]

    def _has_enough(self, side: HeldPicture) -> bool:
        """Whether the part that is held has as many pixels as are shown, or as there are."""
        if side.detail is None or side.sheet is None:
            return False
        share = side.part[2] - side.part[0]
        scale = min(self._view.zoom * self._view.width, side.sheet.size[0])
        return side.detail.width() >= 0.97 * share * scale

    def _wanted(self) -> tuple[Part, int]:
        """What is seen with a margin, in whole pixels of the picture; and its longer edge on the screen."""
        view = self._view
        left, top, right, bottom = view.seen()[0]
        aside, above = _MARGIN * (right - left), _MARGIN * (bottom - top)
        left, top = math.floor(max(0.0, left - aside)), math.floor(max(0.0, top - above))
        right, bottom = math.ceil(min(view.width, right + aside)), math.ceil(min(view.height, bottom + above))
        part = (left / view.width, top / view.height, right / view.width, bottom / view.height)
        return part, math.ceil(max(right - left, bottom - top) * min(1.0, view.zoom))

    # -- painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if (self._view.across, self._view.down) != self._area():  # on a screen of another scale
            self._view = self._view.resized(*self._area())
            self.renew()
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("page"))
        if self._sides[0].sheet is not None:
            painter.save()
            ratio = self.devicePixelRatioF()
            painter.scale(1 / ratio, 1 / ratio)
            self._paint_mode(painter, *self._room())
            painter.restore()
            self._paint_labels(painter)
            if self._mode == "slider" and self._sides[1].sheet is not None:
                self._paint_slider(painter)
        width = 2 if self.hasFocus() else 1
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self._theme.colour("focus" if self.hasFocus() else "line"), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = width / 2
        painter.drawRect(QRectF(self.rect()).adjusted(half, half, -half, -half))

    def _paint_mode(self, painter: QPainter, width: int, height: int) -> None:
        before, after = self._sides
        if after.sheet is None:
            self._paint_side(painter, before, QRect(0, 0, self._area()[0], height))
        elif self._mode == "side":
            half = self._area()[0]
            self._paint_side(painter, before, QRect(0, 0, half, height))
            self._paint_side(painter, after, QRect(width - half, 0, half, height), width - half)
        elif self._mode == "flicker":
            side = before if self._flickers_before else after
            self._paint_side(painter, side, QRect(0, 0, width, height))
        elif self._mode == "difference" and self._matches():
            painter.drawImage(QRect(0, 0, width, height), self._differing())
        else:
            at = round(self._share * width) if self._mode == "slider" else 0
            self._paint_side(painter, before, QRect(0, 0, at, height))
            self._paint_side(painter, after, QRect(at, 0, width - at, height))

    def _paint_side(self, painter: QPainter, side: HeldPicture, place: QRect, left: int = 0) -> None:
        """Draw a picture into a part of the screen; `left` is where its area begins."""
        if place.isEmpty():
            return
        painter.save()
        painter.setClipRect(place)
        if self._fine:
            painter.drawImage(left, 0, self._as_seen(side))
        else:
            painter.translate(left, 0)
            side.draw(painter, self._view, False)
        painter.restore()

    def _as_seen(self, side: HeldPicture) -> QImage:
        """A picture as the view shows it, drawn once."""
        if side.seen is None:
            side.seen = self._drawn(side, self._view)
        return side.seen

    def _differing(self) -> QImage:
        """Where they differ, brightest where most; while the hand moves, with fewer lines.

        What is reduced has lost its small differences: those of the full pictures are shown there.
        """
        if self._difference is not None:
            return self._difference
        view = self._view
        for _ in range(0 if self._fine else math.ceil(self.devicePixelRatioF())):
            view = view.halved()
        levels = self._differences.levels
        if levels and self._view.width * self._view.zoom <= levels[0].width():
            made = self._drawn(self._differences, view)
        else:
            made = difference(*(self._drawn(side, view) for side in self._sides))
            self._clear_around(made, view)
        self._difference = made
        return made

    def _drawn(self, side: HeldPicture, view: Viewport) -> QImage:
        """A picture as a view shows it."""
        made = QImage(view.across, view.down, QImage.Format.Format_RGB32)
        made.fill(self._theme.colour("page"))
        painter = QPainter(made)
        side.draw(painter, view, self._fine)
        painter.end()
        return made

    def _clear_around(self, image: QImage, view: Viewport) -> None:
        """What is beside the picture is the page, and no equality."""
        left, top, right, bottom = view.seen()[1]
        painter = QPainter(image)
        painter.setClipRegion(QRegion(image.rect()) - QRegion(left, top, right - left, bottom - top))
        painter.fillRect(image.rect(), self._theme.colour("page"))
        painter.end()

    def _matches(self) -> bool:
        before, after = (side.sheet for side in self._sides)
        return before is not None and after is not None and Pair(before, after).matches

    def _paint_labels(self, painter: QPainter) -> None:
        before, after = self._sides
        right = self.width() - 10
        if after.sheet is None or (self._mode == "flicker" and self._flickers_before):
            self._paint_label(painter, before.label, 10, ends=False)
        elif self._mode == "flicker":
            self._paint_label(painter, after.label, right, ends=True)
        elif self._mode == "difference":
            return
        else:
            self._paint_label(painter, before.label, 10, ends=False)
            self._paint_label(painter, after.label, right, ends=True)

    def _paint_label(self, painter: QPainter, text: str, x: int, *, ends: bool) -> None:
        """Text on a dark ground, that is read on any picture; `x` is where it begins, or ends."""
        metrics = self.fontMetrics()
        width, height = metrics.horizontalAdvance(text) + 20, metrics.height() + 10
        place = QRectF(x - width if ends else x, 10, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_LABEL_GROUND)
        painter.drawRoundedRect(place, 7, 7)
        painter.setPen(QColor("white"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_slider(self, painter: QPainter) -> None:
        x, middle = self._share * self.width(), self.height() / 2
        painter.fillRect(QRectF(x - 1, 0, 2, self.height()), QColor("white"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(10, 14, 18, 90))
        painter.setBrush(QColor("white"))
        painter.drawEllipse(QPointF(x, middle), _KNOB, _KNOB)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#0d766e"))
        for way in (-1, 1):
            tip, back = x + way * 10, x + way * 4
            painter.drawPolygon(
                QPolygonF([QPointF(tip, middle), QPointF(back, middle - 6), QPointF(back, middle + 6)])
            )

    # -- hands

    def _turn(self) -> None:
        self._flickers_before = not self._flickers_before
        self.update()

    def _choose(self, mode: str) -> None:
        self.set_mode(mode)
        self.mode_changed.emit(mode)

    def _flick(self) -> None:
        """Switch between both by hand; the clock stops."""
        if self._mode != "flicker":
            self._choose("flicker")
        self._flicker.stop()
        self._turn()
        announce(self, self._sides[0 if self._flickers_before else 1].label)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            super().keyPressEvent(event)
            return
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        slides = not shift and self._mode == "slider" and key in (Qt.Key.Key_Left, Qt.Key.Key_Right)
        if key in _ARROWS and not slides:
            step = _PAN * self.devicePixelRatioF()
            self.pan(_ARROWS[key][0] * step, _ARROWS[key][1] * step)
        elif slides:
            self.slide(self._share + (_STEP if key == Qt.Key.Key_Right else -_STEP))
        elif key in _MODE_KEYS:
            self._choose(_MODE_KEYS[key])
        elif (command := self._commands().get(key)) is not None:
            command()
        else:
            super().keyPressEvent(event)

    def _commands(self) -> dict[Qt.Key, Callable[[], Any]]:
        key = Qt.Key
        return {
            key.Key_Plus: lambda: self.zoom(_ZOOM),
            key.Key_Equal: lambda: self.zoom(_ZOOM),
            key.Key_Minus: lambda: self.zoom(1 / _ZOOM),
            key.Key_0: self.fit,
            key.Key_1: self.full_size,
            key.Key_W: self.to_worst,
            key.Key_Space: self._flick,
            key.Key_Home: lambda: self.slide(0),
            key.Key_End: lambda: self.slide(1),
        }

    def _at(self, place: QPointF) -> tuple[float, float]:
        """A place of the widget in the area of one picture."""
        ratio = self.devicePixelRatioF()
        across = self._area()[0]
        x = place.x() * ratio
        return (x - across - self._gap() if x > across else x), place.y() * ratio

    def _slides_at(self, place: QPointF) -> bool:
        """Whether a press there takes the slider: near it, and anywhere while all is seen."""
        near = abs(place.x() - self._share * self.width()) < _NEAR
        return self._mode == "slider" and (near or self._view.fitted)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._grip = (event.position(), self._slides_at(event.position()))
        self.mouseMoveEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._grip is None:
            slides = self._slides_at(place)
            shape = Qt.CursorShape.SplitHCursor if slides else Qt.CursorShape.OpenHandCursor
            self.setCursor(shape if slides or not self._view.fitted else Qt.CursorShape.ArrowCursor)
        elif self._grip[1]:
            self.slide(place.x() / max(1, self.width()))
        else:
            moved = (place - self._grip[0]) * self.devicePixelRatioF()
            self._grip = (place, False)
            if not moved.isNull():
                self.pan(moved.x(), moved.y())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """To full size at the place, and back."""
        if self._view.fitted:
            self.zoom(1 / self._view.zoom, self._at(event.position()))
        else:
            self.fit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches and self._sides[0].sheet is not None:
            self.zoom(1.25**notches, self._at(event.position()))
        event.accept()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom(1 + event.value(), self._at(event.position()))
            return True
        return super().event(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._view = self._view.resized(*self._area())
        self.renew()

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 240)  # the page gives it all the room there is
