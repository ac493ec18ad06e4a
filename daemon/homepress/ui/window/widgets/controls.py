"""Controls that Qt has no such of, drawn in the colours of the theme, and how they are switched."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

from homepress.base.override import override
from homepress.ui.window.theme import Icon, Theme, paint_icon

MARK_SIDE = 18
"""Of an icon beside a text, in device-independent pixels."""


class Mark(QWidget):
    """A line icon beside a text that says the same; screen readers pass over it."""

    def __init__(self, theme: Theme, icon: Icon, ink: str = "text", side: int = MARK_SIDE) -> None:
        super().__init__()
        self._theme = theme
        self._icon, self._ink = icon, ink
        self.setFixedSize(side, side)

    def show_icon(self, icon: Icon, ink: str) -> None:
        """Show another icon, in a colour of the palette."""
        self._icon, self._ink = icon, ink
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        paint_icon(painter, self._icon, QRectF(self.rect()), self._theme.colour(self._ink), mirrored=mirrored)


class ElidedLabel(QLabel):
    """A name or path in one line, shortened in the middle where its room ends; the tooltip has all of it."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.setAccessibleName(text)
        self._fit()

    def fit_content(self) -> None:
        """Take no more room than the text needs, for a label with something beside it."""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._whole) + 2, metrics.height())

    def _fit(self) -> None:
        fitting = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width())
        self.setText(fitting)
        self.setToolTip(self._whole if fitting != self._whole else "")


class Switch(QCheckBox):
    """A check box that looks like a switch and says "On" or "Off" beside it."""

    _TRACK = QSize(40, 22)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__("Off")
        self._theme = theme
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.toggled.connect(lambda on: self.setText("On" if on else "Off"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(self._TRACK.width() + 16 + metrics.horizontalAdvance("Off"), self._TRACK.height() + 8)

    @override
    def hitButton(self, pos: object) -> bool:
        return True

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour, on = self._theme.colour, self.isChecked()
        rtl = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        track = QRectF(4, (self.height() - self._TRACK.height()) / 2, *self._TRACK.toTuple())
        if rtl:
            track.moveRight(self.width() - 4)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        if self.hasFocus():
            painter.setPen(colour("focus"))
            painter.drawRoundedRect(track.adjusted(-3, -3, 3, 3), 14, 14)
            painter.drawRoundedRect(track.adjusted(-2.5, -2.5, 2.5, 2.5), 14, 14)
        painter.setPen(colour("fill" if on else "edge"))
        painter.setBrush(colour("fill" if on else "card"))
        painter.drawRoundedRect(track, 11, 11)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("on_fill" if on else "edge"))
        knob = QRectF(0, 0, 14, 14)
        knob.moveCenter(track.center())
        knob.moveLeft(track.right() - 18 if on is not rtl else track.left() + 4)
        painter.drawEllipse(knob)
        painter.setPen(colour("text"))
        words = QRectF(self.rect()).adjusted(*((0, 0, -54, 0) if rtl else (54, 0, 0, 0)))
        aligned = Qt.AlignmentFlag.AlignVCenter | (
            Qt.AlignmentFlag.AlignRight if rtl else Qt.AlignmentFlag.AlignLeft
        )
        painter.drawText(words, aligned, self.text())


class TickBox(QCheckBox):
    """A check box whose mark is drawn in the colours of the theme."""

    def __init__(self, theme: Theme, text: str) -> None:
        super().__init__(text)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)  # the text, and the ring of the style sheet
        option = QStyleOptionButton()
        self.initStyleOption(option)
        place = QRectF(
            self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        ).adjusted(0.5, 0.5, -0.5, -0.5)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        colour, on = self._theme.colour, self.isChecked()
        painter.setPen(colour("fill" if on else "edge"))
        painter.setBrush(colour("fill" if on else "card"))
        painter.drawRoundedRect(place, 4, 4)
        if on:
            paint_icon(painter, Icon.CHECK, place.adjusted(2, 2, -2, -2), colour("on_fill"))


class Choice(QComboBox):
    """A list that drops down: values of the program with their words for people."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        rtl = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        left = 9 if rtl else self.width() - 9 - 14
        place = QRectF(left, (self.height() - 14) / 2, 14, 14)
        ink = "text" if self.isEnabled() else "muted"
        paint_icon(QPainter(self), Icon.DOWN, place, self._theme.colour(ink))

    @override
    def wheelEvent(self, event: object) -> None:
        """Scrolling the page over it changes nothing."""
        event.ignore()  # type: ignore[attr-defined]  # a QWheelEvent


# Switching: by hand or screen reader, or by the program.

_BY_PROGRAM = "by_program"


def on_switched(button: QAbstractButton, changed: Callable[[bool], object]) -> None:
    """Call `changed` when somebody switches a button; a screen reader does that without a click."""
    button.toggled.connect(lambda on: None if button.property(_BY_PROGRAM) else changed(on))


def on_chosen(button: QAbstractButton, chosen: Callable[[], object]) -> None:
    """Call `chosen` when somebody chooses one of several buttons, of which one holds."""
    on_switched(button, lambda on: chosen() if on else None)


def stop_once(group: QButtonGroup) -> None:
    """Have Tab stop at the one of several buttons that holds; the arrow keys lead to the others."""

    def fix() -> None:
        buttons = group.buttons()
        stop = group.checkedButton() or buttons[0]
        for button in buttons:
            policy = Qt.FocusPolicy.TabFocus if button is stop else Qt.FocusPolicy.NoFocus
            button.setFocusPolicy(policy)

    group.buttonToggled.connect(lambda *_: fix())
    fix()


def show_checked(button: QAbstractButton, on: bool) -> None:
    """Show that something is on or off, which nobody switched."""
    button.setProperty(_BY_PROGRAM, True)
    button.setChecked(on)
    button.setProperty(_BY_PROGRAM, False)
