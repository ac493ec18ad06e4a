"""What brings the window to life, and the strip that says what was just done, or did not work."""

import contextlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from homepress.base.paths import Paths
from homepress.base.results import ProbedProcess
from homepress.desktop.clipboard import Copied
from homepress.store.reader import EntryDetail, Reader
from homepress.ui.text import printable
from homepress.ui.window.context import (
    Context,
    Jobs,
    LedgerThread,
    MainThread,
    SnapshotPoller,
    open_folder,
    start_daemon,
)
from homepress.ui.window.frame import PageName, SideBarAction, WindowFrame, make_page
from homepress.ui.window.model.batch import FOLDER
from homepress.ui.window.model.snapshot import Snapshot, Tone, pause_end
from homepress.ui.window.start import OpenRequest
from homepress.ui.window.widgets.dropping import incoming
from homepress.ui.window.widgets.factory import WidgetFactory, announce, clear, column
from homepress.ui.window.widgets.page import MARGIN, Page

if TYPE_CHECKING:
    from homepress.ui.window.pages.now import NowPage

_SECONDS = {"bad": 20, "warning": 12}
_USUAL_SECONDS = 6
_WITH_ACTIONS_SECONDS = 12
"""It has to be read before one can decide."""


class Toast(QWidget):
    """Shows one line at a time in a strip below the page; Escape and the button take it away."""

    def __init__(self, kit: WidgetFactory) -> None:
        super().__init__()
        self._kit = kit
        self._strip = column(self)
        self._strip.setContentsMargins(MARGIN, 6, MARGIN, 14)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.clear)
        self.hide()

    def tell(self, text: str, tone: Tone, *actions: tuple[str, Callable[[], object]]) -> None:
        """Show a line; each action takes the line away and is done."""
        self.clear()
        buttons = [(words, self._closing(command)) for words, command in actions]
        self._strip.addWidget(self._kit.notice(text, tone, *buttons, ("Close", self.clear)))
        self.show()
        announce(self, text)
        usual = _WITH_ACTIONS_SECONDS if actions else _USUAL_SECONDS
        self._timer.start(_SECONDS.get(tone, usual) * 1000)

    def clear(self) -> None:
        """Take it away."""
        self._timer.stop()
        clear(self._strip)
        self.hide()

    def _closing(self, command: Callable[[], object]) -> Callable[[], object]:
        def act() -> None:
            self.clear()
            command()

        return act


# The pages, what they know, and what comes from threads.

_LEDGER_MS = 1000


class Shell:
    """Owns everything that lives as long as the window."""

    def __init__(
        self, frame: WindowFrame, paths: Paths, request: OpenRequest, probe: Callable[[], list[ProbedProcess]]
    ) -> None:
        """Fill the frame; nothing happens before `run`.

        Args:
            frame: the window with nothing in it.
            paths: whose it is.
            request: what it shows first.
            probe: see `Context`.
        """
        # A window that was killed has left its results there.
        shutil.rmtree(paths.state / FOLDER, ignore_errors=True)
        self._frame = frame
        self._request = request
        self._main = MainThread()
        self._pages: dict[PageName, Page] = {}
        self._snapshot: Snapshot | None = None
        self._front: PageName | None = None
        self._ledger_revision = 0
        self._toast = Toast(frame.kit)
        frame.below.addWidget(self._toast)
        self._context = self._make_context(paths, probe)
        self._poller = SnapshotPoller(paths, self._main, self._told)
        frame.go = self.go
        frame.act = self._act
        frame.escaped = self._toast.clear
        frame.closed = self._close
        frame.hovered = lambda on: self._now().expect(on)
        frame.dropped = lambda data: self._take(incoming(data))
        self._clock = QTimer(frame)
        ledger = self._context.ledger
        self._clock.timeout.connect(lambda: ledger.ask(Reader.revision, self._ledger_seen))

    def run(self) -> None:
        """Live until the window is closed."""
        self._poller.start()
        if self._request != OpenRequest():
            self._show_request(self._request)
        self._clock.start(_LEDGER_MS)
        self._frame.app.exec()

    def on_request(self, request: OpenRequest) -> None:
        """Another start wants something; from any thread."""

        def come() -> None:
            self._frame.raise_up()
            self._show_request(request)

        self._main.post(self._frame.close if request.close else come)

    # -- Navigator

    def go(self, page: str) -> None:
        """Show a page by its word."""
        name = PageName(page)
        if self._front is name:
            return
        if self._front is not None:
            self._pages[self._front].left()
        self._front = name
        page_shown = self._page(name)
        self._frame.stage.setCurrentWidget(page_shown)
        self._frame.sidebar.mark(PageName.FOLDERS if name is PageName.FIRST_RUN else name)
        page_shown.shown()

    def compare(self, entry: int) -> None:
        """Show a result before and after."""
        page = self._page(PageName.COMPARE)
        if (show := getattr(page, "show_entry", None)) is not None:
            show(entry)  # first, else it would begin with the newest
        self.go(PageName.COMPARE)

    def tell(self, text: str, tone: Tone = "muted", *actions: tuple[str, Callable[[], object]]) -> None:
        """Show a line below the page for a while, with buttons for what may follow."""
        self._toast.tell(text, tone, *actions)

    # -- building

    def _page(self, name: PageName) -> Page:
        """A page, made when it is first wanted."""
        if name not in self._pages:
            self._pages[name] = make_page(name, self._context)
            self._frame.stage.addWidget(self._pages[name])
            if self._snapshot is not None:
                self._pages[name].update_from(self._snapshot)
        return self._pages[name]

    def _make_context(self, paths: Paths, probe: Callable[[], list[ProbedProcess]]) -> Context:
        def failed(text: str) -> None:
            self.tell(text, "bad")

        return Context(
            window=self._frame,
            theme=self._frame.theme,
            kit=self._frame.kit,
            paths=paths,
            main=self._main,
            jobs=Jobs(self._main, failed),
            ledger=LedgerThread(paths.ledger, self._main, failed),
            navigator=self,
            start_daemon=lambda: start_daemon(paths),
            probe=probe,
            open_folder=open_folder,
        )

    # -- what comes from threads

    def _told(self, snapshot: Snapshot) -> None:
        first = self._snapshot is None
        self._snapshot = snapshot
        self._frame.sidebar.update_from(snapshot)
        if first and self._front is None:
            self.go(PageName.NOW)
            return  # the page has the snapshot already
        for page in self._pages.values():
            page.update_from(snapshot)

    def _ledger_seen(self, revision: int) -> None:
        if revision == self._ledger_revision:
            return
        first, self._ledger_revision = self._ledger_revision == 0, revision
        if not first:
            for page in self._pages.values():
                page.ledger_changed()

    def _show_request(self, request: OpenRequest) -> None:
        with contextlib.suppress(ValueError):  # a word of a later version
            if request.page:
                self.go(_MEANT.get(request.page, request.page))
        if request.picture:
            path = Path(request.picture)
            self._context.ledger.ask(lambda reader: reader.latest(path), self._found(request.picture))

        if request.files:
            self._take(Copied(files=tuple(map(Path, request.files))))

    def _now(self) -> "NowPage":
        return cast("NowPage", self._page(PageName.NOW))

    def _take(self, copied: Copied) -> None:
        """Show the first page with what was dropped or named."""
        self.go(PageName.NOW)
        self._now().take(copied)

    def _found(self, picture: str) -> Callable[[EntryDetail | None], None]:
        def found(detail: EntryDetail | None) -> None:
            if detail is None:
                self.go(PageName.ACTIVITY)
                text = f"{printable(picture)} is not in the history: Homepress has not compressed it."
                self.tell(text, "warning")
            else:
                self.compare(detail.entry.id)

        return found

    def _act(self, action: SideBarAction, length: str) -> None:
        """Do what the button at the bottom of the side bar says."""
        context = self._context
        match action:
            case SideBarAction.START:
                context.jobs.run(context.start_daemon)
            case SideBarAction.PAUSE:
                until = pause_end(length, time.time())
                context.jobs.run(lambda: context.daemon().pause(until))
            case SideBarAction.RESUME:
                context.jobs.run(lambda: context.daemon().resume())

    def _close(self) -> None:
        for page in self._pages.values():
            page.closed()
        self._poller.close()
        self._context.ledger.close()


_MEANT = {"settings": PageName.GENERAL.value}
"""What the tray calls otherwise."""
