"""The head of a page: its title and a line on what it is for."""

from homepress.ui.window.widgets.cut import keep_cut
from homepress.ui.window.widgets.kit import Kit, Panel


def head(parent: Panel, kit: Kit, title: str, about: str = "") -> Panel:
    """A title at the top of a page; what goes to its right may be gridded into column 1 of the panel."""
    frame = Panel(parent)
    frame.columnconfigure(0, weight=1)
    frame.rowconfigure(0, minsize=kit.px(36))  # with and without a button beside it
    line = Panel(frame)
    line.grid(row=0, column=0, sticky="we")
    name = kit.label(line, title, "title")
    name.grid(row=0, column=0, sticky="w")
    keep_cut(kit.theme, name, "title")
    if about:
        kit.flowing(frame, about).grid(row=1, column=0, columnspan=2, sticky="we", pady=(kit.px(4), 0))
    return frame
