"""What a person is asked in the window: whether to go on, a folder, and the settings."""

import os
import tkinter as tk
from collections.abc import Callable
from tkinter import filedialog, ttk

from homepress.settings import Widget, preset_names
from homepress.ui.window.context import Context
from homepress.ui.window.model.form import Form, FormEntry
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.factory import Card, Panel

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


# A form of settings: a row for each key, generated; common ones first, the rest on demand.

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
            if self._form.lets_in(key):
                self._context.jobs.run(self._form.let_in_words, lambda words: self._ask(key, words))
            else:
                self._write(key)
        self._show_problems()

    def _ask(self, key: str, words: str) -> None:
        """Write a key that has pictures compressed, if that is wanted still."""
        if not self.winfo_exists() or not self._form.lets_in(key):
            return  # the form was left, or another choice made, before the pictures were counted
        if confirm(self._context, "Compress what is in this folder?", words, "Compress"):
            self._write(key)
        elif self.winfo_exists():
            self._form.take_back(key)
            self._rows[key].show_choice()

    def _write(self, key: str) -> None:
        self._context.jobs.run(
            lambda: self._form.write(key), lambda _: self._done(key), lambda _: self._show_problems()
        )

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

    def show_choice(self) -> None:
        """Show what is chosen, after it was taken back."""
        if isinstance(self.control, ttk.Combobox):
            self.control.set(self._entry.text)

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
