"""The page Folders: a card for each watched folder, and the settings of one when asked for."""

import functools
import tkinter as tk
from pathlib import Path
from tkinter import ttk

from homepress.control.client import connect
from homepress.settings import FolderSettings, Settings
from homepress.store.reader import Reader
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.form import folder_form
from homepress.ui.window.model.snapshot import (
    FolderCard,
    Remedy,
    Snapshot,
    folder_cards,
    folder_of,
    mistake,
    remedies,
)
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.factory import Card, Panel, header, keep_ellipsized
from homepress.ui.window.widgets.forms import SettingsForm, confirm
from homepress.ui.window.widgets.scrolling import ScrollPage

_ABOUT = "New pictures in these folders are made smaller. Their originals are kept for a while."
_PAD = (32, 28)


def make(parent: tk.Misc, context: Context) -> "FoldersPage":
    """Make the page."""
    return FoldersPage(parent, context)


class FoldersPage(ScrollPage):
    """The cards, or the settings of one folder."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context.theme)
        self._context = context
        self._snapshot: Snapshot | None = None
        self._cards: list[FolderCard] = []
        self._saved: dict[str, tuple[int, int]] = {}
        self._open = ""
        px = context.theme.px
        self.inside.configure(padding=(px(_PAD[0]), px(_PAD[1])))
        self.inside.columnconfigure(0, weight=1)
        self._content = Panel(self.inside)

    def shown(self) -> None:
        """Read what was saved; leave the settings of a folder as they are."""
        self.ledger_changed()

    def update_from(self, snapshot: Snapshot) -> None:
        """The state or the settings are another."""
        self._snapshot = snapshot
        self._show_cards()

    def ledger_changed(self) -> None:
        """Read what was saved in each folder."""
        self._context.ledger.ask(_saved_by_folder, self._take_saved)

    def open_settings(self, path: str) -> None:
        """Show the settings of a folder."""
        assert self._snapshot is not None
        folder = folder_of(self._snapshot.settings, path)
        if folder is not None:
            self._show_settings(folder)

    def _show_settings(self, folder: FolderSettings) -> None:
        self._open = path = str(folder.path)
        content = self._renew()
        kit, px = self._context.kit, self._context.theme.px
        back = kit.button(content, "All folders", self._back, "ghost", Icon.BACK)
        back.grid(row=0, column=0, sticky="w")
        about = f"{printable(path)}. Changes apply at once."
        header(content, kit, folder.path.name or path, about).grid(
            row=1, column=0, sticky="we", pady=(px(6), px(16))
        )
        paths = self._context.paths
        form = folder_form(paths.config_file, folder, lambda: connect(paths.socket))
        SettingsForm(content, self._context, form, self._written).grid(row=2, column=0, sticky="we")
        self.to_top()
        back.focus_set()

    # -- cards

    def _show_cards(self) -> None:
        if self._snapshot is None or self._open:
            return
        cards = folder_cards(self._snapshot, self._saved)
        if cards == self._cards and self._content.winfo_manager():
            return
        focused = _focused_action(self._content)
        self._cards = cards
        content = self._renew()
        kit, px = self._context.kit, self._context.theme.px
        top = header(content, kit, "Folders", _ABOUT)
        top.grid(row=0, column=0, sticky="we", pady=(0, px(18)))
        add = kit.button(top, "Add a folder", self._to_first_run, "primary", Icon.PLUS)
        add.grid(row=0, column=1, sticky="e")
        row = 1
        if text := mistake(self._snapshot):
            kit.notice(content, text, "bad").grid(row=row, column=0, sticky="we", pady=(0, px(12)))
            row += 1
        for at, card in enumerate(cards):
            self._card(content, card).grid(row=row + at, column=0, sticky="we", pady=(0, px(12)))
        if not cards and not self._snapshot.settings_problem:
            self._empty(content).grid(row=row, column=0, sticky="we")
        _focus_action(content, focused)

    def _card(self, parent: Panel, card: FolderCard) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        made = Card(parent, self._context.theme)
        made.columnconfigure(1, weight=1)
        ttk.Label(
            made,
            image=self._context.theme.icon(Icon.FOLDER, 26, self._context.theme.palette.accent),
            style="card.body.TLabel",
        ).grid(row=0, column=0, rowspan=2, sticky="n", padx=(0, px(14)), pady=(px(2), 0))
        self._title(made, card).grid(row=0, column=1, rowspan=2, sticky="we", padx=(0, px(16)))
        switch = kit.switch(made, card.enabled, lambda on: self._enable(card.path, on))
        switch.grid(row=0, column=2, rowspan=2, sticky="ne")
        _name(switch, f"{card.path} switch")
        words = Panel(made)
        words.grid(row=2, column=1, columnspan=2, sticky="we", pady=(px(12), 0))
        words.columnconfigure(0, weight=1)
        kit.label(words, card.figures, "strong").grid(row=0, column=0, sticky="w")
        kit.flowing(words, card.about, "small").grid(row=1, column=0, sticky="we", pady=(px(2), 0))
        self._actions(words, card).grid(row=0, column=1, rowspan=2, sticky="e")
        for at, (text, tone) in enumerate(((card.problem, "bad"), (card.warning, "warning"))):
            if text:
                steps = [
                    (remedy.value, functools.partial(self._apply_remedy, remedy)) for remedy in remedies(text)
                ]
                notice = kit.notice(made, text, "bad" if tone == "bad" else "warning", *steps)
                notice.grid(row=3 + at, column=0, columnspan=3, sticky="we", pady=(px(12), 0))
        return made

    def _title(self, parent: Panel, card: FolderCard) -> Panel:
        """Name and state, and the place under them; long ones are cut, so that the state is always seen."""
        kit, theme = self._context.kit, self._context.theme
        title = Panel(parent)
        title.columnconfigure(1, weight=1)
        name = kit.label(title, card.name, "heading")
        name.grid(row=0, column=0)
        state = self._state(title, card)
        state.grid(row=0, column=1, sticky="w", padx=(theme.px(12), 0))
        place = kit.label(title, card.place, "small")
        place.grid(row=1, column=0, columnspan=2, sticky="w", pady=(theme.px(2), 0))
        keep_ellipsized(theme, name, "heading", beside=state)
        keep_ellipsized(theme, place, "small", at_end=False)
        return title

    def _state(self, parent: Panel, card: FolderCard) -> ttk.Label:
        icon = {
            "good": Icon.CHECK,
            "muted": Icon.STOP,
            "warning": Icon.PAUSE,
            "bad": Icon.WARNING,
        }[card.tone]
        role = "small" if card.tone == "muted" else card.tone
        return self._context.kit.label(parent, card.state, role, icon=icon)

    def _actions(self, parent: Panel, card: FolderCard) -> Panel:
        kit = self._context.kit
        made = Panel(parent)
        for at, (text, command) in enumerate(
            (
                ("Settings", lambda: self.open_settings(card.path)),
                ("Open", lambda: self._reveal(card.path)),
                ("Remove", lambda: self._remove(card.path)),
            )
        ):
            button = kit.button(made, text, command)
            button.grid(row=0, column=at, padx=(kit.px(8) if at else 0, 0))
            _name(button, f"{card.path} {text}")
        return made

    def _empty(self, parent: Panel) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(parent, self._context.theme, (24, 28))
        card.columnconfigure(0, weight=1)
        kit.label(card, "No folder is watched yet", "heading").grid(row=0, column=0, sticky="w")
        text = "Choose one, see on trial what it would save, and decide then. Nothing is touched before."
        kit.label(card, text, "muted").grid(row=1, column=0, sticky="w", pady=(px(4), px(14)))
        first = kit.button(card, "Choose a folder", self._to_first_run, "primary", Icon.PLUS)
        first.grid(row=2, column=0, sticky="w")
        return card

    # -- doing

    def _to_first_run(self) -> None:
        self._context.navigator.go("first-run")

    def _apply_remedy(self, remedy: Remedy) -> None:
        match remedy:
            case Remedy.RESUME:
                self._context.jobs.run(lambda: self._context.daemon().resume())
            case Remedy.ORIGINALS:
                self._context.navigator.go("general")

    def _enable(self, path: str, on: bool) -> None:
        self._context.jobs.run(lambda: self._context.daemon().enable_folder(path, on))

    def _reveal(self, path: str) -> None:
        self._context.jobs.run(lambda: self._context.open_folder(Path(path)))

    def _remove(self, path: str) -> None:
        text = f"{path} is no longer watched.\nIts pictures stay as they are; originals can be restored."
        if confirm(self._context, "Remove this folder?", text, "Remove"):
            self._context.jobs.run(lambda: self._context.daemon().remove_folder(path))

    def _written(self, key: str, anew: bool) -> None:
        """A setting was written: have the daemon take it, and show what is filled in now."""

        def done(settings: Settings) -> None:
            self._context.navigator.tell(f"Saved: {key}", "good")
            folder = folder_of(settings, self._open)
            if anew and folder is not None:
                self._show_settings(folder)

        self._context.jobs.run(self._context.reload_settings, done)

    def _back(self) -> None:
        self._open = ""
        self._cards = []
        self._show_cards()
        self.to_top()

    def _take_saved(self, saved: dict[str, tuple[int, int]]) -> None:
        self._saved = saved
        self._show_cards()

    def _renew(self) -> Panel:
        """A fresh content in place of the old."""
        self._content.destroy()
        self._content = Panel(self.inside)
        self._content.columnconfigure(0, weight=1)
        self._content.grid(row=0, column=0, sticky="nswe")
        return self._content


def _saved_by_folder(reader: Reader) -> dict[str, tuple[int, int]]:
    return {folder: (totals.images, totals.saved_bytes) for folder, totals in reader.stats().folders.items()}


def _name(widget: tk.Widget, name: str) -> None:
    widget.action = name  # type: ignore[attr-defined]  # so that the keyboard stays when cards are drawn anew


def _focused_action(content: tk.Misc) -> str:
    focused = content.focus_get()
    if focused is None or not str(focused).startswith(str(content)):
        return ""
    return str(getattr(focused, "action", ""))


def _focus_action(content: tk.Misc, action: str) -> None:
    if not action:
        return
    for widget in _all(content):
        if getattr(widget, "action", "") == action:
            widget.focus_set()


def _all(widget: tk.Misc) -> list[tk.Misc]:
    return [widget, *(below for child in widget.winfo_children() for below in _all(child))]
