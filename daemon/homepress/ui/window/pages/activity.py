"""The page Activity: everything that was done, as it happens, to search and to undo."""

import tkinter as tk
from pathlib import Path

from homepress.control.service import UndoOutcome, UndoRequest
from homepress.store.reader import HistoryEntry, HistoryFilter
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import (
    Index,
    Selection,
    can_undo,
    read_first,
    read_index,
    read_newer,
    read_page,
    undone,
)
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.pages.parts.activitylist import ActivityList, Hands
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.head import head
from homepress.ui.window.widgets.kit import Card, PagePanel, Panel
from homepress.ui.words import counted

_FILTERS = (("", "All"), ("compressed", "Smaller"), ("unchanged", "Unchanged"), ("failed", "Failed"))
_FIRST = 200
"""So many entries are shown at once, before all of them are counted."""
_TYPING_PAUSE_MS = 250
_HINT = "Arrow keys move, space marks, Enter compares, Delete undoes"


def make(parent: tk.Misc, context: Context) -> "ActivityPage":
    """Make the page."""
    return ActivityPage(parent, context)


class ActivityPage(PagePanel):
    """The list with its filter, its search and its actions."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, "page", (context.theme.px(32), context.theme.px(28)))
        self._context = context
        self._outcome = ""
        self._timer = ""
        self.columnconfigure(0, weight=1)
        self.rowconfigure(2, weight=1)
        top = head(self, context.kit, "Activity", "What became of each picture, the newest first.")
        top.grid(row=0, column=0, sticky="we")
        self._make_tools().grid(row=1, column=0, sticky="we", pady=context.theme.px(12))
        card = Card(self, context.theme, (6, 8))
        card.grid(row=2, column=0, sticky="nswe")
        card.columnconfigure(0, weight=1)
        card.rowconfigure(0, weight=1)
        self._list = ActivityList(card, context, Hands(self._say, self._compare, self._undo, self._read_page))
        self._list.grid(row=0, column=0, sticky="nswe")
        self._nothing = context.kit.label(card, "", "muted")
        self._make_actions().grid(row=3, column=0, sticky="we", pady=(context.theme.px(10), 0))

    def shown(self) -> None:
        """Read the list when it is first seen, else what is new."""
        if not len(self._list.rows):
            self._read()
        else:
            self.ledger_changed()

    def update_from(self, snapshot: Snapshot) -> None:
        """Nothing here depends on the daemon; what it does comes through the ledger."""

    def ledger_changed(self) -> None:
        """Take in what is new, and what is another now."""
        if self.winfo_manager():
            index = self._list.rows.index
            self._context.ledger.ask(
                lambda reader: read_newer(reader, index), lambda found: self._take(found, newer=True)
            )

    # -- building

    def _make_tools(self) -> Panel:
        kit, px = self._context.kit, self._context.theme.px
        tools = Panel(self)
        tools.columnconfigure(1, weight=1)
        segments, _ = kit.segments(tools, _FILTERS, "", self._filter)
        segments.grid(row=0, column=0)
        kit.label(tools, "Search", "muted", icon=Icon.SEARCH).grid(row=0, column=2, padx=px(8))
        entry, self._search = kit.entry(tools, width=26)
        entry.grid(row=0, column=3)
        entry.bind("<KeyRelease>", lambda _: self._typed())
        entry.bind("<Return>", lambda _: self._list.canvas.focus_set())
        self.winfo_toplevel().bind("<Control-f>", lambda _: self._to_search(entry))
        return tools

    def _make_actions(self) -> Panel:
        kit, px = self._context.kit, self._context.theme.px
        actions = Panel(self)
        actions.columnconfigure(0, weight=1)
        self._count = kit.label(actions, "", "small")
        self._count.grid(row=0, column=0, sticky="w")
        self._undo_button = kit.button(actions, "Undo", self._undo)
        self._compare_button = kit.button(actions, "Before and after", self._compare, icon=Icon.COMPARE)
        self._folder_button = kit.button(actions, "Open folder", self._open_folder)
        for column, button in enumerate((self._undo_button, self._folder_button, self._compare_button), 1):
            button.grid(row=0, column=column, padx=(px(8), 0))
        return actions

    # -- reading

    def _wanted(self) -> HistoryFilter:
        return HistoryFilter(text=self._search.get().strip(), outcome=self._outcome)

    def _read(self) -> None:
        where = self._wanted()
        ask = self._context.ledger.ask
        ask(lambda reader: read_first(reader, where, _FIRST), self._take_first)
        ask(lambda reader: read_index(reader, where), self._take)

    def _take_first(self, found: tuple[Index, list[HistoryEntry]]) -> None:
        index, entries = found
        self._take(index)
        self._list.put(index, 0, entries)

    def _read_page(self, index: Index, number: int) -> None:
        self._context.ledger.ask(
            lambda reader: read_page(reader, index, number),
            lambda entries: self._list.put(index, number, entries),
        )

    def _take(self, index: Index, *, newer: bool = False) -> None:
        if index.where == self._wanted():  # else another filter was chosen meanwhile
            self._list.renew(index, newer=newer)
            self._say()

    # -- choosing

    def _filter(self, outcome: str) -> None:
        self._outcome = outcome
        self._list.selection = Selection()
        self._read()

    def _typed(self) -> None:
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = self.after(_TYPING_PAUSE_MS, self._search_now)

    def _search_now(self) -> None:
        self._timer = ""
        if self._wanted() != self._list.rows.index.where:
            self._list.selection = Selection()
            self._read()

    def _to_search(self, entry: tk.Widget) -> None:
        if self.winfo_manager():
            entry.focus_set()

    def _say(self) -> None:
        """Say how many there are, and grey the buttons that would do nothing."""
        marked, total = len(self._list.selection.chosen), counted(len(self._list.rows), "entry", "entries")
        self._count.configure(
            text=f"{marked:,} of {total} marked"
            if marked
            else f"{total}.  {_HINT}"
            if len(self._list.rows)
            else ""
        )
        if len(self._list.rows):
            self._nothing.place_forget()
        else:
            narrowed = self._outcome or self._search.get().strip()
            nothing = "Nothing found." if narrowed else "Nothing yet. Put a picture into a watched folder."
            self._nothing.configure(text=nothing)
            self._nothing.place(relx=0.5, rely=0.4, anchor="center")
        entry = self._list.current
        self._undo_button.configure(text=f"Undo {marked:,}" if marked > 1 else "Undo")
        for button, on in (
            (self._undo_button, bool(marked) or (entry is not None and can_undo(entry))),
            (self._folder_button, entry is not None),
            (self._compare_button, entry is not None and entry.outcome == "compressed"),
        ):
            button.state(["!disabled" if on else "disabled"])

    # -- doing

    def _compare(self) -> None:
        entry = self._list.current
        if entry is not None and entry.outcome == "compressed":
            self._context.navigator.compare(entry.id)

    def _open_folder(self) -> None:
        if (entry := self._list.current) is not None:
            folder = Path(entry.path).parent
            self._context.jobs.run(lambda: self._context.open_folder(folder))

    def _undo(self) -> None:
        ids = _to_undo(self._list.selection, self._list.current)
        if ids:
            self._context.navigator.tell(f"Bringing back {counted(len(ids), 'original')} …")
            request = UndoRequest(ids=ids)
            self._context.jobs.run(lambda: list(self._context.daemon().undo(request)), self._undone)

    def _undone(self, outcomes: list[UndoOutcome]) -> None:
        self._list.unmark()
        text, good = undone(outcomes)
        self._context.navigator.tell(text, "good" if good else "warning")


def _to_undo(selection: Selection, current: HistoryEntry | None) -> list[int]:
    """The marked entries, else the one that the keyboard is on if it can be undone."""
    if selection.chosen:
        return sorted(selection.chosen)
    return [current.id] if current is not None and can_undo(current) else []
