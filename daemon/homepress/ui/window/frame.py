"""The window before anything is in it: what is seen first, while the rest of the program is still loading."""

import tkinter as tk
from collections.abc import Callable

from homepress.ui.window.pages import PAGES, PageName
from homepress.ui.window.sidebar import Action, SideBar
from homepress.ui.window.theme import Theme, system
from homepress.ui.window.theme.system import Look
from homepress.ui.window.widgets.kit import Kit, Panel

_TITLE = "Homepress"
_SIZE = (1080, 720)
_LEAST = (820, 560)


class Frame:
    """The root window, the side bar, and the place for pages.

    Attributes:
        root, theme, kit, sidebar, stage: its parts.
        go: called with the page that was chosen; the shell puts itself there.
        act: called with what was pressed at the bottom of the side bar.
    """

    def __init__(self, look: Look) -> None:
        """Build it; nothing is seen before `show`. Raises `TclError` without a display."""
        system.prepare()
        self.root = tk.Tk(className=_TITLE)
        self.root.withdraw()
        self.theme = Theme(self.root, look)
        self.kit = Kit(self.theme)
        self.go: Callable[[PageName], object] = lambda _: None
        self.act: Callable[[Action], object] = lambda _: None
        self._build()

    def show(self) -> None:
        """Have it seen now, not when everything else is ready."""
        self.root.deiconify()
        self.root.update()

    def raise_up(self) -> None:
        """Bring it to the front, with the keyboard."""
        self.root.deiconify()
        self.root.lift()
        self.root.focus_force()

    def _build(self) -> None:
        theme, root = self.theme, self.root
        root.title(_TITLE)
        root.configure(background=theme.palette.page)
        width = min(theme.px(_SIZE[0]), root.winfo_screenwidth())
        height = min(theme.px(_SIZE[1]), root.winfo_screenheight())
        root.geometry(f"{width}x{height}")
        root.minsize(min(theme.px(_LEAST[0]), width), min(theme.px(_LEAST[1]), height))
        root.columnconfigure(1, weight=1)
        root.rowconfigure(0, weight=1)
        self.sidebar = SideBar(root, self.kit, lambda name: self.go(name), lambda action: self.act(action))
        self.sidebar.grid(row=0, column=0, sticky="ns")
        self.stage = Panel(root, "page")
        self.stage.grid(row=0, column=1, sticky="nswe")
        self.stage.columnconfigure(0, weight=1)
        self.stage.rowconfigure(0, weight=1)
        for number, name in enumerate(PAGES, 1):
            root.bind(f"<Alt-Key-{number}>", lambda _, n=name: self.go(n))  # type: ignore[misc]
