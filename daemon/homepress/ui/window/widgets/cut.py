"""Texts that are cut with an ellipsis where their room ends."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from homepress.ui.window.theme import Theme


def cut(measure: Callable[[str], int], text: str, room: int, *, at_end: bool) -> str:
    """The text, cut to `room` pixels: a name at its end, a path at its beginning."""
    if measure(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(_shortened(text, middle, at_end)) <= room:
            low = middle
        else:
            high = middle - 1
    return _shortened(text, low, at_end)


def _shortened(text: str, length: int, at_end: bool) -> str:
    return f"{text[:length]}…" if at_end else f"…{text[len(text) - length :]}"


def keep_cut(
    theme: Theme, label: ttk.Label, role: str, *, beside: tk.Misc | None = None, at_end: bool = True
) -> None:
    """Cut the text of a label to the width of the panel it stands in, whenever that changes.

    Args:
        role: of the label, for its font.
        beside: stands to the right of it in the same panel and is not to be covered.
    """
    text = str(label.cget("text"))
    measure = theme.font(role).measure

    def fit(event: "tk.Event[tk.Misc]") -> None:
        taken = beside.winfo_reqwidth() + theme.px(16) if beside is not None else 0
        fitting = cut(measure, text, event.width - taken, at_end=at_end)
        if fitting != str(label.cget("text")):
            label.configure(text=fitting)

    label.master.bind("<Configure>", fit, add=True)
