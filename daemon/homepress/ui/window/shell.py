"""The line at the bottom: what was just done, or did not work."""

import contextlib
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import ttk

from homepress.base.paths import Paths
from homepress.base.results import ProbedProcess
from homepress.store.reader import EntryDetail, Reader
from homepress.ui.text import printable
from homepress.ui.window.context import (
    Context,
    Jobs,
    LedgerThread,
    Mailbox,
    Page,
    SnapshotPoller,
    open_folder,
    start_daemon,
)
from homepress.ui.window.frame import FIRST_RUN, PageName, SideBarAction, WindowFrame, make_page
from homepress.ui.window.model.snapshot import Snapshot, Tone
from homepress.ui.window.start import OpenRequest
from homepress.ui.window.widgets.factory import Tone as NoticeTone
from homepress.ui.window.widgets.factory import WidgetFactory

_SECONDS = {"bad": 20, "warning": 12}
_USUAL_SECONDS = 6
_NOTICES: dict[Tone, NoticeTone] = {"bad": "bad", "warning": "warning", "good": "good", "muted": "good"}


class Toast:
    """Shows one line at a time above the page; Escape and the button take it away."""

    def __init__(self, parent: tk.Misc, kit: WidgetFactory) -> None:
        self._parent = parent
        self._kit = kit
        self._frame: ttk.Frame | None = None
        self._timer = ""

    def tell(self, text: str, tone: Tone) -> None:
        """Show a line."""
        self.hide()
        self._frame = self._kit.notice(self._parent, text, _NOTICES[tone], ("Close", self.hide))
        self._frame.place(relx=0.5, rely=1.0, y=-self._kit.px(16), anchor="s", relwidth=0.9)
        self._frame.lift()
        self._timer = self._parent.after(_SECONDS.get(tone, _USUAL_SECONDS) * 1000, self.hide)

    def hide(self) -> None:
        """Take it away."""
        if self._timer:
            self._parent.after_cancel(self._timer)
            self._timer = ""
        if self._frame is not None:
            self._frame.destroy()
            self._frame = None


# What brings the window to life: the pages, what they know, and what comes from threads.

_MAIL_MS = 25
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
        self._frame = frame
        self._root = frame.root
        self._request = request
        self._mailbox = Mailbox()
        self._pages: dict[PageName, Page] = {}
        self._snapshot: Snapshot | None = None
        self._front: PageName | None = None
        self._ledger_revision = 0
        self._toast = Toast(frame.stage, frame.kit)
        self._context = self._make_context(paths, probe)
        self._poller = SnapshotPoller(paths, self._mailbox, self._told)
        frame.go = self.go
        frame.act = self._act
        self._root.protocol("WM_DELETE_WINDOW", self._close)
        for keys in ("<Control-w>", "<Control-q>"):
            self._root.bind(keys, lambda _: self._close())
        self._root.bind("<Escape>", lambda _: self._toast.hide())

    def run(self) -> None:
        """Live until the window is closed."""
        self._poller.start()
        if self._request.page or self._request.picture:
            self._show_request(self._request)
        self._mail()
        self._root.after(_LEDGER_MS, self._look_at_ledger)
        self._root.after_idle(self._set_icon)
        self._root.mainloop()

    def on_request(self, request: OpenRequest) -> None:
        """Another start wants something; from any thread."""

        def come() -> None:
            self._frame.raise_up()
            self._show_request(request)

        def leave() -> None:
            self._root.after_idle(self._close)  # not while letters are opened: the mailbox would be gone

        self._mailbox.put(leave if request.close else come)

    # -- Navigator

    def go(self, page: str) -> None:
        """Show a page by its word."""
        name = PageName(page)
        if self._front is name:
            return
        if self._front is not None:
            left = self._pages[self._front]
            _widget(left).grid_remove()
            left.left()
        self._front = name
        made = self._page(name)
        _widget(made).grid(row=0, column=0, sticky="nswe")
        self._frame.sidebar.mark(PageName.FOLDERS if name is FIRST_RUN else name)
        made.shown()

    def compare(self, entry: int) -> None:
        """Show a result before and after."""
        from homepress.ui.window.pages.compare import ComparePage

        page = self._page(PageName.COMPARE)
        assert isinstance(page, ComparePage)
        page.show(entry)  # first, else it would begin with the newest
        self.go(PageName.COMPARE)

    def tell(self, text: str, tone: Tone = "muted") -> None:
        """Show a line at the bottom for a while."""
        self._toast.tell(text, tone)

    # -- building

    def _page(self, name: PageName) -> Page:
        """A page, made when it is first wanted."""
        if name not in self._pages:
            self._pages[name] = make_page(name, self._frame.stage, self._context)
            if self._snapshot is not None:
                self._pages[name].update_from(self._snapshot)
        return self._pages[name]

    def _make_context(self, paths: Paths, probe: Callable[[], list[ProbedProcess]]) -> Context:
        def failed(text: str) -> None:
            self.tell(text, "bad")

        return Context(
            root=self._root,
            theme=self._frame.theme,
            kit=self._frame.kit,
            paths=paths,
            mailbox=self._mailbox,
            jobs=Jobs(self._mailbox, failed),
            ledger=LedgerThread(paths.ledger, self._mailbox, failed),
            navigator=self,
            start_daemon=lambda: start_daemon(paths),
            probe=probe,
            open_folder=open_folder,
        )

    def _set_icon(self) -> None:
        self._frame.sidebar.show_brand()
        self._icon = self._context.theme.brand(32)
        with contextlib.suppress(tk.TclError):  # some window managers have none
            self._root.iconphoto(True, self._icon)

    # -- what comes from threads

    def _mail(self) -> None:
        more = True  # also when a letter fails: those behind it are still to be opened
        try:
            more = self._mailbox.drain()
        finally:
            self._root.after(1 if more else _MAIL_MS, self._mail)

    def _told(self, snapshot: Snapshot) -> None:
        first = self._snapshot is None
        self._snapshot = snapshot
        self._frame.sidebar.update_from(snapshot)
        if first and self._front is None:
            empty = not snapshot.settings.folders and not snapshot.settings_problem
            self.go(FIRST_RUN if empty else PageName.FOLDERS)
            return  # the page has the snapshot already
        for page in self._pages.values():
            page.update_from(snapshot)

    def _look_at_ledger(self) -> None:
        self._context.ledger.ask(Reader.revision, self._ledger_seen)
        self._root.after(_LEDGER_MS, self._look_at_ledger)

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

    def _found(self, picture: str) -> Callable[[EntryDetail | None], None]:
        def found(detail: EntryDetail | None) -> None:
            if detail is None:
                self.go(PageName.ACTIVITY)
                text = f"{printable(picture)} is not in the history: Homepress has not compressed it."
                self.tell(text, "warning")
            else:
                self.compare(detail.entry.id)

        return found

    def _act(self, action: SideBarAction) -> None:
        """Do what the button at the bottom of the side bar says."""
        context = self._context
        match action:
            case SideBarAction.START:
                context.jobs.run(context.start_daemon)
            case SideBarAction.PAUSE:
                context.jobs.run(lambda: context.daemon().pause(None))
            case SideBarAction.RESUME:
                context.jobs.run(lambda: context.daemon().resume())

    def _close(self) -> None:
        self._poller.close()
        self._context.ledger.close()
        self._root.destroy()


def _widget(page: Page) -> tk.Widget:
    assert isinstance(page, tk.Widget)
    return page


_MEANT = {"settings": PageName.GENERAL.value}
"""What the tray calls otherwise."""
