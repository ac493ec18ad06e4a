"""The left side: the pages to choose from, the state of the program, and pause."""

import enum
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from homepress.ui.window.model.snapshot import Headline, Snapshot, headline, waits_for_resume
from homepress.ui.window.pages import PAGES, PageName
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.kit import Kind, Kit, Panel

_WIDTH = 216
_BRAND = 26
_ICONS = {
    PageName.FIRST_RUN: Icon.START,
    PageName.FOLDERS: Icon.FOLDER,
    PageName.ACTIVITY: Icon.ACTIVITY,
    PageName.COMPARE: Icon.COMPARE,
    PageName.STATISTICS: Icon.CHART,
    PageName.PRIVACY: Icon.SHIELD,
    PageName.GENERAL: Icon.SLIDERS,
}


class Action(enum.Enum):
    """What the button at the bottom does."""

    START = "Start"
    PAUSE = "Pause"
    RESUME = "Resume"


class SideBar(Panel):
    """The pages and the state."""

    def __init__(
        self,
        parent: tk.Misc,
        kit: Kit,
        chosen: Callable[[PageName], object],
        pressed: Callable[[Action], object],
    ) -> None:
        super().__init__(parent, "nav")
        self._kit = kit
        self._theme = kit.theme
        self._chosen = chosen
        self._pressed = pressed
        px = kit.px
        self.configure(width=px(_WIDTH))
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
        self._action: Action | None = None
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
            entry.configure(style=style, image=self._theme.icon(_ICONS[name], 18, colour))

    def update_from(self, snapshot: Snapshot) -> None:
        """The state is another."""
        line = headline(snapshot)
        self._words.configure(text=line.text)
        self._detail.configure(text=snapshot.trouble or line.detail)
        self._mark.configure(image=self._state_icon(line))
        if snapshot.status is None:
            self._offer(Action.START)
        elif waits_for_resume(snapshot.status):
            self._offer(Action.RESUME)
        else:
            self._offer(Action.PAUSE)

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
            image=theme.icon(_ICONS[name], 18),
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

    def _offer(self, action: Action) -> None:
        """Show the one button that fits the state; an unchanged one keeps the keyboard."""
        if action is self._action:
            return
        focused = self._button is not None and self._button.focus_get() is self._button
        if self._button is not None:
            self._button.destroy()
        kind: Kind = "primary" if action is Action.START else "plain"
        self._button = self._kit.button(self._state, action.value, lambda: self._press(action), kind)
        self._button.grid(row=2, column=0, columnspan=2, sticky="we", pady=(self._kit.px(10), 0))
        self._action = action
        if focused:
            self._button.focus_set()

    def _press(self, action: Action) -> None:
        if action is Action.START:
            self._words.configure(text="Starting …")
        self._pressed(action)
