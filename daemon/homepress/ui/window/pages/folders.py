"""The page Folders: a card for each watched folder, and the settings of one when asked for."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from homepress.control.client import connect
from homepress.control.service import FolderAnswer
from homepress.settings import FolderSettings, Settings, load
from homepress.store.reader import Totals
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.form import folder_form, relocate
from homepress.ui.window.model.snapshot import (
    FolderCard,
    Remedy,
    Snapshot,
    folder_cards,
    folder_of,
    mistake,
)
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.dialogs import choose_folder, confirm
from homepress.ui.window.widgets.factory import SplitRow, across, after, clear, row, stacked
from homepress.ui.window.widgets.forms import SettingsForm
from homepress.ui.window.widgets.page import ScrollPage

_ABOUT = "New pictures in these folders are made smaller. Their originals are kept for a while."
_STATE_ICONS = {"good": Icon.CHECK, "muted": Icon.STOP, "warning": Icon.PAUSE, "bad": Icon.WARNING}


class FoldersPage(ScrollPage):
    """The cards, or the settings of one folder."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._snapshot: Snapshot | None = None
        self._cards: list[FolderCard] | None = None
        self._mistake = ""
        self._saved: dict[str, tuple[int, int]] = {}
        self._open = ""

    def shown(self) -> None:
        """Read what was saved; the settings of a folder stay open."""
        self.ledger_changed()

    def update_from(self, snapshot: Snapshot) -> None:
        """The state or the settings are another."""
        self._snapshot = snapshot
        self._show_cards()

    def ledger_changed(self) -> None:
        """Read what was saved in each folder."""
        self._context.ledger.ask(lambda reader: reader.stats().folders, self._take_saved)

    def open_settings(self, path: str) -> None:
        """Show the settings of a folder."""
        assert self._snapshot is not None
        if (folder := folder_of(self._snapshot.settings, path)) is not None:
            self._show_settings(folder)

    def _show_settings(self, folder: FolderSettings) -> None:
        self._open = path = str(folder.path)
        clear(self.body)
        kit, paths = self._context.kit, self._context.paths
        back = kit.button("All folders", self._back, "ghost", Icon.BACK)
        self.body.addWidget(across(back, None))
        self.body.addWidget(kit.elided(printable(folder.path.name or path), "title"))
        self.body.addWidget(kit.elided(printable(path), "small"))
        form = folder_form(paths.config_file, folder, lambda: connect(paths.socket))
        self.body.addWidget(SettingsForm(self._context, form, self._written))
        self.to_top()
        back.setFocus()

    # -- cards

    def _show_cards(self) -> None:
        if self._snapshot is None or self._open:
            return
        cards, wrong = folder_cards(self._snapshot, self._saved), mistake(self._snapshot)
        if cards == self._cards and wrong == self._mistake:
            return
        focused = self.focusWidget()
        name = focused.objectName() if focused is not None and focused.hasFocus() else ""
        self._cards, self._mistake = cards, wrong
        clear(self.body)
        kit = self._context.kit
        add = kit.button("Add a folder", self._to_first_run, "primary", Icon.PLUS)
        self.body.addWidget(kit.heading("Folders", _ABOUT, add))
        if wrong:
            self.body.addWidget(kit.notice(wrong, "bad"))
        for card in cards:
            self.body.addWidget(self._card(card))
        if not cards and not wrong:
            self.body.addWidget(self._empty())
        if name:  # the keyboard stays where it was, on a control that was made anew
            after(self, 0, partial(self._focus, name))

    def _focus(self, name: str) -> None:
        if isinstance(found := self.findChild(QWidget, name), QWidget):
            found.setFocus()

    def _card(self, card: FolderCard) -> QFrame:
        kit = self._context.kit
        made, inside = kit.card(spacing=10)
        made.setAccessibleName(f"{card.name}, {card.state}")
        head = QWidget()
        grid = QGridLayout(head)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.addWidget(kit.mark(Icon.FOLDER, "accent", 26), 0, 0, 2, 1)
        grid.addWidget(self._title(card), 0, 1)
        grid.addWidget(kit.elided(card.place, "small"), 1, 1)
        switch = kit.switch(f"Watch {card.name}", card.enabled, lambda on: self._enable(card.path, on))
        switch.setObjectName(f"switch {card.path}")
        grid.addWidget(switch, 0, 2, 2, 1)
        grid.setColumnStretch(1, 1)
        inside.addWidget(head)
        words = stacked(kit.label(card.figures, "strong", wrap=True), kit.hint(card.about), spacing=2)
        inside.addWidget(SplitRow(words, self._actions(card), margin=0))
        if card.problem:
            steps = [(remedy.value, partial(self._apply, remedy, card)) for remedy in card.remedies]
            inside.addWidget(kit.notice(card.problem, "bad", *steps))
        if card.warning:
            inside.addWidget(kit.notice(card.warning, "warning"))
        return made

    def _title(self, card: FolderCard) -> QWidget:
        """Name and state; a long name is shortened, so that the state is always seen."""
        kit = self._context.kit
        made = QWidget()
        line = row(made, spacing=6)
        name = kit.elided(card.name, "heading")
        name.fit_content()
        line.addWidget(name)
        line.addSpacing(8)
        line.addWidget(kit.mark(_STATE_ICONS[card.tone], card.tone, 16))
        line.addWidget(kit.label(card.state, "small" if card.tone == "muted" else card.tone))
        line.addStretch(1)
        return made

    def _actions(self, card: FolderCard) -> QWidget:
        buttons = []
        for text, name, command in (
            ("Settings", f"Settings for {card.name}", self.open_settings),
            ("Open", f"Open {card.name}", self._reveal),
            ("Remove", f"Remove {card.name}", self._remove),
        ):
            button = self._context.kit.button(text, partial(command, card.path))
            button.setAccessibleName(name)
            button.setObjectName(f"{text} {card.path}")
            buttons.append(button)
        return across(*buttons)

    def _empty(self) -> QFrame:
        kit = self._context.kit
        card, inside = kit.card()
        text = "Choose a folder and see how much it would save. Nothing is changed before you decide."
        first = kit.button("Choose a folder", self._to_first_run, "primary", Icon.PLUS)
        inside.addWidget(kit.empty(Icon.FOLDER, "No folder is watched yet", text, first))
        return card

    # -- doing

    def _to_first_run(self) -> None:
        self._context.navigator.go("first-run")

    def _apply(self, remedy: Remedy, card: FolderCard) -> None:
        jobs, path = self._context.jobs, card.path
        match remedy:
            case Remedy.RESUME:
                jobs.run(lambda: self._context.daemon().resume())
            case Remedy.ORIGINALS:
                self._context.navigator.go("privacy")
            case Remedy.OUTPUT:
                self.open_settings(path)
            case Remedy.IGNORE:
                self._enable(path, False)
            case Remedy.REMOVE:
                self._remove(path)
            case Remedy.LOCATE:
                self._locate(path)

    def _locate(self, path: str) -> None:
        new = choose_folder(self._context.window, f"Where is {Path(path).name} now?", path)
        if not new or new == path:
            return
        file = self._context.paths.config_file

        def told(answer: FolderAnswer) -> None:
            text = " ".join(answer.warnings) or f"Now watching {printable(new)}."
            self._context.navigator.tell(text, "warning" if answer.warnings else "good")

        self._context.jobs.run(lambda: relocate(self._context.daemon(), file, path, new), told)

    def _enable(self, path: str, on: bool) -> None:
        self._context.jobs.run(
            lambda: self._context.daemon().enable_folder(path, on), failed=self._not_enabled
        )

    def _not_enabled(self, text: str) -> None:
        self._context.navigator.tell(text, "bad")
        self._cards = None  # the switch stands as nothing is
        self._show_cards()

    def _reveal(self, path: str) -> None:
        self._context.jobs.run(lambda: self._context.open_folder(Path(path)))

    def _remove(self, path: str) -> None:
        text = (
            f"Homepress stops watching {printable(path)}. Its pictures stay as they are, and you can still "
            "get originals back."
        )
        if confirm(self._context.window, self._context.kit, "Remove this folder?", text, "Remove"):
            self._context.jobs.run(lambda: self._context.daemon().remove_folder(path))

    def _written(self, anew: bool) -> None:
        """A setting was written: show what is filled in now, where it may be more than what was typed."""
        if anew and self._open:
            self._context.jobs.run(lambda: load(self._context.paths.config_file), self._show_anew, owner=self)

    def _show_anew(self, settings: Settings) -> None:
        if (folder := folder_of(settings, self._open)) is not None:
            self._show_settings(folder)

    def _back(self) -> None:
        self._open = ""
        self._cards = None
        self._show_cards()
        self.to_top()

    def _take_saved(self, folders: dict[str, Totals]) -> None:
        self._saved = {path: (totals.images, totals.saved_bytes) for path, totals in folders.items()}
        self._show_cards()
