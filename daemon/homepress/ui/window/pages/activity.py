"""One row of the page Activity, drawn on a canvas."""

import functools
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from homepress.base.results import UndoOutcome
from homepress.base.units import counted
from homepress.control.service import UndoRequest
from homepress.store.reader import HistoryEntry, HistoryFilter
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import (
    Index,
    Rows,
    RowSelection,
    RowWords,
    can_undo,
    details,
    read_first,
    read_index,
    read_newer,
    read_page,
    row_words,
    undone,
)
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.factory import Card, PagePanel, Panel, ellipsize, header
from homepress.ui.window.widgets.photos import Thumbnails
from homepress.ui.window.widgets.scrolling import RowList

ROW_HEIGHT = 60
_THUMBNAIL = 44
_ICONS = {"Smaller": Icon.CHECK, "Unchanged": Icon.SAME, "Failed": Icon.WARNING}


@dataclass(frozen=True, slots=True)
class RowState:
    """How a row stands: chosen, where the keyboard is, and whether the list has the keyboard."""

    chosen: bool
    current: bool
    focused: bool


class RowPainter:
    """Draws rows; texts are cut where their column ends."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._theme = context.theme
        side = context.theme.px(_THUMBNAIL)
        self._cut = functools.lru_cache(maxsize=2000)(self._cut_now)  # measuring is most of the drawing
        self._thumbnails = Thumbnails(context.root, context.theme, context.mailbox, side)

    def draw(
        self,
        canvas: tk.Canvas,
        entry: HistoryEntry | None,
        state: RowState,
        where: tuple[int, int, int],
        again: Callable[[], object],
    ) -> None:
        """Draw an entry (None: not read yet) at (top, width, height); `again` is called to draw once more."""
        top, width, height = where
        px, c = self._theme.px, self._theme.palette
        ground = c.soft if state.chosen else c.raised if state.current else c.card
        edge = c.focus if state.current and state.focused else ground
        canvas.create_rectangle(
            px(3),
            top + px(2),
            width - px(4),
            top + height - px(2),
            fill=ground,
            outline=edge,
            width=px(2),
        )
        middle = top + height // 2
        self._tick(canvas, px(20), middle, ground, chosen=state.chosen)
        if entry is None:
            self._text(canvas, px(100), middle, "…", c.muted, "hp-body")
            return
        words = row_words(entry)
        self._picture(canvas, entry, px(40), middle, again)
        right = width - px(16)
        room = max(px(190), (right - px(100)) // 3)
        columns = (px(100), right - room - px(200), right - room - px(60), right - room)
        self._name(canvas, words, columns[0], middle, columns[1] - columns[0] - px(12))
        self._text(canvas, columns[2], middle, words.sizes, c.text, "hp-small", anchor="e")
        self._text(canvas, columns[3], middle, words.saved, c.accent, "hp-strong", anchor="e")
        self._outcome(canvas, words, columns[3] + px(14), middle, right)

    def _tick(self, canvas: tk.Canvas, x: int, y: int, ground: str, *, chosen: bool) -> None:
        canvas.create_image(x, y, image=self._theme.tick(ground, on=chosen))

    def _picture(
        self, canvas: tk.Canvas, entry: HistoryEntry, x: int, middle: int, again: Callable[[], object]
    ) -> None:
        px, c = self._theme.px, self._theme.palette
        half = px(_THUMBNAIL) // 2
        version = entry.id * 2 + (entry.original == "restored")
        image = self._thumbnails.get(entry.path, version, again)
        if image is not None:
            canvas.create_image(x, middle, anchor="w", image=image)
            return
        canvas.create_rectangle(x, middle - half, x + 2 * half, middle + half, fill=c.page, outline="")
        canvas.create_image(x + half, middle, image=self._theme.icon(Icon.PICTURE, 20, c.muted))

    def _name(self, canvas: tk.Canvas, words: RowWords, x: int, middle: int, room: int) -> None:
        px, c = self._theme.px, self._theme.palette
        name = self._cut(words.name, "strong", room, at_end=True)
        place = self._cut(words.place, "small", room, at_end=False)
        self._text(canvas, x, middle - px(10), name, c.text, "hp-strong")
        self._text(canvas, x, middle + px(10), place, c.muted, "hp-small")

    def _outcome(self, canvas: tk.Canvas, words: RowWords, x: int, middle: int, right: int) -> None:
        px, c = self._theme.px, self._theme.palette
        icon = Icon.BACK if words.undone else _ICONS[words.outcome]
        colour = c.bad if words.outcome == "Failed" else c.muted if words.undone else c.good
        colour = c.muted if words.outcome == "Unchanged" else colour
        if words.missed and not words.undone and words.outcome != "Failed":
            icon, colour = Icon.WARNING, c.warning
        canvas.create_image(x, middle - px(10), anchor="w", image=self._theme.icon(icon, 14, colour))
        room = right - x - px(20)
        verdict = self._cut(words.verdict, "small", room, at_end=True)
        ink = c.bad if words.outcome == "Failed" else c.text
        self._text(canvas, x + px(20), middle - px(10), verdict, ink, "hp-small")
        self._text(canvas, x + px(20), middle + px(10), words.when, c.muted, "hp-small")

    def _cut_now(self, text: str, role: str, room: int, *, at_end: bool) -> str:
        return ellipsize(self._theme.font(role).measure, text, room, at_end=at_end)

    @staticmethod
    def _text(
        canvas: tk.Canvas,
        x: int,
        y: int,
        text: str,
        colour: str,
        font: str,
        anchor: Literal["w", "e"] = "w",
    ) -> None:
        canvas.create_text(x, y, text=text, fill=colour, font=font, anchor=anchor)


# The list of the page Activity: its rows, which of them are marked, and where the keyboard is.

_TICKS = 40
"""Pixels of the design at the left of a row where a click marks it."""


@dataclass(frozen=True, slots=True)
class ListCallbacks:
    """What the list has done by its page.

    Attributes:
        moved: another row has the keyboard, or others are marked, or more is known of them.
        opened: Enter was pressed on a row, or it was clicked twice.
        deleted: Delete was pressed.
        wanted: a page of rows is to be read; gets the index and the number of the page.
    """

    moved: Callable[[], object]
    opened: Callable[[], object]
    deleted: Callable[[], object]
    wanted: Callable[[Index, int], object]


class ActivityList(RowList):
    """Rows of the history.

    Attributes:
        rows: the entries that are known.
        selection: which are marked, and where the keyboard is.
    """

    def __init__(self, parent: Panel, context: Context, callbacks: ListCallbacks) -> None:
        super().__init__(parent, context.theme, ROW_HEIGHT, self._draw_entry, self._seen)
        self.rows = Rows()
        self.selection = RowSelection()
        self._context = context
        self._callbacks = callbacks
        self._painter = RowPainter(context)
        self._bind_keys()

    @property
    def current(self) -> HistoryEntry | None:
        """The entry that the keyboard is on."""
        return self.rows.get(self.selection.current)

    def renew(self, index: Index, *, newer: bool) -> None:
        """Show another index; with `newer` only its top is new, and the keyboard stays on its row."""
        fresh = len(index.ids) - len(self.rows)
        self.rows.renew(index)
        if newer and self.selection.current:
            self.selection.move(self.selection.current + max(0, fresh), len(index.ids))
        elif not newer:
            self.selection.move(min(self.selection.current, len(index.ids)), len(index.ids))
        self.set_count(len(index.ids))

    def put(self, index: Index, number: int, entries: list[HistoryEntry]) -> None:
        """Take a page that was read."""
        if self.rows.put(index, number, entries):
            self.redraw()
            self._callbacks.moved()

    def unmark(self) -> None:
        """Mark nothing."""
        self.selection.chosen.clear()
        self._changed()

    # -- mouse and keyboard

    def _bind_keys(self) -> None:
        canvas, page = self.canvas, self.rows_in_view
        for key, step in {
            "Up": lambda: -1,
            "Down": lambda: 1,
            "Prior": lambda: -page(),
            "Next": lambda: page(),
            "Home": lambda: -len(self.rows),
            "End": lambda: len(self.rows),
        }.items():
            canvas.bind(f"<{key}>", lambda _, s=step: self._move(s()))  # type: ignore[misc]
            canvas.bind(f"<Shift-{key}>", lambda _, s=step: self._move(s(), extend=True))  # type: ignore[misc]
        canvas.bind("<space>", lambda _: self._toggle())
        canvas.bind("<Return>", lambda _: self._callbacks.opened())
        canvas.bind("<Delete>", lambda _: self._callbacks.deleted())
        canvas.bind("<Control-a>", lambda _: self._mark_all())
        canvas.bind("<Escape>", lambda _: self.unmark())
        canvas.bind("<Button-1>", lambda event: self._clicked(event))
        canvas.bind("<Shift-Button-1>", lambda event: self._clicked(event, extend=True))
        canvas.bind("<Control-Button-1>", lambda event: self._clicked(event, toggle=True))
        canvas.bind("<Double-Button-1>", lambda _: self._callbacks.opened())
        canvas.bind("<FocusIn>", lambda _: self.redraw(), add=True)
        canvas.bind("<FocusOut>", lambda _: self.redraw(), add=True)

    def _move(self, step: int, *, extend: bool = False) -> str:
        ids = self.rows.index.ids
        self.selection.move(self.selection.current + step, len(ids), ids if extend else None)
        self.see(self.selection.current)
        self._changed()
        return "break"

    def _toggle(self) -> None:
        if self.selection.current < len(self.rows):
            self.selection.toggle(self.rows.index.ids[self.selection.current])
            self._changed()

    def _mark_all(self) -> str:
        self.selection.chosen = set(self.rows.index.ids)
        self._changed()
        return "break"

    def _clicked(self, event: "tk.Event[tk.Canvas]", *, extend: bool = False, toggle: bool = False) -> None:
        self.canvas.focus_set()
        place = self.place_at(event.y)
        if place is None:
            return
        on_tick = event.x < self._context.theme.px(_TICKS)
        if not extend and not toggle and not on_tick:
            self.selection.chosen.clear()
        self.selection.move(place, len(self.rows), self.rows.index.ids if extend else None)
        if toggle or on_tick:
            self._toggle()
        self._changed()

    def _changed(self) -> None:
        self.redraw()
        self._callbacks.moved()

    # -- drawing

    def _seen(self, first: int, last: int) -> None:
        index = self.rows.index
        for number in self.rows.wanted(first, last):
            self._callbacks.wanted(index, number)

    def _draw_entry(self, canvas: tk.Canvas, place: int, top: int, width: int, height: int) -> None:
        state = RowState(
            chosen=place < len(self.rows) and self.rows.index.ids[place] in self.selection.chosen,
            current=place == self.selection.current,
            focused=canvas.focus_get() is canvas,
        )
        self._painter.draw(canvas, self.rows.get(place), state, (top, width, height), self.redraw)


# The page Activity: everything that was done, as it happens, to search and to undo.

_FILTERS = (("", "All"), ("compressed", "Smaller"), ("unchanged", "Unchanged"), ("failed", "Failed"))
_FIRST = 200
"""Entries that are shown at once, before all of them are counted."""
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
        top = header(self, context.kit, "Activity", "What became of each picture, the newest first.")
        top.grid(row=0, column=0, sticky="we")
        self._make_tools().grid(row=1, column=0, sticky="we", pady=context.theme.px(12))
        card = Card(self, context.theme, (6, 8))
        card.grid(row=2, column=0, sticky="nswe")
        card.columnconfigure(0, weight=1)
        card.rowconfigure(0, weight=1)
        self._list = ActivityList(
            card, context, ListCallbacks(self._say, self._compare, self._undo, self._read_page)
        )
        self._list.grid(row=0, column=0, sticky="nswe")
        self._nothing = context.kit.label(card, "", "muted")
        self._details = context.kit.flowing(self, "", "body")
        self._details.grid(row=3, column=0, sticky="we", pady=(context.theme.px(8), 0))
        self._make_actions().grid(row=4, column=0, sticky="we", pady=(context.theme.px(10), 0))

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
        self._list.selection = RowSelection()
        self._read()

    def _typed(self) -> None:
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = self.after(_TYPING_PAUSE_MS, self._search_now)

    def _search_now(self) -> None:
        self._timer = ""
        if self._wanted() != self._list.rows.index.where:
            self._list.selection = RowSelection()
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
        self._details.configure(text=details(entry) if entry is not None else "")
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


def _to_undo(selection: RowSelection, current: HistoryEntry | None) -> list[int]:
    """The marked entries, else the one that the keyboard is on if it can be undone."""
    if selection.chosen:
        return sorted(selection.chosen)
    return [current.id] if current is not None and can_undo(current) else []
