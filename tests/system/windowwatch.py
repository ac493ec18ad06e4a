"""The real window, which also writes down what is in it, so that a test knows where to click.

Run as a program: `python windowwatch.py FILE PAGE PICTURE THEME SCALE`. Several times a second it writes to
FILE what is seen: every control with its text, place on the screen and whether it has the keyboard.
"""

import json
import os
import sys
import tkinter as tk
from typing import Any

_EVERY_MS = 150


def _text(widget: tk.Misc) -> str:
    if isinstance(widget, tk.Canvas):
        items = [item for item in widget.find_all() if widget.type(item) == "text"]
        return "\n".join(str(widget.itemcget(item, "text")) for item in items)
    for ask in (lambda: widget.get(), lambda: widget.cget("text")):  # type: ignore[attr-defined]  # most have one
        try:
            return str(ask())
        except (AttributeError, tk.TclError, TypeError):
            continue
    return ""


def _seen(widget: tk.Misc, focus: tk.Misc | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for child in widget.winfo_children():
        if not child.winfo_viewable():
            continue
        entry: dict[str, Any] = {
            "kind": child.winfo_class(),
            "text": _text(child).strip(),
            "x": child.winfo_rootx(),
            "y": child.winfo_rooty(),
            "width": child.winfo_width(),
            "height": child.winfo_height(),
            "focus": child is focus,
        }
        if (share := getattr(child, "share", None)) is not None:
            entry["share"] = share
        found.append(entry)
        found += _seen(child, focus)
    return found


def _watch(root: tk.Tk, file: str) -> None:
    try:
        focus = root.focus_get()
    except KeyError:  # the list of a combobox, which tkinter does not know
        focus = None
    with open(f"{file}.new", "w", encoding="utf-8", errors="replace") as stream:
        json.dump(_seen(root, focus), stream)
    os.replace(f"{file}.new", file)
    root.after(_EVERY_MS, lambda: _watch(root, file))


def main() -> int:
    """Lock this process as the command line does, then show the window."""
    from homepress.base.paths import Paths
    from homepress.daemon.commands.connect import prepare_client
    from homepress.ui.cli.commands.window import pictures_apart
    from homepress.ui.window import OpenRequest, WindowLook, run

    file, *arguments = sys.argv[1:]
    make = tk.Tk.__init__

    def make_and_watch(self: tk.Tk, *args: Any, **options: Any) -> None:
        make(self, *args, **options)
        self.after(_EVERY_MS, lambda: _watch(self, file))

    tk.Tk.__init__ = make_and_watch  # type: ignore[method-assign]  # the one way into a program of its own
    prepare_client()
    page, picture, theme, scale = arguments
    look = WindowLook(dark=theme == "dark", scale=float(scale))
    with pictures_apart() as probe_worker:
        return run(Paths.from_environment(), OpenRequest(page=page, picture=picture), look, probe_worker)


if __name__ == "__main__":
    sys.exit(main())
