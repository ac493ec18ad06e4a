"""The window before anything is in it: what is seen first, while the rest of the program is still loading."""

import enum
import importlib
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import TYPE_CHECKING

from homepress.ui.window.model.snapshot import Headline, Snapshot, headline, waits_for_resume
from homepress.ui.window.start import WindowLook
from homepress.ui.window.theme import Icon, Theme
from homepress.ui.window.widgets.factory import Kind, Panel, WidgetFactory

# The pages, by word. Each is made when it is first shown.

if TYPE_CHECKING:
    from homepress.ui.window.context import Context, Page


class PageName(enum.StrEnum):
    """The word of a page, as in `homepress window --page`."""

    FIRST_RUN = "first-run"
    FOLDERS = "folders"
    ACTIVITY = "activity"
    COMPARE = "compare"
    STATISTICS = "statistics"
    PRIVACY = "privacy"
    GENERAL = "general"


PAGES = {
    PageName.FOLDERS: "Folders",
    PageName.ACTIVITY: "Activity",
    PageName.COMPARE: "Before and after",
    PageName.STATISTICS: "Statistics",
    PageName.PRIVACY: "Privacy",
    PageName.GENERAL: "General",
}
"""The pages of the side bar with their titles. The first run is not among them."""

FIRST_RUN = PageName.FIRST_RUN


def make_page(name: PageName, parent: tk.Misc, context: "Context") -> "Page":
    """Make a page."""
    module = importlib.import_module(f"homepress.ui.window.pages.{name.value.replace('-', '_')}")
    page: Page = module.make(parent, context)
    return page


# The left side: the pages to choose from, the state of the program, and pause.

_SIDE_BAR_WIDTH = 216
_BRAND = 26
_PAGE_ICONS = {
    PageName.FIRST_RUN: Icon.START,
    PageName.FOLDERS: Icon.FOLDER,
    PageName.ACTIVITY: Icon.ACTIVITY,
    PageName.COMPARE: Icon.COMPARE,
    PageName.STATISTICS: Icon.CHART,
    PageName.PRIVACY: Icon.SHIELD,
    PageName.GENERAL: Icon.SLIDERS,
}


class SideBarAction(enum.Enum):
    """What the button at the bottom does."""

    START = "Start"
    PAUSE = "Pause"
    RESUME = "Resume"


class SideBar(Panel):
    """The pages and the state."""

    def __init__(
        self,
        parent: tk.Misc,
        kit: WidgetFactory,
        chosen: Callable[[PageName], object],
        pressed: Callable[[SideBarAction], object],
    ) -> None:
        super().__init__(parent, "nav")
        self._kit = kit
        self._theme = kit.theme
        self._chosen = chosen
        self._pressed = pressed
        px = kit.px
        self.configure(width=px(_SIDE_BAR_WIDTH))
        self.grid_propagate(False)
        self.columnconfigure(0, weight=1)
        self._brand = self._title()
        self._entries = {name: self._entry(name, row) for row, name in enumerate(PAGES, 1)}
        self.rowconfigure(20, weight=1)
        self._state = Panel(self, padding=(px(20), px(14), px(20), px(20)))
        self._state.grid(row=21, column=0, sticky="we")
        self._state.columnconfigure(1, weight=1)
        self._mark = kit.label(self._state)
        self._mark.grid(row=0, column=0, padx=(0, px(8)))
        self._words = kit.label(self._state, "Looking …", "strong")
        self._words.grid(row=0, column=1, sticky="w")
        self._detail = kit.flowing(self._state, role="small")
        self._detail.grid(row=1, column=0, columnspan=2, sticky="we", pady=(px(3), 0))
        self._button: ttk.Button | None = None
        self._action: SideBarAction | None = None
        line = ttk.Frame(parent, style="line.TFrame", width=1)
        line.grid(row=0, column=0, sticky="nse")

    def show_brand(self) -> None:
        """Show the icon of the program, which takes a moment to read."""
        self._brand_image = self._theme.brand(_BRAND)
        self._brand.configure(image=self._brand_image)

    def mark(self, front: PageName) -> None:
        """Show which page is in front."""
        palette = self._theme.palette
        for name, entry in self._entries.items():
            colour = palette.accent if name is front else palette.text
            style = self._theme.styles.entry(name is front)
            entry.configure(style=style, image=self._theme.icon(_PAGE_ICONS[name], 18, colour))

    def update_from(self, snapshot: Snapshot) -> None:
        """The state is another."""
        line = headline(snapshot)
        self._words.configure(text=line.text)
        self._detail.configure(text=snapshot.trouble or line.detail)
        self._mark.configure(image=self._state_icon(line))
        if snapshot.status is None:
            self._offer(SideBarAction.START)
        elif waits_for_resume(snapshot.status):
            self._offer(SideBarAction.RESUME)
        else:
            self._offer(SideBarAction.PAUSE)

    def _title(self) -> ttk.Label:
        kit, px = self._kit, self._kit.px
        head = Panel(self, padding=(px(20), px(20), px(20), px(14)))
        head.grid(row=0, column=0, sticky="we")
        head.columnconfigure(0, minsize=px(_BRAND))
        head.rowconfigure(0, minsize=px(_BRAND))
        brand = kit.label(head)
        brand.grid(row=0, column=0)
        kit.label(head, "Homepress", "heading").grid(row=0, column=1, padx=px(6))
        return brand

    def _entry(self, name: PageName, row: int) -> ttk.Button:
        theme = self._theme
        made = ttk.Button(
            self,
            text=PAGES[name],
            image=theme.icon(_PAGE_ICONS[name], 18),
            compound="left",
            style=theme.styles.entry(False),
            command=lambda: self._chosen(name),
        )
        made.grid(row=row, column=0, sticky="we", padx=theme.px(12), pady=theme.px(2))
        made.bind("<Return>", lambda _: made.invoke())
        made.bind("<Down>", lambda _: self._move(made, made.tk_focusNext()))
        made.bind("<Up>", lambda _: self._move(made, made.tk_focusPrev()))
        return made

    @staticmethod
    def _move(from_entry: ttk.Button, to: tk.Misc | None) -> None:
        if isinstance(to, ttk.Button) and to.master is from_entry.master:
            to.focus_set()

    def _state_icon(self, line: Headline) -> tk.PhotoImage:
        palette = self._theme.palette
        icon, colour = {
            "good": (Icon.CHECK, palette.good),
            "muted": (Icon.CHECK, palette.muted),
            "warning": (Icon.PAUSE if line.text == "Paused" else Icon.STOP, palette.warning),
            "bad": (Icon.WARNING, palette.bad),
        }[line.tone]
        if line.text == "Working":
            icon = Icon.ACTIVITY
        return self._theme.icon(icon, 18, colour)

    def _offer(self, action: SideBarAction) -> None:
        """Show the one button that fits the state; an unchanged one keeps the keyboard."""
        if action is self._action:
            return
        focused = self._button is not None and self._button.focus_get() is self._button
        if self._button is not None:
            self._button.destroy()
        kind: Kind = "primary" if action is SideBarAction.START else "plain"
        self._button = self._kit.button(self._state, action.value, lambda: self._press(action), kind)
        self._button.grid(row=2, column=0, columnspan=2, sticky="we", pady=(self._kit.px(10), 0))
        self._action = action
        if focused:
            self._button.focus_set()

    def _press(self, action: SideBarAction) -> None:
        if action is SideBarAction.START:
            self._words.configure(text="Starting …")
        self._pressed(action)


_TITLE = "Homepress"
_SIZE = (1080, 720)
_LEAST = (820, 560)


class WindowFrame:
    """The root window, the side bar, and the place for pages.

    Attributes:
        root, theme, kit, sidebar, stage: its parts.
        go: called with the page that was chosen; the shell puts itself there.
        act: called with what was pressed at the bottom of the side bar.
    """

    def __init__(self, look: WindowLook) -> None:
        """Build it; nothing is seen before `show`. Raises `TclError` without a display."""
        Theme.prepare()
        self.root = tk.Tk(className=_TITLE)
        self.root.withdraw()
        self.theme = Theme(self.root, look)
        self.kit = WidgetFactory(self.theme)
        self.go: Callable[[PageName], object] = lambda _: None
        self.act: Callable[[SideBarAction], object] = lambda _: None
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
