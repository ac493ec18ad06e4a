"""The bar chart of what was saved each day, and a thin bar for a share of a whole."""

from datetime import date

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
)
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QToolTip, QWidget

from homepress.base.override import override
from homepress.base.units import counted, size
from homepress.store.reader import Day
from homepress.ui.window.model.figures import chart_words, ticks
from homepress.ui.window.theme import Theme
from homepress.ui.window.widgets.factory import WidgetFactory, announce

_LEFT, _RIGHT, _BOTTOM, _TOP = 64, 14, 28, 14
_WIDEST_BAR = 34
_LABEL_WIDTH = 70


def share_bar(kit: WidgetFactory, name: str, share: float) -> QProgressBar:
    """A track of which a share, 0 to 1, is filled."""
    made = kit.progress(name)
    made.setValue(round(1000 * min(1.0, max(0.0, share))))
    return made


class Chart(QWidget):
    """Bars for days. The pointer and the arrow keys tell the figures of a day."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._days: list[Day] = []
        self._at = -1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Saved each day")

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    def show_days(self, days: list[Day]) -> None:
        """Draw these days."""
        self._days, self._at = days, -1
        self.setAccessibleDescription(chart_words(days))
        self.update()

    def png(self, width: int, height: int) -> bytes:
        """The chart as a picture, without a mark."""
        image = QImage(width, height, QImage.Format.Format_RGB32)
        image.fill(self._theme.colour("card"))
        painter = QPainter(image)
        painter.setFont(self.font())
        at, self._at = self._at, -1
        self._draw(painter, width, height)
        self._at = at
        painter.end()
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]  # format is text in every version
        return bytes(data.data())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._draw(painter, self.width(), self.height())
        if self.hasFocus():
            pen = painter.pen()
            pen.setColor(self._theme.colour("focus"))
            pen.setWidth(2)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mark(self._day_at(event.position().x()))
        if self._at >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self._words(), self)
        else:
            QToolTip.hideText()

    @override
    def leaveEvent(self, event: object) -> None:
        self._mark(-1)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._days) - 1
        match event.key():
            case Qt.Key.Key_Left:
                self._mark(max(0, (self._at if self._at >= 0 else last + 1) - 1))
            case Qt.Key.Key_Right:
                self._mark(min(last, self._at + 1))
            case _:
                super().keyPressEvent(event)
                return
        if self._at >= 0:
            left, right = self._bar(self._at, self.width())
            place = self.mapToGlobal(QPointF((left + right) / 2, _TOP).toPoint())
            QToolTip.showText(place, self._words(), self)
            announce(self, self._words())

    def _mark(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self.update()

    def _words(self) -> str:
        """The figures of the marked day."""
        day = self._days[self._at]
        when = date.fromisoformat(day.day)
        return f"{when:%a} {when.day} {when:%B}: {size(day.saved_bytes)} in {counted(day.images, 'picture')}"

    def _draw(self, painter: QPainter, width: int, height: int) -> None:
        if width < 2 * _LEFT or not self._days:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._theme.colour
        for tick in self._scale():
            y = self._y(tick, height)
            painter.setPen(colour("line"))
            painter.drawLine(QPointF(_LEFT, y), QPointF(width, y))
            painter.setPen(colour("muted"))
            text = size(tick).replace(".0 ", " ") if tick else "0"
            box = QRectF(0, y - 10, _LEFT - 10, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        for at in range(len(self._days)):
            self._draw_bar(painter, at, width, height, colour("accent" if at == self._at else "fill"))
        every = max(1, round(_LABEL_WIDTH * len(self._days) / width))
        painter.setPen(colour("muted"))
        for at in range(len(self._days) - 1, -1, -every):
            day = date.fromisoformat(self._days[at].day)
            left, right = self._bar(at, width)
            middle = min((left + right) / 2, width - _LABEL_WIDTH / 2)
            box = QRectF(middle - _LABEL_WIDTH / 2, height - 22, _LABEL_WIDTH, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{day.day} {day:%b}")

    def _draw_bar(self, painter: QPainter, at: int, width: int, height: int, ink: QColor) -> None:
        if self._days[at].saved_bytes <= 0:
            return
        left, right = self._bar(at, width)
        foot = self._y(0, height)
        top = min(self._y(self._days[at].saved_bytes, height), foot - 2)
        path = QPainterPath()
        radius = min(4.0, (right - left) / 2, foot - top)
        path.addRoundedRect(QRectF(left, top, right - left, foot - top), radius, radius)
        path.addRect(QRectF(left, foot - radius, right - left, radius))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        path.setFillRule(Qt.FillRule.WindingFill)
        painter.drawPath(path)

    def _day_at(self, x: float) -> int:
        if not self._days or x < _LEFT:
            return -1
        room = self.width() - _LEFT - _RIGHT
        return min(len(self._days) - 1, int((x - _LEFT) / (room / len(self._days))))

    def _scale(self) -> list[int]:
        return ticks(max((day.saved_bytes for day in self._days), default=0))

    def _bar(self, at: int, width: int) -> tuple[float, float]:
        step = (width - _LEFT - _RIGHT) / len(self._days)
        bar = min(step * 0.66, _WIDEST_BAR)
        middle = _LEFT + step * (at + 0.5)
        return middle - bar / 2, middle + bar / 2

    def _y(self, value: int, height: int) -> float:
        bottom = height - _BOTTOM
        return bottom - (bottom - _TOP) * value / self._scale()[-1]
