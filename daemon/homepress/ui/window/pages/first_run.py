"""The page that adds a folder: choose it, see what would be saved, decide. Nothing on it moves meanwhile."""

import contextlib
import os
import threading
import time
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.units import size
from homepress.control.service import FolderRequest
from homepress.desktop.autostart import autostart, autostarts
from homepress.settings import SettingsError, load_preset, preset_names
from homepress.ui.window.context import Context
from homepress.ui.window.model.snapshot import Snapshot, suggestions
from homepress.ui.window.model.trial import (
    Estimate,
    FolderSample,
    estimate,
    found_words,
    left_words,
    look,
    saving_words,
)
from homepress.ui.window.model.wording import PRESETS
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.controls import show_checked
from homepress.ui.window.widgets.dialogs import FolderField
from homepress.ui.window.widgets.factory import across, announce, column, stacked
from homepress.ui.window.widgets.options import Option, OptionCards
from homepress.ui.window.widgets.page import ScrollPage

_FIRST = "Which pictures should Homepress shrink?"
_ANOTHER = "Add a folder"
_ABOUT = "Nothing is watched and nothing is changed before you press the button at the end."
_QUALITIES = (
    Option("safe", "Safe", "No difference, even when you switch between the two."),
    Option("balanced", "Balanced", "Looks the same side by side. Right for nearly everything."),
    Option("small", "Small", "No visible faults unless you compare with the original."),
)
_USUAL = "balanced"
_MODES = (("replace", "Replace pictures"), ("output", "Save to another folder"))
_KEPT = "Originals are kept for 30 days, so that you can undo."
_NOT_FULL = "Type a full path, such as ~/Pictures/Homepress."


class SavingsTrial(QWidget):
    """A button that begins, a line that says how far it is, and the bar; what it finds is on the cards."""

    def __init__(self, context: Context, cards: OptionCards) -> None:
        super().__init__()
        self._context = context
        self._cards = cards
        self._folder: Path | None = None
        self._found: FolderSample | None = None
        self._stopped = threading.Event()  # set when the trial in progress is not wanted any more
        kit = context.kit
        inside = column(self, spacing=6)
        self._button = kit.button("See what it would save", self._press)
        self._words = kit.hint(" ")
        inside.addWidget(across(self._button, self._words, fill=self._words, spacing=12))
        self._progress = kit.progress("Trial")
        self._progress.hide()
        inside.addWidget(self._progress)
        self.take(None, None)

    def take(self, folder: Path | None, found: FolderSample | None) -> None:
        """Another folder was chosen, or it is known now what is in it."""
        self.stop()
        self._folder, self._found = folder, found
        for option in _QUALITIES:
            self._cards.show_figure(option.value, "")
        self._words.setText("A few of the pictures are compressed to find out; nothing is changed.")
        self._button.setEnabled(found is not None and bool(found.sample))

    def stop(self) -> None:
        """A trial that is in progress is not wanted any more."""
        self._stopped.set()
        self._progress.hide()
        self._button.setText("See what it would save")

    def _press(self) -> None:
        if self._progress.isHidden():
            self._start()
        else:
            self.stop()
            self._words.setText("Cancelled. Nothing was changed.")

    def _start(self) -> None:
        if (found := self._found) is None:
            return
        self._stopped = stopped = threading.Event()
        self._progress.setValue(0)
        self._progress.show()
        self._button.setText("Cancel")
        total, begin = len(found.sample) * len(_QUALITIES), time.monotonic()
        post = self._context.main.post

        def tried(number: int) -> bool:
            seconds = time.monotonic() - begin
            post(lambda: None if stopped.is_set() else self._show_progress(number, total, seconds))
            return not stopped.is_set()

        def work() -> int:
            service = self._context.start_daemon()
            most = 0
            for at, option in enumerate(_QUALITIES):
                made = estimate(service, found, option.value, tried, at * len(found.sample))
                if stopped.is_set():
                    break
                most = max(most, made.originals)
                post(partial(self._show, stopped, found, made))
            return most

        def done(originals: int) -> None:
            if not stopped.is_set():
                self._end(originals)

        self._context.jobs.run(work, done, self._failed, owner=self)

    def _show_progress(self, number: int, total: int, seconds: float) -> None:
        self._progress.setValue(round(1000 * number / total))
        self._words.setText(left_words(number, total, seconds))

    def _show(self, stopped: threading.Event, found: FolderSample, made: Estimate) -> None:
        if not stopped.is_set():
            self._cards.show_figure(made.quality, saving_words(found, made))

    def _end(self, originals: int) -> None:
        self.stop()
        text = f"Nothing was changed. Until they expire, originals would need {size(originals)}."
        self._words.setText(text)
        announce(self, text)

    def _failed(self, text: str) -> None:
        self.stop()
        self._context.navigator.tell(text, "bad")


class FirstRunPage(ScrollPage):
    """One form from top to bottom."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._folder_path: Path | None = None
        self._usual_quality = self._quality = _USUAL
        self._mode = "replace"
        kit = context.kit
        self._back = kit.button("All folders", lambda: context.navigator.go("folders"), "ghost", Icon.BACK)
        self._back.hide()
        self._head = kit.heading(_FIRST, _ABOUT, self._back)
        self.body.addWidget(self._head)
        for number, (title, fill) in enumerate(
            (
                ("The folder", self._fill_folder),
                ("Where results go", self._fill_results),
                ("The quality", self._fill_quality),
                ("Start", self._fill_end),
            ),
            1,
        ):
            card, inside = kit.card(spacing=8)
            inside.addWidget(kit.label(f"{number}  {title}", "heading"))
            fill(inside)
            self.body.addWidget(card)

    def shown(self) -> None:
        """Put the keyboard on the folder; offer the start at login only where it is off."""
        self._folder.entry.setFocus()
        self.to_top()
        self._context.jobs.run(lambda: autostart().state().on, self._login_is_on)

    def left(self) -> None:
        """Nobody waits for a trial any more."""
        self._trial.stop()

    def update_from(self, snapshot: Snapshot) -> None:
        """The first folder is asked for in other words than a further one."""
        more = bool(snapshot.settings.folders)
        self._head.title.setText(_ANOTHER if more else _FIRST)
        self._back.setVisible(more)

    # -- building

    def _fill_folder(self, inside: QVBoxLayout) -> None:
        kit = self._context.kit
        quick = [
            kit.button(name, partial(self._choose_folder, str(path)))
            for name, path in suggestions(Path.home())
        ]
        inside.addWidget(across(*quick, None))
        self._folder = FolderField(kit, "Folder to watch", "", self._folder_changed)
        inside.addWidget(self._folder)
        self._folder_words = kit.hint(" ")
        inside.addWidget(self._folder_words)
        self._existing = kit.switch("Also compress the pictures already there", False, lambda _: None)
        self._existing_row = kit.form_row(
            "Also compress the pictures already there",
            "Otherwise only new pictures are compressed.",
            self._existing,
        )
        self._existing_row.setEnabled(False)
        inside.addWidget(self._existing_row)

    def _fill_results(self, inside: QVBoxLayout) -> None:
        kit = self._context.kit
        inside.addWidget(kit.segments("Where results go", _MODES, self._mode, self._mode_changed))
        self._output = FolderField(kit, "Folder for results", "", lambda _: None)
        self._place = QStackedWidget()  # as high as the field, whichever of both is seen
        self._place.addWidget(stacked(kit.hint(_KEPT)))
        self._place.addWidget(self._output)
        inside.addWidget(self._place)

    def _fill_quality(self, inside: QVBoxLayout) -> None:
        kit = self._context.kit
        names = ["", *preset_names(self._context.paths.presets_dir)]
        options = [(name, PRESETS.get(name, name.capitalize()) if name else "Any pictures") for name in names]
        self._preset = kit.choice("What is in the folder", options, "", self._preset_chosen)
        self._preset_row = kit.form_row("What is in the folder", " ", self._preset)
        inside.addWidget(self._preset_row)
        self._cards = OptionCards(kit, "Quality", _QUALITIES, _USUAL, self._quality_chosen)
        inside.addWidget(self._cards)
        self._trial = SavingsTrial(self._context, self._cards)
        inside.addWidget(self._trial)
        self._preset_chosen("")

    def _fill_end(self, inside: QVBoxLayout) -> None:
        kit = self._context.kit
        self._login = kit.switch("Start automatically at login", False, lambda _: None)
        self._login_row = kit.form_row("Start automatically at login", "", self._login)
        inside.addWidget(self._login_row)
        self._begin = kit.button("Watch this folder", self._start, "primary")
        self._begin.setEnabled(False)
        inside.addWidget(across(self._begin, None))

    # -- choosing

    def _choose_folder(self, path: str) -> None:
        self._folder.set(path)
        self._folder_changed(path)

    def _folder_changed(self, text: str) -> None:
        folder = Path(os.path.expanduser(text.strip()))
        usable = bool(text.strip()) and folder.is_absolute()
        self._folder_path = folder if usable else None
        self._begin.setEnabled(usable)
        self._existing_row.setEnabled(False)
        show_checked(self._existing, False)
        self._trial.take(None, None)
        if not usable:
            self._folder_words.setText(_NOT_FULL if text.strip() else " ")
            return
        try:
            is_there = blocking.ask(folder, folder.is_dir)
        except blocking.NotAnsweringError as error:
            self._folder_words.setText(blocking.silent(folder, error.since))
            return
        if is_there:
            self._context.jobs.run(lambda: look(folder), partial(self._take_found, folder), owner=self)
        else:
            self._folder_words.setText("This folder is new; Homepress creates it when you start.")

    def _take_found(self, folder: Path, found: FolderSample) -> None:
        if folder != self._folder_path:
            return  # another was chosen meanwhile
        self._folder_words.setText(found_words(found))
        self._existing_row.setEnabled(bool(found.pictures))
        self._trial.take(folder, found)

    def _preset_chosen(self, name: str) -> None:
        text, quality = "Settings that are right for most pictures.", _USUAL
        if name:
            try:
                preset = load_preset(name, self._context.paths.presets_dir)
            except (LookupError, SettingsError) as error:
                self._context.navigator.tell(str(error), "bad")
                return
            text, quality = preset.description, str(preset.values.get("quality", quality))
        if quality not in [option.value for option in _QUALITIES]:
            text += f" {quality_line(quality)}"
        self._preset_row.about.setText(text)
        self._usual_quality = self._quality = quality
        self._cards.choose(quality)

    def _mode_changed(self, mode: str) -> None:
        self._mode = mode
        self._place.setCurrentIndex(int(mode == "output"))
        if mode == "output" and not self._output.text and self._folder.text:
            self._output.set(f"{self._folder.text.rstrip('/')}-smaller")

    def _quality_chosen(self, quality: str) -> None:
        self._quality = quality

    def _login_is_on(self, on: bool) -> None:
        if on:
            show_checked(self._login, False)  # nothing is left to be done
            self._login_row.hide()

    # -- the end

    def _start(self) -> None:
        self._trial.stop()
        folder = os.path.expanduser(self._folder.text.strip())
        request = FolderRequest(
            path=folder,
            output=os.path.expanduser(self._output.text.strip()) if self._mode == "output" else "",
            preset=str(self._preset.currentData() or ""),
            quality="" if self._quality == self._usual_quality else self._quality,
            existing="compress" if self._existing.isChecked() else "leave",
        )
        login = self._login.isChecked()
        self._begin.setEnabled(False)

        def work() -> list[str]:
            with contextlib.suppress(NotAnsweringError):  # then it is added, and watched when it answers
                blocking.ask(Path(folder), partial(os.makedirs, folder, exist_ok=True))
            answer = self._context.start_daemon().add_folder(request)
            if login:
                autostarts()[0].enable()
            return answer.warnings

        self._context.jobs.run(work, self._started, self._not_started)

    def _started(self, warnings: list[str]) -> None:
        self._choose_folder("")
        self._context.navigator.go("folders")
        text = " ".join(warnings) or "Now watching. Drop a picture in to see it work."
        self._context.navigator.tell(text, "warning" if warnings else "good")

    def _not_started(self, text: str) -> None:
        self._begin.setEnabled(True)
        self._context.navigator.tell(text, "bad")


def quality_line(quality: str) -> str:
    """What is said of a quality that has no card."""
    return "Every pixel stays." if quality == "lossless" else f"Quality {quality}."
