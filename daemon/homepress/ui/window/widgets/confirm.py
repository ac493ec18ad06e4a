"""A question that has to be answered before something is done."""

import tkinter as tk
from tkinter import ttk

from homepress.ui.window.context import Context
from homepress.ui.window.widgets.kit import Panel


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
