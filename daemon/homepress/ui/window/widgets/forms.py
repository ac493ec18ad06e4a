"""A form of settings: a row for each key, in words; what is valid is written at once."""

from collections.abc import Callable
from typing import cast, get_args

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QWidget

from homepress.settings import (
    Settings,
    SourceFormat,
    TargetFormat,
    TomlValue,
    Widget,
    preset_names,
    text_from_value,
    value_from_text,
)
from homepress.ui.window.context import Context
from homepress.ui.window.model.form import Form, FormEntry
from homepress.ui.window.model.wording import PRESETS, Wording, applies, wording
from homepress.ui.window.widgets.dialogs import FolderField, confirm
from homepress.ui.window.widgets.factory import across, alive, column, restyle
from homepress.ui.window.widgets.mappings import ConversionTable, Ticks

_TYPING_PAUSE_MS = 700
_NUMBERS = (Widget.NUMBER, Widget.SIZE)
_FORMATS = (get_args(SourceFormat), get_args(TargetFormat))
_SHORT = 110
_LONG = 220


class SettingsForm(QWidget):
    """The rows of a form: common ones first, the rest on demand."""

    def __init__(self, context: Context, form: Form, written: Callable[[bool], object]) -> None:
        """Make the rows.

        Args:
            context: of the window.
            form: what is in the rows.
            written: called after a change was written and the daemon has it, with whether other values may
                have changed too, so that the form has to be made anew.
        """
        super().__init__()
        self._context = context
        self._form = form
        self._written = written
        self._rows: dict[str, _Row] = {}
        inside = column(self, spacing=8)
        entries = form.entries.values()
        inside.addWidget(self._card([entry for entry in entries if not entry.field.advanced]))
        advanced = self._card([entry for entry in entries if entry.field.advanced])
        inside.addWidget(across(context.kit.unfolding("More settings", advanced), None))
        inside.addWidget(advanced)
        self._show_what_applies()

    def _card(self, entries: list[FormEntry]) -> QFrame:
        card, inside = self._context.kit.card(spacing=0, rows=True)
        for entry in entries:
            made = _Row(self._context, entry, self._changed, self._reset)
            inside.addWidget(made)
            self._rows[entry.field.key] = made
        return card

    def _show_what_applies(self) -> None:
        values = {key: entry.text for key, entry in self._form.entries.items()}
        first: dict[QWidget | None, bool] = {}
        for made in self._rows.values():
            made.setVisible(applies(made.entry.field, values))
            if not made.isHidden():
                made.line.setVisible(made.parentWidget() in first)
                first[made.parentWidget()] = True

    def _changed(self, key: str, text: str) -> None:
        if self._form.change(key, text):
            if self._form.lets_in(key):
                self._context.jobs.run(
                    self._form.let_in_words, lambda words: self._ask(key, words), owner=self
                )
            else:
                self._write(key)
        self._show_problems()

    def _ask(self, key: str, words: str) -> None:
        """Write a key that has pictures compressed, if that is wanted still."""
        if not self._form.lets_in(key):
            return  # another choice was made before the pictures were counted
        if confirm(
            self.window(), self._context.kit, "Compress what is in this folder?", words, "Compress", "primary"
        ):
            self._write(key)
        else:
            self._form.take_back(key)
            self._rows[key].show_choice()

    def _write(self, key: str) -> None:
        entry = self._form.entries[key]
        before = entry.saved if entry.said else None
        self._context.jobs.run(
            lambda: self._form.write(key),
            lambda _: self._done(key, before),
            lambda _: self._show_problems(),
            owner=self,
        )

    def _reset(self, key: str) -> None:
        before = self._form.entries[key].saved
        self._context.jobs.run(
            lambda: self._form.clear(key), lambda _: self._done(key, before, anew=True), owner=self
        )

    def _done(self, key: str, before: str | None, *, anew: bool = False) -> None:
        """Have the daemon take what was written, say so, and offer to have it as it was."""
        self._show_problems()
        entry = self._form.entries[key]
        title, again = wording(entry.field).title, anew or entry.field.widget is Widget.PRESET

        def told(_: Settings) -> None:
            undo = ("Undo", lambda: self._undo(key, before))
            self._context.navigator.tell(f"Saved: {title}", "good", undo)
            self._written(again)

        self._context.jobs.run(self._context.reload_settings, told)

    def _undo(self, key: str, before: str | None) -> None:
        """Have a key as it was before; None for one that the file did not have."""
        form = self._form

        def work() -> Settings:
            if before is None:
                form.clear(key)
            elif form.change(key, before):
                form.write(key)
            return self._context.reload_settings()

        def told(_: Settings) -> None:
            title = wording(form.entries[key].field).title
            self._context.navigator.tell(f"{title} is as it was before.", "good")
            self._written(True)

        self._context.jobs.run(work, told)

    def _show_problems(self) -> None:
        if not alive(self):
            return  # the form was left before its change was written
        self._show_what_applies()
        for made in self._rows.values():
            made.show_problem()


class _Row(QWidget):
    """One key: title and help at one side, the control at the other, the error under both."""

    def __init__(
        self,
        context: Context,
        entry: FormEntry,
        changed: Callable[[str, str], object],
        reset: Callable[[str], object],
    ) -> None:
        super().__init__()
        self._context = context
        self.entry = entry
        self._changed = changed
        self._words: Wording = wording(entry.field)
        self._timer = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._timer.timeout.connect(self._now)
        kit = context.kit
        inside = column(self)
        self.line = kit.line()
        inside.addWidget(self.line)
        self.control = self._make_control()
        right = [self.control]
        if entry.said and not entry.field.required and entry.text != entry.usual:
            again = kit.button("Reset", lambda: reset(entry.field.key), "ghost")
            again.setAccessibleName(f"Reset {self._words.title}")
            right.insert(0, again)
        if entry.field.unit and isinstance(self.control, QLineEdit):
            right.append(kit.label(entry.field.unit, "muted"))
        inside.addWidget(kit.form_row(self._words.title, self._words.help, across(*right)))
        self.control.setAccessibleDescription(self._words.help)
        self._problem: QLabel = kit.label(role="bad", wrap=True)
        inside.addWidget(self._problem)
        self.show_problem()

    def show_choice(self) -> None:
        """Show what is chosen, after it was taken back."""
        if (find := getattr(self.control, "findData", None)) is not None:
            self.control.setCurrentIndex(find(self.entry.text))  # type: ignore[attr-defined]  # a Choice

    def show_problem(self) -> None:
        """Say what is wrong, or nothing."""
        self._problem.setText(self.entry.problem)
        self._problem.setVisible(bool(self.entry.problem))
        if isinstance(self.control, QLineEdit):
            restyle(self.control, "invalid", "true" if self.entry.problem else "false")

    def _make_control(self) -> QWidget:
        kit, entry, title = self._context.kit, self.entry, self._words.title
        match entry.field.widget:
            case Widget.CONVERSIONS:
                chosen = value_from_text(f"{entry.field.table}.{entry.field.key}", entry.text)
                return ConversionTable(kit, _FORMATS, cast(dict[str, str], chosen), self._take_pairs)
            case Widget.PATTERNS if self._words.options:
                ticked = [word.strip() for word in entry.text.split(",")]
                return Ticks(
                    kit, self._words.options, ticked, lambda words: self._take(", ".join(words)), every="all"
                )
            case Widget.SWITCH:
                return kit.switch(
                    title, entry.text == "true", lambda on: self._take("true" if on else "false")
                )
            case Widget.PRESET:
                names = ["", *preset_names(self._context.paths.presets_dir)]
                options = [(name, PRESETS.get(name, name.capitalize())) for name in names]
                return kit.choice(title, options, entry.text, self._take)
            case Widget.FOLDER:
                return FolderField(kit, title, entry.text, self._soon)
        if self._words.options:
            options = list(self._words.options.items())
            if entry.text not in self._words.options:
                options.append((entry.text, f"{entry.text} {entry.field.unit}".strip()))
            return kit.choice(title, options, entry.text, self._take)
        field = kit.entry(title, entry.text, self._words.example)
        field.setFixedWidth(_SHORT if entry.field.widget in _NUMBERS and not self._words.example else _LONG)
        field.textEdited.connect(self._soon)
        field.editingFinished.connect(self._now)
        return field

    def _take_pairs(self, pairs: dict[str, str]) -> None:
        self._take(text_from_value(cast(TomlValue, pairs)))

    def _soon(self, text: str) -> None:
        """Take what is being typed when the typing pauses."""
        self._typed = text
        self._timer.start()

    def _now(self) -> None:
        self._timer.stop()
        text = getattr(self, "_typed", self.entry.text)
        if text != self.entry.text:
            self._take(text)

    def _take(self, text: str) -> None:
        self._timer.stop()
        self._changed(self.entry.field.key, text)
