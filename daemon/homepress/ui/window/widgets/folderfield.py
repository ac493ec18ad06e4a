"""A folder to type or to look for."""

import os
import tkinter as tk
from collections.abc import Callable
from tkinter import filedialog

from homepress.ui.window.context import Context
from homepress.ui.window.widgets.kit import Panel


class FolderField(Panel):
    """A field for a path, and a button that opens the dialog."""

    def __init__(
        self, parent: tk.Misc, context: Context, text: str, changed: Callable[[str], object], width: int = 26
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._changed = changed
        self.columnconfigure(0, weight=1)
        self.entry, self._value = context.kit.entry(self, text, width)
        self.entry.grid(row=0, column=0, sticky="we")
        self.entry.bind("<KeyRelease>", lambda _: changed(self.text))
        context.kit.button(self, "Browse …", self._browse).grid(
            row=0, column=1, padx=(context.theme.px(8), 0)
        )

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self._value.get()

    def set(self, text: str) -> None:
        """Put a path into the field."""
        self._value.set(text)
        self.entry.icursor("end")
        self.entry.xview_moveto(1)

    def focus_set(self) -> None:
        """Put the keyboard on the field."""
        self.entry.focus_set()

    def _browse(self) -> None:
        start = os.path.expanduser(self.text) or os.path.expanduser("~")
        chosen = choose_folder(self._context.root, start)
        if chosen:
            self.set(chosen)
            self._changed(chosen)


def choose_folder(root: tk.Tk, start: str) -> str:
    """Have a folder chosen in the dialog; empty when none was."""
    _hide_hidden(root)
    return filedialog.askdirectory(parent=root, initialdir=start, mustexist=False) or ""


def choose_file_to_write(root: tk.Tk, name: str) -> str:
    """Have a place for a new file chosen; empty when none was."""
    _hide_hidden(root)
    suffix = os.path.splitext(name)[1]
    return filedialog.asksaveasfilename(
        parent=root, initialfile=name, initialdir=os.path.expanduser("~"), defaultextension=suffix
    )


def _hide_hidden(root: tk.Tk) -> None:
    """Tk's own dialog (X11) shows dot files unless told otherwise, and knows that only once it was loaded."""
    try:
        root.tk.call("tk_getOpenFile", "-no-such-option")
    except tk.TclError:
        root.tk.call("set", "::tk::dialog::file::showHiddenVar", "0")
        root.tk.call("set", "::tk::dialog::file::showHiddenBtn", "1")
