"""A form of settings on the page: a row for each key, generated; common ones first, the rest on demand."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from homepress.settings import Widget, preset_names
from homepress.ui.window.context import Context
from homepress.ui.window.model.form import Form, FormEntry
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.dialogs import FolderField
from homepress.ui.window.widgets.factory import Card, Panel

_TYPING_PAUSE_MS = 700
_NUMBERS = (Widget.NUMBER, Widget.SIZE)
_NO_PRESET = "none"


class SettingsForm(Panel):
    """The rows of a form; what is valid is written when it is chosen, or a moment after it was typed."""

    def __init__(
        self, parent: tk.Misc, context: Context, form: Form, written: Callable[[str, bool], object]
    ) -> None:
        """`written` is called after each change that was written, with the key and whether other values may
        be others now too, so that the form has to be made anew."""
        super().__init__(parent)
        self._context = context
        self._form = form
        self._written = written
        self._rows: dict[str, _Row] = {}
        self.columnconfigure(0, weight=1)
        entries = form.entries.values()
        common = self._card([entry for entry in entries if not entry.field.advanced])
        common.grid(row=0, column=0, sticky="we")
        self._advanced = self._card([entry for entry in entries if entry.field.advanced])
        self._more = context.kit.button(self, "Advanced settings", self._unfold, "ghost", Icon.CHEVRON)
        self._more.grid(row=1, column=0, sticky="w", pady=context.theme.px(10))

    def _unfold(self) -> None:
        if self._advanced.winfo_manager():
            self._advanced.grid_remove()
        else:
            self._advanced.grid(row=2, column=0, sticky="we")
        icon = Icon.DOWN if self._advanced.winfo_manager() else Icon.CHEVRON
        accent = self._context.theme.palette.accent
        self._more.configure(image=self._context.theme.icon(icon, 16, accent))

    def _card(self, entries: list[FormEntry]) -> Card:
        card = Card(self, self._context.theme, (22, 6))
        card.columnconfigure(0, weight=1)
        for at, entry in enumerate(entries):
            if at:
                ttk.Frame(card, style="line.TFrame", height=1).grid(row=2 * at, column=0, sticky="we")
            row = _Row(card, self._context, entry, self._changed, self._reset)
            row.grid(row=2 * at + 1, column=0, sticky="we", pady=self._context.theme.px(10))
            self._rows[entry.field.key] = row
        return card

    def _changed(self, key: str, text: str) -> None:
        if self._form.change(key, text):
            self._context.jobs.run(
                lambda: self._form.write(key), lambda _: self._done(key), lambda _: self._show_problems()
            )
        self._show_problems()

    def _reset(self, key: str) -> None:
        self._context.jobs.run(lambda: self._form.clear(key), lambda _: self._done(key, anew=True))

    def _done(self, key: str, *, anew: bool = False) -> None:
        self._show_problems()
        self._written(key, anew or self._form.entries[key].field.widget is Widget.PRESET)

    def _show_problems(self) -> None:
        if not self.winfo_exists():
            return  # the form was left before its change was written
        for row in self._rows.values():
            row.show_problem()


class _Row(Panel):
    """One key: title and help at the left, the control at the right, the error under both."""

    def __init__(
        self,
        parent: tk.Misc,
        context: Context,
        entry: FormEntry,
        changed: Callable[[str, str], object],
        reset: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._entry = entry
        self._changed = changed
        self._timer = ""
        kit, px = context.kit, context.theme.px
        self.columnconfigure(0, weight=1, uniform="half")
        self.columnconfigure(1, weight=1, uniform="half")
        words = Panel(self)
        words.columnconfigure(0, weight=1)
        words.grid(row=0, column=0, sticky="we", padx=(0, px(24)))
        kit.label(words, entry.field.title, "strong").grid(row=0, column=0, sticky="w")
        kit.flowing(words, entry.field.help, "small").grid(row=1, column=0, sticky="we", pady=(px(2), 0))
        right = Panel(self)
        right.grid(row=0, column=1, sticky="e")
        self.control = self._make_control(right)
        self.control.grid(row=0, column=1, sticky="e")
        if entry.field.unit and entry.field.widget is Widget.NUMBER:
            kit.label(right, entry.field.unit, "muted").grid(row=0, column=2, padx=(px(8), 0))
        if entry.said and not entry.field.required:
            again = kit.button(right, "Reset", lambda: reset(entry.field.key), "ghost")
            again.grid(row=0, column=0, padx=(0, px(4)))  # left of it, so that all controls end alike
        self._problem = kit.label(self, role="bad", wrap=560, icon=Icon.WARNING)
        self.show_problem()

    def show_problem(self) -> None:
        """Say what is wrong, or nothing."""
        if self._entry.problem:
            self._problem.configure(text=self._entry.problem)
            self._problem.grid(
                row=1, column=0, columnspan=2, sticky="we", pady=(self._context.theme.px(4), 0)
            )
        else:
            self._problem.grid_remove()
        if isinstance(self.control, ttk.Entry):
            self.control.state(["invalid" if self._entry.problem else "!invalid"])

    def _make_control(self, parent: Panel) -> tk.Widget:
        kit, entry = self._context.kit, self._entry
        match entry.field.widget:
            case Widget.SWITCH:
                return kit.switch(
                    parent, entry.text == "true", lambda on: self._take("true" if on else "false")
                )
            case Widget.CHOICE:
                return kit.choice(parent, entry.field.choices, entry.text, self._take)
            case Widget.PRESET:
                names = [_NO_PRESET, *preset_names(self._context.paths.presets_dir)]
                return kit.choice(
                    parent,
                    names,
                    entry.text or _NO_PRESET,
                    lambda name: self._take("" if name == _NO_PRESET else name),
                )
            case Widget.CHOICE_OR_NUMBER:
                made = kit.choice(parent, entry.field.choices, entry.text, self._take)
                made.configure(state="normal")
                made.bind("<KeyRelease>", lambda _: self._soon(made.get()), add=True)
                made.bind("<FocusOut>", lambda _: self._now(made.get()), add=True)
                return made
            case Widget.FOLDER:
                return FolderField(parent, self._context, entry.text, self._soon)
        width = 10 if entry.field.widget in _NUMBERS else 26
        made_entry, value = kit.entry(parent, entry.text, width)
        made_entry.bind("<KeyRelease>", lambda _: self._soon(value.get()))
        made_entry.bind("<Return>", lambda _: self._now(value.get()))
        made_entry.bind("<FocusOut>", lambda _: self._now(value.get()))
        return made_entry

    def _soon(self, text: str) -> None:
        """Take what is being typed when the typing pauses."""
        self._stop_timer()
        if text != self._entry.text:
            self._timer = self.after(_TYPING_PAUSE_MS, lambda: self._take(text))

    def _now(self, text: str) -> None:
        self._stop_timer()
        if text != self._entry.text:
            self._take(text)

    def _take(self, text: str) -> None:
        self._stop_timer()
        self._changed(self._entry.field.key, text)

    def _stop_timer(self) -> None:
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
