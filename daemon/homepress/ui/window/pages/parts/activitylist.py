"""The list of the page Activity: its rows, which of them are marked, and where the keyboard is."""

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass

from homepress.store.reader import HistoryEntry
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import Index, Rows, Selection
from homepress.ui.window.pages.parts.activityrow import ROW_HEIGHT, RowPainter, RowState
from homepress.ui.window.widgets.kit import Panel
from homepress.ui.window.widgets.rowlist import RowList

_TICKS = 40
"""Pixels of the design at the left of a row where a click marks it."""


@dataclass(frozen=True, slots=True)
class Hands:
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

    def __init__(self, parent: Panel, context: Context, hands: Hands) -> None:
        super().__init__(parent, context.theme, ROW_HEIGHT, self._draw_entry, self._seen)
        self.rows = Rows()
        self.selection = Selection()
        self._context = context
        self._hands = hands
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
            self._hands.moved()

    def unmark(self) -> None:
        """Mark nothing."""
        self.selection.chosen.clear()
        self._changed()

    # -- hands

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
        canvas.bind("<Return>", lambda _: self._hands.opened())
        canvas.bind("<Delete>", lambda _: self._hands.deleted())
        canvas.bind("<Control-a>", lambda _: self._mark_all())
        canvas.bind("<Escape>", lambda _: self.unmark())
        canvas.bind("<Button-1>", lambda event: self._clicked(event))
        canvas.bind("<Shift-Button-1>", lambda event: self._clicked(event, extend=True))
        canvas.bind("<Control-Button-1>", lambda event: self._clicked(event, toggle=True))
        canvas.bind("<Double-Button-1>", lambda _: self._hands.opened())
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
        self._hands.moved()

    # -- drawing

    def _seen(self, first: int, last: int) -> None:
        index = self.rows.index
        for number in self.rows.wanted(first, last):
            self._hands.wanted(index, number)

    def _draw_entry(self, canvas: tk.Canvas, place: int, top: int, width: int, height: int) -> None:
        state = RowState(
            chosen=place < len(self.rows) and self.rows.index.ids[place] in self.selection.chosen,
            current=place == self.selection.current,
            focused=canvas.focus_get() is canvas,
        )
        self._painter.draw(canvas, self.rows.get(place), state, (top, width, height), self.redraw)
