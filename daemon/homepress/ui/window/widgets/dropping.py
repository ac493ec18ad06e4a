"""Pictures that come from elsewhere: dropped, pasted or opened."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from homepress.base.override import override
from homepress.desktop.clipboard import PICTURES, Copied
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.factory import ButtonRow, WidgetFactory, restyle

_ROUND = 14
_DASH = [5.0, 4.0]


def incoming(data: QMimeData) -> Copied:
    """The files of this computer or the picture in what is dropped or pasted; bytes are not decoded."""
    files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if files:
        return Copied(files=tuple(files))
    kind = next((kind for kind in PICTURES if data.hasFormat(kind)), "")
    return Copied(picture=bytes(data.data(kind).data())) if kind else Copied()


def has_pictures(data: QMimeData) -> bool:
    """Whether something in it can be taken; only looks at the kinds that are offered."""
    return data.hasUrls() or any(data.hasFormat(kind) for kind in PICTURES)


class DropZone(QFrame):
    """The place that says where pictures go; a click opens the dialog, and a drop is taken by the window."""

    def __init__(self, kit: WidgetFactory, opened: Callable[[], object], *buttons: QWidget) -> None:
        """Make it.

        Args:
            kit: makes what is in it.
            opened: called when it is clicked.
            buttons: below its words.
        """
        super().__init__()
        self._theme = kit.theme
        self._opened = opened
        self._hot = False
        self.setMinimumHeight(190)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(20, 16, 20, 16)
        inside.setSpacing(8)
        inside.addStretch(1)
        about = "Your pictures stay as they are until you say otherwise."
        kit.centre(inside, kit.mark(Icon.PICTURE, "accent", 44), "Drop pictures or folders here", about)
        inside.addSpacing(4)
        inside.addWidget(ButtonRow(buttons), 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch(1)
        self.setProperty("hot", False)

    def show_hot(self, on: bool) -> None:
        """Show that what is dragged can be dropped, or no longer."""
        self._hot = on
        restyle(self, "hot", on)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._opened()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._theme.colour
        pen = QPen(colour("accent" if self._hot else "edge"), 2 if self._hot else 1.4)
        pen.setDashPattern(_DASH)
        painter.setPen(pen)
        painter.setBrush(colour("soft" if self._hot else "card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), _ROUND, _ROUND)
