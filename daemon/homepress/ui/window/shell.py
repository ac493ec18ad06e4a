"""The window itself: the side bar, the page in front, and the line at the bottom."""

import contextlib
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from homepress.settings import Paths
from homepress.store.reader import Reader
from homepress.ui.window import background
from homepress.ui.window.context import Context, Page
from homepress.ui.window.instance import Wish
from homepress.ui.window.model.snapshot import Snapshot, Tone
from homepress.ui.window.pages import FIRST_RUN, PAGES, PageName, make_page
from homepress.ui.window.sidebar import SideBar
from homepress.ui.window.theme import Theme, system
from homepress.ui.window.theme.system import Look
from homepress.ui.window.threads import Follower, Jobs, Ledger, Mailbox
from homepress.ui.window.toast import Toast
from homepress.ui.window.widgets.kit import Kit, Panel

_TITLE = "Homepress"
_SIZE = (1080, 720)
_LEAST = (820, 560)
_MAIL_MS = 25
_LEDGER_MS = 1000


class Shell:
    """Owns the window and everything that lives as long as it."""

    def __init__(self, paths: Paths, wish: Wish, look: Look) -> None:
        """Build the window; nothing is seen before `run`. Raises `TclError` without a display."""
        system.prepare()
        self._root = tk.Tk(className="Homepress")
        self._root.withdraw()
        self._mailbox = Mailbox()
        self._pages: dict[PageName, Page] = {}
        self._snapshot: Snapshot | None = None
        self._front: PageName | None = None
        self._wish = wish
        self._ledger_revision = 0
        self._context = self._make_context(paths, look)
        self._build()
        self._follower = Follower(paths, self._mailbox, self._told)
        self._root.protocol("WM_DELETE_WINDOW", self._close)
        self._bind_keys()

    def run(self) -> None:
        """Show the window until it is closed."""
        self._follower.start()
        if self._wish.page or self._wish.picture:
            self._grant(self._wish)
        self._root.deiconify()
        self._mail()
        self._root.after(_LEDGER_MS, self._look_at_ledger)
        self._root.after_idle(self._set_icon)
        self._root.mainloop()

    def wished(self, wish: Wish) -> None:
        """Another start wants something; from any thread."""

        def come() -> None:
            self._root.deiconify()
            self._root.lift()
            self._root.focus_force()
            self._grant(wish)

        def leave() -> None:
            self._root.after_idle(self._close)  # not while letters are opened: the mailbox would be gone

        self._mailbox.put(leave if wish.close else come)

    # -- Navigator

    def go(self, page: str) -> None:
        """Show a page by its word."""
        name = PageName(page)
        if self._front is name:
            return
        if self._front is not None:
            self._frame(self._pages[self._front]).grid_remove()
        self._front = name
        if name not in self._pages:
            self._pages[name] = make_page(name, self._stage, self._context)
            if self._snapshot is not None:
                self._pages[name].update_from(self._snapshot)
        made = self._pages[name]
        self._frame(made).grid(row=0, column=0, sticky="nswe")
        self._sidebar.mark(name)
        made.shown()

    def compare(self, entry: int) -> None:
        """Show a result before and after."""
        from homepress.ui.window.pages.compare import ComparePage

        self.go(PageName.COMPARE)
        page = self._pages[PageName.COMPARE]
        assert isinstance(page, ComparePage)
        page.show(entry)

    def tell(self, text: str, tone: Tone = "muted") -> None:
        """Show a line at the bottom for a while."""
        self._toast.tell(text, tone)

    # -- building

    def _make_context(self, paths: Paths, look: Look) -> Context:
        theme = Theme(self._root, look)

        def failed(text: str) -> None:
            self.tell(text, "bad")

        return Context(
            root=self._root,
            theme=theme,
            kit=Kit(theme),
            paths=paths,
            mailbox=self._mailbox,
            jobs=Jobs(self._mailbox, failed),
            ledger=Ledger(paths.ledger, self._mailbox, failed),
            navigator=self,
            start_daemon=lambda: background.start_daemon(paths),
            probe_self=background.probe_self,
            open_folder=background.open_folder,
        )

    def _build(self) -> None:
        theme, root = self._context.theme, self._root
        root.title(_TITLE)
        root.configure(background=theme.palette.page)
        width = min(theme.px(_SIZE[0]), root.winfo_screenwidth())
        height = min(theme.px(_SIZE[1]), root.winfo_screenheight())
        root.geometry(f"{width}x{height}")
        root.minsize(min(theme.px(_LEAST[0]), width), min(theme.px(_LEAST[1]), height))
        root.columnconfigure(1, weight=1)
        root.rowconfigure(0, weight=1)
        self._sidebar = SideBar(root, self._context)
        self._sidebar.grid(row=0, column=0, sticky="ns")
        self._stage = Panel(root, "page")
        self._stage.grid(row=0, column=1, sticky="nswe")
        self._stage.columnconfigure(0, weight=1)
        self._stage.rowconfigure(0, weight=1)
        self._toast = Toast(self._stage, self._context.kit)

    def _bind_keys(self) -> None:
        for number, name in enumerate(PAGES, 1):
            self._root.bind(f"<Alt-Key-{number}>", lambda _, n=name: self.go(n))  # type: ignore[misc]
        self._root.bind("<Control-w>", lambda _: self._close())
        self._root.bind("<Control-q>", lambda _: self._close())
        self._root.bind("<Escape>", lambda _: self._toast.hide())

    def _set_icon(self) -> None:
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
        self._sidebar.update_from(snapshot)
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

    def _grant(self, wish: Wish) -> None:
        with contextlib.suppress(ValueError):  # a word of a later version
            if wish.page:
                self.go(_MEANT.get(wish.page, wish.page))
        if wish.picture:
            path = Path(wish.picture)
            self._context.ledger.ask(lambda reader: reader.latest(path), self._found(wish.picture))

    def _found(self, picture: str) -> Callable[[object], None]:
        def found(detail: object) -> None:
            entry = getattr(detail, "entry", None)
            if entry is None:
                self.go(PageName.ACTIVITY)
                self.tell(f"{picture} is not in the history: Homepress has not compressed it.", "warning")
            else:
                self.compare(entry.id)

        return found

    @staticmethod
    def _frame(page: Page) -> tk.Widget:
        assert isinstance(page, tk.Widget)
        return page

    def _close(self) -> None:
        self._follower.close()
        self._context.ledger.close()
        self._root.destroy()


_MEANT = {"settings": PageName.GENERAL.value}
"""What the tray calls otherwise."""
