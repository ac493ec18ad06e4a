"""The window before anything is in it: what is seen first, while the rest of the program is still loading."""

import enum
import importlib
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QMimeData, QSize, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QIcon,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QFrame,
    QLabel,
    QMainWindow,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from homepress.base.override import override
from homepress.desktop import toolkit
from homepress.ui.text import PAUSES
from homepress.ui.window.model.snapshot import Headline, Snapshot, headline, waits_for_resume
from homepress.ui.window.start import NoDisplayError, WindowLook
from homepress.ui.window.theme import Icon, Theme, linux
from homepress.ui.window.widgets.controls import on_chosen, show_checked, stop_once
from homepress.ui.window.widgets.factory import WidgetFactory, across, column, restyle, row

# The pages, by word. Each is made when it is first shown.

if TYPE_CHECKING:
    from homepress.ui.window.context import Context
    from homepress.ui.window.widgets.page import Page


class PageName(enum.StrEnum):
    """The word of a page, as in `homepress window --page`."""

    NOW = "now"
    FIRST_RUN = "first-run"
    FOLDERS = "folders"
    ACTIVITY = "activity"
    COMPARE = "compare"
    STATISTICS = "statistics"
    PRIVACY = "privacy"
    GENERAL = "general"


PAGES = {
    PageName.NOW: ("Compress now", Icon.SHRINK),
    PageName.FOLDERS: ("Folders", Icon.FOLDER),
    PageName.ACTIVITY: ("Activity", Icon.ACTIVITY),
    PageName.COMPARE: ("Before and after", Icon.COMPARE),
    PageName.STATISTICS: ("Statistics", Icon.CHART),
    PageName.PRIVACY: ("Privacy", Icon.SHIELD),
    PageName.GENERAL: ("General", Icon.SLIDERS),
}
"""The pages of the side bar with their titles and icons. The first run is not among them."""


def make_page(name: PageName, context: "Context") -> "Page":
    """Make a page: of the class that its module is named after, such as `FirstRunPage` of `first_run`."""
    module = importlib.import_module(f"homepress.ui.window.pages.{name.value.replace('-', '_')}")
    page: Page = getattr(module, f"{name.value.title().replace('-', '')}Page")(context)
    return page


# The left side: the pages to choose from, the state of the program, and pause.

_SIDE_BAR_WIDTH = 200
_BRAND = 24


class SideBarAction(enum.Enum):
    """What the button at the bottom does."""

    START = "Start"
    PAUSE = "Pause …"
    RESUME = "Resume"


class SideBar(QFrame):
    """The pages and the state."""

    def __init__(
        self,
        kit: WidgetFactory,
        chosen: Callable[[PageName], object],
        pressed: Callable[[SideBarAction, str], object],
    ) -> None:
        """Make it.

        Args:
            kit: makes its controls.
            chosen: called with the page that was chosen.
            pressed: called with what the button does, and for a pause, how long (see `PAUSES`).
        """
        super().__init__()
        self.setObjectName("sidebar")
        self.setFixedWidth(_SIDE_BAR_WIDTH)
        self._kit = kit
        self._pressed = pressed
        inside = QVBoxLayout(self)
        inside.setContentsMargins(12, 20, 12, 20)
        inside.setSpacing(3)
        inside.addWidget(self._title())
        inside.addSpacing(12)
        self._entries = {name: self._entry(name, chosen) for name in PAGES}
        group = QButtonGroup(self)
        for entry in self._entries.values():
            group.addButton(entry)
            inside.addWidget(entry)
        stop_once(group)
        inside.addStretch(1)
        inside.addWidget(self._state())

    def mark(self, front: PageName) -> None:
        """Show which page is in front."""
        for name, entry in self._entries.items():
            show_checked(entry, name is front)
            entry.setIcon(self._kit.theme.icon(PAGES[name][1], "accent" if name is front else "text"))

    def update_from(self, snapshot: Snapshot) -> None:
        """The state is another."""
        line = headline(snapshot)
        self._words.setText(line.text)
        detail = snapshot.trouble or line.detail
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self._mark.show_icon(*_state_icon(line))
        if snapshot.status is None:
            self._offer(SideBarAction.START)
        elif waits_for_resume(snapshot.status):
            self._offer(SideBarAction.RESUME)
        else:
            self._offer(SideBarAction.PAUSE)

    def _title(self) -> QWidget:
        brand, name = QLabel(), self._kit.label(_TITLE, "heading")
        brand.setPixmap(self._kit.theme.brand(_BRAND))
        made = across(brand, name, fill=name)
        made.setContentsMargins(9, 0, 0, 0)
        return made

    def _entry(self, name: PageName, chosen: Callable[[PageName], object]) -> QPushButton:
        title, icon = PAGES[name]
        made = QPushButton(f" {title}")
        made.setAccessibleName(title)
        made.setProperty("kind", "entry")
        made.setCheckable(True)
        made.setAutoExclusive(True)  # a radio button to screen readers
        made.setAutoDefault(True)
        made.setIcon(self._kit.theme.icon(icon))
        made.setIconSize(QSize(18, 18))

        def choose() -> None:
            show_checked(made, True)  # also when its page is in front already
            chosen(name)

        made.clicked.connect(choose)
        on_chosen(made, choose)
        return made

    def _state(self) -> QWidget:
        made = QWidget()
        inside = column(made, spacing=4)
        inside.setContentsMargins(8, 0, 8, 0)
        self._mark = self._kit.mark(Icon.CLOCK, "muted")
        self._words = self._kit.label("One moment …", "strong", wrap=True)
        inside.addWidget(across(self._mark, self._words, fill=self._words))
        self._detail = self._kit.hint()
        self._detail.hide()
        inside.addWidget(self._detail)
        inside.addSpacing(6)
        self._button = self._kit.button(SideBarAction.PAUSE.value, self._press)
        self._pauses = QMenu(self._button)
        for words, length in PAUSES:
            self._pauses.addAction(words, partial(self._pressed, SideBarAction.PAUSE, length))
        self._button.hide()
        self._action = SideBarAction.PAUSE
        inside.addWidget(self._button)
        return made

    def _offer(self, action: SideBarAction) -> None:
        """Show on the one button what fits the state; it keeps the keyboard."""
        self._action = action
        self._button.setText(action.value)
        menu = self._pauses if action is SideBarAction.PAUSE else None
        self._button.setMenu(menu)  # type: ignore[arg-type]  # None is none
        restyle(self._button, "kind", "primary" if action is SideBarAction.START else "plain")
        self._button.show()

    def _press(self) -> None:
        if self._action is SideBarAction.START:
            self._words.setText("Starting …")
        self._pressed(self._action, "")


def _state_icon(line: Headline) -> tuple[Icon, str]:
    if line.text == "Working":
        return Icon.ACTIVITY, "good"
    return {
        "good": (Icon.CHECK, "good"),
        "muted": (Icon.CHECK, "muted"),
        "warning": (Icon.PAUSE if line.text == "Paused" else Icon.STOP, "warning"),
        "bad": (Icon.WARNING, "bad"),
    }[line.tone]


_TITLE = "Homepress"
_SIZE = QSize(1080, 720)
_LEAST = QSize(700, 520)


class WindowFrame(QMainWindow):
    """The window, the side bar, and the place for pages.

    Attributes:
        theme, kit, sidebar, stage: its parts.
        below: the layout under the stage, for the strip of the toast.
        go: called with the page that was chosen; the shell puts itself there.
        act: called with what was pressed at the bottom of the side bar, and how long a pause shall last.
        escaped: called when Escape is pressed and nothing else wanted it.
        closed: called when the window closes.
        hovered: called when pictures are held over the window, and when they are not any more.
        dropped: called with what was dropped on the window, wherever.
    """

    def __init__(self, look: WindowLook) -> None:
        """Build it, with Qt's application around it; nothing is seen before `show`.

        Raises:
            NoDisplayError: there is no display, or it does not answer.
        """
        self.app = _application(look)
        super().__init__()
        self.theme = Theme(self.app, look)
        self.kit = WidgetFactory(self.theme)
        self.go: Callable[[PageName], object] = lambda _: None
        self.act: Callable[[SideBarAction, str], object] = lambda _action, _length: None
        self.escaped: Callable[[], object] = lambda: None
        self.closed: Callable[[], object] = lambda: None
        self.hovered: Callable[[bool], object] = lambda _: None
        self.dropped: Callable[[QMimeData], object] = lambda _: None
        self._build()

    def raise_up(self) -> None:
        """Bring it to the front, with the keyboard."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        from homepress.ui.window.widgets.dropping import has_pictures

        if event.source() is None and has_pictures(event.mimeData()):  # not a row of our own
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.hovered(True)

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.hovered(False)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.hovered(False)
        self.dropped(event.mimeData())

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self.closed()
        super().closeEvent(event)

    def _build(self) -> None:
        self.setWindowTitle(_TITLE)
        self.setWindowIcon(QIcon(self.theme.brand(128)))
        self.setMinimumSize(_LEAST)
        self.setAcceptDrops(True)
        self.resize(_SIZE.boundedTo(self.screen().availableSize()))
        inside = QWidget()
        line = row(inside, spacing=0)
        self.sidebar = SideBar(
            self.kit, lambda name: self.go(name), lambda action, length: self.act(action, length)
        )
        line.addWidget(self.sidebar)
        edge = QFrame()
        edge.setObjectName("sideline")
        edge.setFixedWidth(1)
        line.addWidget(edge)
        right = QWidget()
        right.setObjectName("page")
        right.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.below = column(right)
        self.stage = QStackedWidget()
        self.below.addWidget(self.stage, 1)
        line.addWidget(right, 1)
        self.setCentralWidget(inside)
        for number, name in enumerate(PAGES, 1):
            QShortcut(QKeySequence(f"Alt+{number}"), self, lambda n=name: self.go(n))
        for keys in ("Ctrl+W", "Ctrl+Q"):
            QShortcut(QKeySequence(keys), self, self.close)
        QShortcut(QKeySequence("Escape"), self, lambda: self.escaped())
        inside.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        inside.setFocus()  # no ring is seen before the first Tab


def _application(look: WindowLook) -> QApplication:
    """Qt's application, which knows scale, direction of reading and display from here on."""
    toolkit.keep_constants()
    if look.scale is not None:
        os.environ["QT_SCALE_FACTOR"] = str(look.scale)
    if sys.platform.startswith("linux") and linux.has_portal():
        # The desktop's own dialogs for files, of any desktop and from within a sandbox.
        os.environ.setdefault("QT_QPA_PLATFORMTHEME", "xdgdesktopportal")
    try:
        with toolkit.display():
            app = QApplication([_TITLE])
    except toolkit.DisplayError as error:
        raise NoDisplayError(f"The window cannot be opened: {error}") from error
    app.setApplicationName(_TITLE)
    app.setDesktopFileName(_TITLE.lower())
    app.setLayoutDirection(QLocale().textDirection())
    return app
