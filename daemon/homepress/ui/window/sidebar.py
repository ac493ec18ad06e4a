"""The left side: the pages to choose from, the state of the program, and pause."""

import tkinter as tk
from tkinter import ttk

from homepress.ui.window.context import Context
from homepress.ui.window.model.snapshot import Headline, Snapshot, headline
from homepress.ui.window.pages import PAGES, PageName
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.kit import Panel

_WIDTH = 216
_ICONS = {
    PageName.FIRST_RUN: Icon.START,
    PageName.FOLDERS: Icon.FOLDER,
    PageName.ACTIVITY: Icon.ACTIVITY,
    PageName.COMPARE: Icon.COMPARE,
    PageName.STATISTICS: Icon.CHART,
    PageName.PRIVACY: Icon.SHIELD,
    PageName.GENERAL: Icon.SLIDERS,
}


class SideBar(Panel):
    """The pages and the state."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, "nav")
        self._context = context
        px = context.theme.px
        self.configure(width=px(_WIDTH))
        self.grid_propagate(False)
        self.columnconfigure(0, weight=1)
        self._title()
        self._entries = {name: self._entry(name, row) for row, name in enumerate(PAGES, 1)}
        self.rowconfigure(20, weight=1)
        self._state = Panel(self, padding=(px(20), px(14)))
        self._state.grid(row=21, column=0, sticky="we")
        self._state.columnconfigure(1, weight=1)
        self._mark = context.kit.label(self._state)
        self._mark.grid(row=0, column=0, padx=(0, px(8)))
        self._words = context.kit.label(self._state, "Looking …", "strong")
        self._words.grid(row=0, column=1, sticky="w")
        self._detail = context.kit.flowing(self._state, role="small")
        self._detail.grid(row=1, column=0, columnspan=2, sticky="we", pady=(px(2), 0))
        self._button: ttk.Button | None = None
        self._button_word = ""
        line = ttk.Frame(parent, style="line.TFrame", width=1)
        line.grid(row=0, column=0, sticky="nse")

    def mark(self, front: PageName) -> None:
        """Show which page is in front."""
        palette = self._context.theme.palette
        for name, entry in self._entries.items():
            chosen = name is front
            colour = palette.accent if chosen else palette.text
            entry.configure(
                style="chosen.TButton" if chosen else "entry.TButton",
                image=self._context.theme.icon(_ICONS[name], 18, colour),
            )

    def update_from(self, snapshot: Snapshot) -> None:
        """The state is another."""
        line = headline(snapshot)
        self._words.configure(text=line.text)
        self._detail.configure(text=snapshot.trouble or line.detail)
        self._mark.configure(image=self._state_icon(line))
        if snapshot.status is None:
            self._offer("Start")
        elif snapshot.status.paused_for or snapshot.status.state == "paused":
            self._offer("Resume")
        else:
            self._offer("Pause")

    def _title(self) -> None:
        theme, kit = self._context.theme, self._context.kit
        head = Panel(self, padding=(theme.px(20), theme.px(20), theme.px(20), theme.px(14)))
        head.grid(row=0, column=0, sticky="we")
        self._brand = theme.brand(26)
        ttk.Label(head, image=self._brand, style="nav.body.TLabel").grid(row=0, column=0)
        kit.label(head, "Homepress", "heading").grid(row=0, column=1, padx=theme.px(10))

    def _entry(self, name: PageName, row: int) -> ttk.Button:
        theme = self._context.theme
        made = ttk.Button(
            self,
            text=f"  {PAGES[name]}",
            image=theme.icon(_ICONS[name], 18),
            compound="left",
            style="entry.TButton",
            command=lambda: self._context.navigator.go(name),
        )
        made.grid(row=row, column=0, sticky="we", padx=theme.px(10))
        made.bind("<Return>", lambda _: made.invoke())
        made.bind("<Down>", lambda _: self._move(made, made.tk_focusNext()))
        made.bind("<Up>", lambda _: self._move(made, made.tk_focusPrev()))
        return made

    @staticmethod
    def _move(from_entry: ttk.Button, to: tk.Misc | None) -> None:
        if isinstance(to, ttk.Button) and to.master is from_entry.master:
            to.focus_set()

    def _state_icon(self, line: Headline) -> tk.PhotoImage:
        palette = self._context.theme.palette
        icon, colour = {
            "good": (Icon.CHECK, palette.good),
            "muted": (Icon.CHECK, palette.muted),
            "warning": (Icon.PAUSE if line.text == "Paused" else Icon.STOP, palette.warning),
            "bad": (Icon.WARNING, palette.bad),
        }[line.tone]
        if line.text == "Working":
            icon = Icon.ACTIVITY
        return self._context.theme.icon(icon, 18, colour)

    def _offer(self, word: str) -> None:
        """Show the one button that fits the state; an unchanged one keeps the keyboard."""
        if word == self._button_word:
            return
        focused = self._button is not None and self._button.focus_get() is self._button
        if self._button is not None:
            self._button.destroy()
        command = {"Start": self._start, "Resume": self._resume, "Pause": self._pause}[word]
        self._button = self._context.kit.button(
            self._state, word, command, "primary" if word == "Start" else "plain"
        )
        self._button.grid(row=2, column=0, columnspan=2, sticky="we", pady=(self._context.theme.px(10), 0))
        self._button_word = word
        if focused:
            self._button.focus_set()

    def _start(self) -> None:
        self._words.configure(text="Starting …")
        self._context.jobs.run(self._context.start_daemon)

    def _resume(self) -> None:
        self._context.jobs.run(lambda: self._context.daemon().resume())

    def _pause(self) -> None:
        self._context.jobs.run(lambda: self._context.daemon().pause(None))
