"""A page that is longer than the window."""

import sys
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from homepress.ui.window.theme import Theme
from homepress.ui.window.widgets.kit import PagePanel, Panel

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
