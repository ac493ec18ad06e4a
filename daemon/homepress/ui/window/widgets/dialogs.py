"""Questions to a person: whether to go on, and which folder."""

import os
import tkinter as tk
from collections.abc import Callable
from tkinter import filedialog, ttk

from homepress.ui.window.context import Context
from homepress.ui.window.widgets.factory import Panel

# A question that has to be answered before something is done.


def confirm(context: Context, title: str, text: str, action: str) -> bool:
    """Ask; whether the action was chosen. Escape and closing mean no, and no has the keyboard at first."""
    kit, px, root = context.kit, context.theme.px, context.root
    dialog = tk.Toplevel(root, background=context.theme.palette.card)
    dialog.withdraw()
    dialog.title(title)
    dialog.transient(root)
    dialog.resizable(False, False)
    answer = False

    def choose(value: bool) -> None:
        nonlocal answer
        answer = value
        dialog.destroy()

    frame = Panel(dialog, "card", (px(28), px(24)))
    frame.grid()
    kit.label(frame, title, "heading").grid(row=0, column=0, sticky="w")
    kit.label(frame, text, "muted", wrap=420).grid(row=1, column=0, sticky="w", pady=(px(8), px(20)))
    buttons = Panel(frame)
    buttons.grid(row=2, column=0, sticky="e")
    cancel = kit.button(buttons, "Cancel", lambda: choose(False))
    cancel.grid(row=0, column=0)
    kit.button(buttons, action, lambda: choose(True), "danger").grid(row=0, column=1, padx=(px(8), 0))
    dialog.bind("<Escape>", lambda _: choose(False))
    before = root.focus_get()
    _show_over(root, dialog, cancel)
    root.wait_window(dialog)
    if before is not None and before.winfo_exists():
        before.focus_set()  # the keyboard goes on where it was
    return answer


def _show_over(root: tk.Tk, dialog: tk.Toplevel, first: ttk.Button) -> None:
    dialog.update_idletasks()
    x = root.winfo_rootx() + (root.winfo_width() - dialog.winfo_reqwidth()) // 2
    y = root.winfo_rooty() + (root.winfo_height() - dialog.winfo_reqheight()) // 3
    dialog.geometry(f"+{max(0, x)}+{max(0, y)}")
    dialog.deiconify()
    dialog.wait_visibility()
    dialog.grab_set()
    first.focus_set()


# A folder to type or to look for.


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
    """Tk's own dialog (X11) shows dot files by default, and has the setting only once it was loaded."""
    try:
        root.tk.call("tk_getOpenFile", "-no-such-option")
    except tk.TclError:
        root.tk.call("set", "::tk::dialog::file::showHiddenVar", "0")
        root.tk.call("set", "::tk::dialog::file::showHiddenBtn", "1")
