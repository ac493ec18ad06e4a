"""What every page is: a widget that the shell shows, and tells what has changed."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget

from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.widgets.factory import column

MARGIN = 28
"""Between the edge of the stage and what is on a page, in device-independent pixels."""


class Page(QWidget):
    """A page of the window. The shell calls these methods in the window's thread; each has a default."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def update_from(self, snapshot: Snapshot) -> None:
        """The state of the daemon or the settings is another. Also called right after the page was made."""

    def ledger_changed(self) -> None:
        """Something was written into the ledger."""

    def shown(self) -> None:
        """The page comes to the front."""

    def left(self) -> None:
        """Another page comes to the front: what takes much memory is given back."""

    def closed(self) -> None:
        """The window closes: nothing is left behind."""


class ScrollPage(Page):
    """A page that scrolls when there is more than fits.

    Attributes:
        body: the layout for cards and rows; what is in it stands at the top.
    """

    def __init__(self) -> None:
        super().__init__()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setObjectName("body")
        self.body = QVBoxLayout(inside)
        self.body.setContentsMargins(MARGIN, MARGIN - 4, MARGIN, MARGIN - 8)
        self.body.setSpacing(12)
        self.body.setAlignment(Qt.AlignmentFlag.AlignTop)
        area.setWidget(inside)
        self._area = area
        column(self).addWidget(area)
        QApplication.instance().focusChanged.connect(self._scroll_to)  # type: ignore[union-attr]

    def _scroll_to(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Scroll to what Tab has reached from outside the page; inside, Qt does so itself."""
        if now is not None and self._area.isAncestorOf(now) and now.visibleRegion().isEmpty():
            self._area.ensureWidgetVisible(now)

    def to_top(self) -> None:
        """Scroll to the beginning."""
        self._area.verticalScrollBar().setValue(0)
