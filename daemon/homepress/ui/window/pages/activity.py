"""The page Activity: everything that was done, as it happens, to search and to undo."""

import tkinter as tk
from pathlib import Path

from homepress.control.service import UndoOutcome, UndoRequest
from homepress.store.reader import HistoryEntry, HistoryFilter, Reader
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import (
    Index,
    Rows,
    Selection,
    can_undo,
    read_index,
    read_newer,
    read_page,
)
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.pages.activityrow import ROW_HEIGHT, RowPainter, RowState
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.head import head
from homepress.ui.window.widgets.kit import Card, PagePanel, Panel
from homepress.ui.window.widgets.rowlist import RowList
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
        self._rows = Rows()
        self._selection = Selection()
        self._outcome = ""
        self._timer = ""
        self._painter = RowPainter(context)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(2, weight=1)
        top = head(self, context.kit, "Activity", "What became of each picture, the newest first.")
        top.grid(row=0, column=0, sticky="we")
        self._make_tools().grid(row=1, column=0, sticky="we", pady=context.theme.px(12))
        card = Card(self, context.theme, (6, 8))
        card.grid(row=2, column=0, sticky="nswe")
        card.columnconfigure(0, weight=1)
        card.rowconfigure(0, weight=1)
        self._list = RowList(card, context.theme, ROW_HEIGHT, self._draw, self._in_view)
        self._list.grid(row=0, column=0, sticky="nswe")
        self._nothing = context.kit.label(card, "", "muted")
        self._make_actions().grid(row=3, column=0, sticky="we", pady=(context.theme.px(10), 0))
        self._bind_keys()

    def shown(self) -> None:
        """Read the list when it is first seen, else what is new."""
        if not len(self._rows):
            self._read()
        else:
            self.ledger_changed()

    def update_from(self, snapshot: Snapshot) -> None:
        """Nothing here depends on the daemon; what it does comes through the ledger."""

    def ledger_changed(self) -> None:
        """Take in what is new, and what is another now."""
        if self.winfo_manager():
            index = self._rows.index
            self._context.ledger.ask(lambda reader: read_newer(reader, index), self._take_newer)

    # -- building

    def _make_tools(self) -> Panel:
        kit, px = self._context.kit, self._context.theme.px
        tools = Panel(self)
        tools.columnconfigure(1, weight=1)
        segments, _ = kit.segments(tools, _FILTERS, "", self._filter)
        segments.grid(row=0, column=0)
        label = kit.label(tools, " Search", "muted", icon=Icon.SEARCH)
        label.grid(row=0, column=2, padx=px(8))
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

    def _bind_keys(self) -> None:
        canvas = self._list.canvas
        page = self._list.rows_in_view
        for key, step in {
            "Up": lambda: -1,
            "Down": lambda: 1,
            "Prior": lambda: -page(),
            "Next": lambda: page(),
            "Home": lambda: -len(self._rows),
            "End": lambda: len(self._rows),
        }.items():
            canvas.bind(f"<{key}>", lambda _, s=step: self._move(s()))  # type: ignore[misc]
            canvas.bind(f"<Shift-{key}>", lambda _, s=step: self._move(s(), extend=True))  # type: ignore[misc]
        canvas.bind("<space>", lambda _: self._toggle())
        canvas.bind("<Return>", lambda _: self._compare())
        canvas.bind("<Delete>", lambda _: self._undo())
        canvas.bind("<Control-a>", lambda _: self._choose_all())
        canvas.bind("<Escape>", lambda _: self._choose_none())
        canvas.bind("<Button-1>", lambda event: self._clicked(event, extend=False))
        canvas.bind("<Shift-Button-1>", lambda event: self._clicked(event, extend=True))
        canvas.bind("<Control-Button-1>", lambda event: self._clicked(event, toggle=True))
        canvas.bind("<Double-Button-1>", lambda _: self._compare())
        canvas.bind("<FocusIn>", lambda _: self._list.redraw(), add=True)
        canvas.bind("<FocusOut>", lambda _: self._list.redraw(), add=True)

    # -- reading

    def _read(self) -> None:
        where = HistoryFilter(text=self._search.get().strip(), outcome=self._outcome)
        ledger = self._context.ledger
        ledger.ask(lambda reader: read_index(reader, where, _FIRST), self._take)

        def rest(reader: Reader) -> Index:
            return read_index(reader, where)

        ledger.ask(rest, self._take)

    def _take(self, index: Index) -> None:
        if index.where != self._wanted():
            return  # another filter was chosen meanwhile
        self._rows.renew(index)
        self._selection.move(min(self._selection.current, len(index.ids)), len(index.ids))
        self._list.set_count(len(index.ids))
        self._say_count()

    def _take_newer(self, index: Index) -> None:
        if index.where != self._wanted():
            return
        fresh = len(index.ids) - len(self._rows)
        self._rows.renew(index)
        if self._selection.current:  # the keyboard stays on its picture
            self._selection.move(self._selection.current + max(0, fresh), len(index.ids))
        self._list.set_count(len(index.ids))
        self._say_count()

    def _wanted(self) -> HistoryFilter:
        return HistoryFilter(text=self._search.get().strip(), outcome=self._outcome)

    def _in_view(self, first: int, last: int) -> None:
        index = self._rows.index
        for number in self._rows.wanted(first, last):
            self._context.ledger.ask(
                lambda reader, n=number: (n, read_page(reader, index, n)),  # type: ignore[misc]
                lambda found: self._page_came(index, *found),
            )

    def _page_came(self, index: Index, number: int, entries: list[HistoryEntry]) -> None:
        if self._rows.put(index, number, entries):
            self._list.redraw()
            self._enable()

    def _draw(self, canvas: tk.Canvas, place: int, top: int, width: int, height: int) -> None:
        entry = self._rows.get(place)
        has_keyboard = canvas.focus_get() is canvas
        state = RowState(
            chosen=place < len(self._rows) and self._rows.index.ids[place] in self._selection.chosen,
            current=place == self._selection.current,
            focused=has_keyboard,
        )
        self._painter.draw(canvas, entry, state, (top, width, height), self._list.redraw)

    # -- choosing

    def _filter(self, outcome: str) -> None:
        self._outcome = outcome
        self._selection = Selection()
        self._read()

    def _typed(self) -> None:
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = self.after(_TYPING_PAUSE_MS, self._search_now)

    def _search_now(self) -> None:
        self._timer = ""
        if self._wanted() != self._rows.index.where:
            self._selection = Selection()
            self._read()

    def _to_search(self, entry: tk.Widget) -> None:
        if self.winfo_manager():
            entry.focus_set()

    def _move(self, step: int, *, extend: bool = False) -> str:
        ids = self._rows.index.ids
        self._selection.move(self._selection.current + step, len(ids), ids if extend else None)
        self._list.see(self._selection.current)
        self._changed()
        return "break"

    def _toggle(self) -> None:
        if self._selection.current < len(self._rows):
            self._selection.toggle(self._rows.index.ids[self._selection.current])
            self._changed()

    def _choose_all(self) -> str:
        self._selection.chosen = set(self._rows.index.ids)
        self._changed()
        return "break"

    def _choose_none(self) -> None:
        self._selection.chosen.clear()
        self._changed()

    def _clicked(self, event: "tk.Event[tk.Canvas]", *, extend: bool = False, toggle: bool = False) -> None:
        self._list.canvas.focus_set()
        place = self._list.place_at(event.y)
        if place is None:
            return
        if not extend and not toggle:
            self._selection.chosen.clear()
        self._selection.move(place, len(self._rows), self._rows.index.ids if extend else None)
        if toggle or event.x < self._context.theme.px(40):
            self._toggle()
        self._changed()

    def _changed(self) -> None:
        self._list.redraw()
        self._say_count()

    def _say_count(self) -> None:
        chosen = len(self._selection.chosen)
        total = counted(len(self._rows), "entry", "entries")
        self._count.configure(text=f"{chosen:,} of {total} marked" if chosen else f"{total}.  {_HINT}")
        empty = (
            "Nothing yet. Put a picture into a watched folder." if not self._filtered() else "Nothing found."
        )
        if len(self._rows):
            self._nothing.place_forget()
        else:
            self._nothing.configure(text=empty)
            self._nothing.place(relx=0.5, rely=0.4, anchor="center")
        self._enable()

    def _filtered(self) -> bool:
        return bool(self._outcome or self._search.get().strip())

    def _enable(self) -> None:
        """Buttons that would do nothing are grey."""
        entry = self._rows.get(self._selection.current)
        many = len(self._selection.chosen)
        undoable = bool(many) or (entry is not None and can_undo(entry))
        self._undo_button.configure(text=f"Undo {many:,}" if many > 1 else "Undo")
        for button, on in (
            (self._undo_button, undoable),
            (self._folder_button, entry is not None),
            (self._compare_button, entry is not None and entry.outcome == "compressed"),
        ):
            button.state(["!disabled" if on else "disabled"])

    # -- doing

    def _current(self) -> HistoryEntry | None:
        return self._rows.get(self._selection.current)

    def _compare(self) -> None:
        entry = self._current()
        if entry is not None and entry.outcome == "compressed":
            self._context.navigator.compare(entry.id)

    def _open_folder(self) -> None:
        if (entry := self._current()) is not None:
            folder = Path(entry.path).parent
            self._context.jobs.run(lambda: self._context.open_folder(folder))

    def _undo(self) -> None:
        ids = sorted(self._selection.chosen)
        entry = self._current()
        if not ids and entry is not None and can_undo(entry):
            ids = [entry.id]
        if not ids:
            return
        self._context.navigator.tell(f"Bringing back {counted(len(ids), 'original')} …")
        self._context.jobs.run(lambda: list(self._context.daemon().undo(UndoRequest(ids=ids))), self._undone)

    def _undone(self, outcomes: list[UndoOutcome]) -> None:
        self._selection.chosen.clear()
        failed = [outcome for outcome in outcomes if outcome.outcome in ("failed", "beside")]
        if failed:
            first = failed[0]
            why = first.reason or f"the original is at {first.restored_to}"
            self._context.navigator.tell(f"{first.path}: {why}", "warning")
        else:
            done = counted(len(outcomes), "original")
            self._context.navigator.tell(f"{done} brought back. They will not be compressed again.", "good")
        self._changed()
