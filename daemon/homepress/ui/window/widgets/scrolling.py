"""What is longer than its room: panels that scroll, and a list that draws only the rows in view."""

import sys
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from homepress.ui.window.theme import Theme
from homepress.ui.window.widgets.factory import PagePanel, Panel

# A page that is longer than the window.

_NOTCH = 60
"""Pixels of the design for one notch of the wheel."""


class ScrollPage(PagePanel):
    """Holds `inside`, as wide as the page and as long as it likes; what gets the keyboard comes into view."""

    def __init__(self, parent: tk.Misc, theme: Theme, surface: str = "page") -> None:
        super().__init__(parent, surface)
        self._theme = theme
        ground = theme.palette.page if surface == "page" else theme.palette.card
        self._canvas = tk.Canvas(self, background=ground, highlightthickness=0, borderwidth=0)
        self._bar = ttk.Scrollbar(
            self, orient="vertical", command=self._canvas.yview, style=theme.styles.scroll_bar(surface)
        )
        self._canvas.configure(yscrollcommand=self._scrolled, yscrollincrement=1)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self._canvas.grid(row=0, column=0, sticky="nswe")
        self.inside = Panel(self._canvas, surface)
        self._item = self._canvas.create_window(0, 0, anchor="nw", window=self.inside)
        self._canvas.bind(
            "<Configure>", lambda event: self._canvas.itemconfigure(self._item, width=event.width)
        )
        self.inside.bind("<Configure>", lambda _: self._resized())
        bind_wheel(self, self._wheel)
        self.winfo_toplevel().bind("<FocusIn>", self._focused, add=True)

    def to_top(self) -> None:
        """Show the beginning."""
        self._canvas.yview_moveto(0)

    def _resized(self) -> None:
        self._canvas.configure(scrollregion=(0, 0, 0, self.inside.winfo_reqheight()))

    def _scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            self._bar.grid_remove()
        else:
            self._bar.grid(row=0, column=1, sticky="ns")

    def _wheel(self, notches: float) -> None:
        if self._bar.winfo_ismapped():
            self._canvas.yview_scroll(round(notches * self._theme.px(_NOTCH)), "units")

    def _focused(self, event: "tk.Event[tk.Misc]") -> None:
        widget = event.widget
        if not isinstance(widget, tk.Misc) or not str(widget).startswith(f"{self.inside}."):
            return
        # Frames around it hear of it too; only what really has the keyboard counts.
        if not self.inside.winfo_ismapped() or str(self.tk.call("focus")) != str(widget):
            return
        top = widget.winfo_rooty() - self.inside.winfo_rooty()
        bottom = top + widget.winfo_height()
        seen = self._canvas.canvasy(0)
        height = self._canvas.winfo_height()
        room = self._theme.px(24)
        if top - room < seen:
            self._scroll_to(top - room)
        elif bottom + room > seen + height:
            self._scroll_to(bottom + room - height)

    def _scroll_to(self, y: float) -> None:
        self._canvas.yview_moveto(max(0.0, y) / max(1, self.inside.winfo_reqheight()))


def bind_wheel(widget: tk.Misc, turned: Callable[[float], object]) -> None:
    """Have `turned(notches)` called for the wheel while the pointer is over `widget` or what is in it."""

    def begin(_: object) -> None:
        root = widget.winfo_toplevel()
        root.bind("<MouseWheel>", lambda event: turned(_notches(event.delta)))
        root.bind("<Button-4>", lambda _: turned(-1))
        root.bind("<Button-5>", lambda _: turned(1))

    widget.bind("<Enter>", begin, add=True)


def _notches(delta: int) -> float:
    return -float(delta) if sys.platform == "darwin" else -delta / 120


# A list of any length: only the rows in view exist, drawn on a canvas.

_NOTCH_ROWS = 1.5


class RowList(Panel):
    """Scrolls over `count` rows and has `draw(canvas, place, top, width, height)` draw those in view.

    Attributes:
        canvas: where rows are drawn; has the keyboard.
        row_height: in pixels of the screen.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        row_height: int,
        draw: Callable[[tk.Canvas, int, int, int, int], object],
        in_view: Callable[[int, int], object],
    ) -> None:
        """`in_view` is called with the first and last place before they are drawn."""
        super().__init__(parent, "card")
        self.row_height = theme.px(row_height)
        self._theme = theme
        self._draw_row = draw
        self._in_view = in_view
        self._count = 0
        self._top = 0.0
        self._pending = False
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        palette = theme.palette
        self.canvas = tk.Canvas(
            self,
            background=palette.card,
            borderwidth=0,
            highlightthickness=theme.px(2),
            highlightbackground=palette.card,
            highlightcolor=palette.focus,
            takefocus=1,
        )
        self.canvas.grid(row=0, column=0, sticky="nswe")
        self._bar = ttk.Scrollbar(
            self,
            orient="vertical",
            command=self._moved,
            style=theme.styles.scroll_bar("card"),
            takefocus=False,
        )
        self._bar.grid(row=0, column=1, sticky="ns")
        self.canvas.bind("<Configure>", lambda _: self.redraw())
        bind_wheel(self, lambda notches: self.scroll(notches * _NOTCH_ROWS * self.row_height))

    def set_count(self, count: int) -> None:
        """Set the number of rows."""
        self._count = count
        self._to(self._top)

    def scroll(self, pixels: float) -> None:
        """Scroll down by pixels."""
        self._to(self._top + pixels)

    def see(self, place: int) -> None:
        """Bring a row into view."""
        top = place * self.row_height
        if top < self._top:
            self._to(top)
        elif top + self.row_height > self._top + self._height():
            self._to(top + self.row_height - self._height())

    def place_at(self, y: int) -> int | None:
        """The row at a height of the canvas."""
        place = int((self._top + y) // self.row_height)
        return place if 0 <= place < self._count else None

    def rows_in_view(self) -> int:
        """How many whole rows are seen."""
        return max(1, self._height() // self.row_height)

    def redraw(self) -> None:
        """Draw soon; many calls make one drawing."""
        if not self._pending:
            self._pending = True
            self.after_idle(self._draw)

    def _draw(self) -> None:
        self._pending = False
        canvas, height = self.canvas, self.row_height
        canvas.delete("all")
        width, seen = canvas.winfo_width(), self._height()
        first = int(self._top // height)
        last = min(self._count - 1, int((self._top + seen) // height))
        total = max(1, self._count * height)
        self._bar.set(self._top / total, min(1.0, (self._top + seen) / total))
        if total <= seen:
            self._bar.grid_remove()
        else:
            self._bar.grid()
        if self._count:
            self._in_view(first, last)
        for place in range(first, last + 1):
            self._draw_row(canvas, place, round(place * height - self._top), width, height)

    def _to(self, top: float) -> None:
        self._top = max(0.0, min(top, self._count * self.row_height - self._height()))
        self.redraw()

    def _moved(self, how: str, amount: str, unit: str = "") -> None:
        """What the scroll bar asks for."""
        if how == "moveto":
            self._to(float(amount) * self._count * self.row_height)
        else:
            step = self._height() if unit.startswith("page") else self.row_height
            self.scroll(int(amount) * step)

    def _height(self) -> int:
        return max(1, self.canvas.winfo_height())
