"""The trial on a folder: what each quality would save there, before anything is touched."""

import contextlib
import os
import threading
import tkinter as tk
from collections.abc import Callable
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.units import counted
from homepress.control.service import FolderRequest
from homepress.desktop.autostart import autostart, autostarts
from homepress.settings import SettingsError, load_preset, preset_names
from homepress.ui.window.context import Context
from homepress.ui.window.model.snapshot import Snapshot, suggestions
from homepress.ui.window.model.trial import Estimate, FolderSample, estimate, look, sentence
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.charts import Bar
from homepress.ui.window.widgets.factory import Card, Panel, header
from homepress.ui.window.widgets.forms import FolderField
from homepress.ui.window.widgets.scrolling import ScrollPage

_HINT = "Choose a folder above; then it can be tried here what would be saved."


class TrialBox(Panel):
    """A sentence, a bar while it is working, and the button that begins.

    Attributes:
        keeps_originals: whether results replace the pictures, so that originals are kept.
    """

    def __init__(
        self,
        parent: Panel,
        context: Context,
        qualities: tuple[str, ...],
        looked: Callable[[FolderSample], object],
    ) -> None:
        """`looked` is called when it is known what is in the folder."""
        super().__init__(parent)
        self.keeps_originals = True
        self._context = context
        self._qualities = qualities
        self._looked = looked
        self._folder: Path | None = None
        self._found: FolderSample | None = None
        self._estimates: list[Estimate] = []
        self._stopped = threading.Event()  # set when the trial in progress is not wanted any more
        self.columnconfigure(0, weight=1)
        px = context.theme.px
        self._words = context.kit.flowing(self, _HINT, "muted")
        self._words.grid(row=0, column=0, sticky="we")
        self._progress = Bar(self, context.theme)
        self._button = context.kit.button(self, "Try what it would save", self._start)
        self._button.grid(row=0, column=1, sticky="ne", padx=(px(16), 0))
        self._button.state(["disabled"])

    def take(self, folder: Path | None) -> None:
        """Another folder was chosen, or none."""
        self.stop()
        self._folder, self._found, self._estimates = folder, None, []
        self._progress.grid_remove()
        self._button.state(["disabled"])
        self._words.configure(text=_HINT)
        if folder is None:
            return
        try:
            is_there = blocking.ask(folder, folder.is_dir)
        except blocking.NotAnsweringError as error:
            self._words.configure(text=blocking.silent(folder, error.since))
            return
        if not is_there:
            self._words.configure(text="This folder is new; it is made when you begin.")
            return
        self._context.jobs.run(lambda: look(folder), lambda found: self._take_found(folder, found))

    def say(self) -> None:
        """Say anew what is known."""
        if self._found is not None:
            text = sentence(self._found, self._estimates, keeps_originals=self.keeps_originals)
            self._words.configure(text=text)

    def stop(self) -> None:
        """A trial that is in progress is not wanted any more."""
        self._stopped.set()

    def _take_found(self, folder: Path, found: FolderSample) -> None:
        if folder == self._folder:  # else another was chosen meanwhile
            self._found = found
            self._button.state(["!disabled" if found.sample else "disabled"])
            self.say()
            self._looked(found)

    def _start(self) -> None:
        found = self._found
        if found is None:
            return
        self._stopped = stopped = threading.Event()
        self._estimates = []
        self._progress.grid(row=1, column=0, columnspan=2, sticky="we", pady=(self._context.theme.px(8), 0))
        self._progress.set(0)
        self._button.state(["disabled"])
        self._words.configure(text="Compressing a few pictures on trial; nothing is changed …")
        total = len(found.sample) * len(self._qualities)

        def tried(number: int) -> bool:
            self._context.mailbox.put(lambda: self._progress.set(number / total))
            return not stopped.is_set()

        def work() -> list[Estimate]:
            service = self._context.start_daemon()
            return [
                estimate(service, found, word, tried, at * len(found.sample))
                for at, word in enumerate(self._qualities)
                if not stopped.is_set()
            ]

        def done(estimates: list[Estimate]) -> None:
            if not stopped.is_set():  # else another folder was chosen meanwhile
                self._estimates = estimates
                self._ended()

        self._context.jobs.run(work, done, self._failed)

    def _ended(self) -> None:
        self._progress.grid_remove()
        self._button.state(["!disabled"])
        self.say()

    def _failed(self, text: str) -> None:
        self._ended()
        self._context.navigator.tell(text, "bad")


# The page that adds a folder: choose it, see on trial what would be saved, decide.

_FIRST = "Which pictures shall become smaller?"
_ANOTHER = "Add a folder"
_ABOUT = "Nothing is watched and nothing is changed before you press the button at the end."
_QUALITIES = (
    ("balanced", "Balanced", "Looks the same side by side. Right for nearly everything."),
    ("safe", "Safe", "Cannot be told apart even when flicking between the two. Saves less."),
)
_MODES = (("replace", "Replace, keep originals 30 days"), ("output", "Write to another folder"))
_ANYTHING = ("", "Anything")
_USUAL = "Settings that are right for most pictures."


def make(parent: tk.Misc, context: Context) -> "FirstRunPage":
    """Make the page."""
    return FirstRunPage(parent, context)


class FirstRunPage(ScrollPage):
    """One form from top to bottom."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context.theme)
        self._context = context
        self._login = False  # it begins at login only where a person switches that on
        self._usual_quality = _QUALITIES[0][0]
        kit, px = context.kit, context.theme.px
        self.inside.configure(padding=(px(32), px(28), px(32), px(10)))
        self.inside.columnconfigure(0, weight=1)
        self._head = Panel(self.inside)
        self._head.columnconfigure(0, weight=1)
        self._head.grid(row=0, column=0, sticky="we", pady=(0, px(12)))
        header(self._head, kit, _FIRST, _ABOUT).grid(row=0, column=0, sticky="we")
        steps = (self._make_folder(), self._make_kind(), self._make_quality(), self._make_end())
        for row, card in enumerate(steps, 1):
            card.grid(row=row, column=0, sticky="we", pady=(0, px(10)))

    def shown(self) -> None:
        """Put the keyboard on the folder; offer the start at login only where it is off."""
        self._folder.focus_set()
        self.to_top()
        self._context.jobs.run(lambda: autostart().state().on, self._login_is_on)

    def left(self) -> None:
        """Nobody waits for a trial any more."""
        self._trial.stop()

    def update_from(self, snapshot: Snapshot) -> None:
        """The first folder is asked for in other words than a further one."""
        for child in self._head.winfo_children():
            child.destroy()
        kit = self._context.kit
        more = bool(snapshot.settings.folders)
        top = header(self._head, kit, _ANOTHER if more else _FIRST, _ABOUT)
        top.grid(row=0, column=0, sticky="we")
        if more:
            back = kit.button(
                top, "All folders", lambda: self._context.navigator.go("folders"), "ghost", Icon.BACK
            )
            back.grid(row=0, column=1)

    def ledger_changed(self) -> None:
        """Nothing here depends on the ledger."""

    # -- building

    def _make_folder(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = self._step("1", "The folder")
        quick = Panel(card)
        quick.grid(row=1, column=1, sticky="w", pady=px(8))
        for at, (name, path) in enumerate(suggestions(Path.home())):
            button = kit.button(quick, name, lambda p=path: self._suggest(p))  # type: ignore[misc]
            button.grid(row=0, column=at, padx=(px(8) if at else 0, 0))
        self._folder = FolderField(card, self._context, "", self._folder_changed, 44)
        self._folder.grid(row=2, column=1, sticky="we")
        self._wrong = kit.label(card, "A full path is needed, such as ~/Pictures/Homepress.", "bad")
        self._existing = False
        self._existing_row = Panel(card)
        return card

    def _make_kind(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = self._step("2", "What is in it, and where results go")
        names = [(name, name.capitalize()) for name in preset_names(self._context.paths.presets_dir)]
        row, self._preset = kit.segments(card, (_ANYTHING, *names), "", self._preset_chosen)
        row.grid(row=1, column=1, sticky="w", pady=(px(8), px(4)))
        self._preset_words = kit.flowing(card, _USUAL)
        self._preset_words.grid(row=2, column=1, sticky="we", pady=(0, px(10)))
        row, self._mode = kit.segments(card, _MODES, "replace", self._mode_changed)
        row.grid(row=3, column=1, sticky="w")
        self._output = FolderField(card, self._context, "", lambda _: None, 44)
        return card

    def _make_quality(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = self._step("3", "The quality")
        choices = [(word, title) for word, title, _ in _QUALITIES]
        row, self._quality = kit.segments(card, choices, "balanced", self._quality_changed)
        row.grid(row=1, column=1, sticky="w", pady=(px(8), px(4)))
        self._quality_words = kit.flowing(card, _QUALITIES[0][2])
        self._quality_words.grid(row=2, column=1, sticky="we", pady=(0, px(8)))
        words = tuple(word for word, _, _ in _QUALITIES)
        self._trial = TrialBox(card, self._context, words, self._looked)
        self._trial.grid(row=3, column=1, sticky="we")
        return card

    def _make_end(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = self._step("4", "Begin")
        self._login_row = kit.switch(card, False, self._login_changed, "Start at login")
        self._login_row.grid(row=1, column=2, sticky="e", pady=(px(8), 0))
        self._begin = kit.button(card, "Watch this folder", self._start, "primary")
        self._begin.grid(row=1, column=1, sticky="w", pady=(px(8), 0))
        self._begin.state(["disabled"])
        return card

    def _step(self, number: str, title: str) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self.inside, self._context.theme, (22, 12))
        card.columnconfigure(0, minsize=px(36))
        card.columnconfigure(1, weight=1)
        kit.label(card, number, "figure").grid(row=0, column=0, rowspan=2, sticky="nw")
        kit.label(card, title, "heading").grid(row=0, column=1, sticky="w")
        return card

    # -- choosing

    def _suggest(self, path: Path) -> None:
        self._folder.set(str(path))
        self._folder_changed(str(path))

    def _folder_changed(self, text: str) -> None:
        folder = Path(os.path.expanduser(text.strip()))
        usable = bool(text.strip()) and folder.is_absolute()
        self._begin.state(["!disabled" if usable else "disabled"])
        self._existing_row.grid_remove()
        if text.strip() and not usable:
            self._wrong.grid(row=3, column=1, sticky="w", pady=(self._context.theme.px(6), 0))
        else:
            self._wrong.grid_remove()
        self._trial.take(folder if usable else None)

    def _looked(self, found: FolderSample) -> None:
        """Offer to compress what is there already."""
        if not found.pictures:
            return
        for child in self._existing_row.winfo_children():
            child.destroy()
        self._existing = False
        number = ("more than " if found.more else "") + counted(found.pictures, "picture")
        there = "that is" if found.pictures == 1 else "that are"
        text = f"Make the {number} {there} in it now smaller too"
        switch = self._context.kit.switch(self._existing_row, False, self._existing_changed, text)
        switch.grid(row=0, column=0, sticky="w")
        self._existing_row.grid(row=4, column=1, sticky="w", pady=(self._context.theme.px(10), 0))

    def _existing_changed(self, on: bool) -> None:
        self._existing = on

    def _preset_chosen(self, name: str) -> None:
        text, quality = _USUAL, "balanced"
        if name:
            try:
                preset = load_preset(name, self._context.paths.presets_dir)
            except (LookupError, SettingsError) as error:
                self._context.navigator.tell(str(error), "bad")
                return
            text, quality = preset.description, str(preset.values.get("quality", quality))
        self._preset_words.configure(text=text)
        self._usual_quality = quality
        self._quality.set(quality)
        self._quality_changed(quality)

    def _mode_changed(self, mode: str) -> None:
        if mode == "output":
            self._output.grid(row=4, column=1, sticky="we", pady=(self._context.theme.px(8), 0))
            if not self._output.text and self._folder.text:
                self._output.set(f"{self._folder.text.rstrip('/')}-smaller")
        else:
            self._output.grid_remove()
        self._trial.keeps_originals = mode == "replace"
        self._trial.say()

    def _quality_changed(self, quality: str) -> None:
        words = {word: text for word, _, text in _QUALITIES}
        self._quality_words.configure(text=words.get(quality, f"The preset says: {quality}."))

    def _login_changed(self, on: bool) -> None:
        self._login = on

    def _login_is_on(self, on: bool) -> None:
        if on:
            self._login = False  # nothing is left to be done
            self._login_row.grid_remove()

    # -- the end

    def _start(self) -> None:
        self._trial.stop()
        folder = os.path.expanduser(self._folder.text.strip())
        request = FolderRequest(
            path=folder,
            output=os.path.expanduser(self._output.text.strip()) if self._mode.get() == "output" else "",
            preset=self._preset.get(),
            quality="" if self._quality.get() == self._usual_quality else self._quality.get(),
            existing="compress" if self._existing else "leave",
        )
        login = self._login
        self._begin.state(["disabled"])

        def work() -> list[str]:
            with contextlib.suppress(NotAnsweringError):  # then it is added, and watched when it answers
                blocking.ask(Path(folder), partial(os.makedirs, folder, exist_ok=True))
            answer = self._context.start_daemon().add_folder(request)
            if login:
                autostarts()[0].enable()
            return answer.warnings

        self._context.jobs.run(work, self._started, self._not_started)

    def _started(self, warnings: list[str]) -> None:
        self._folder.set("")
        self._folder_changed("")
        self._context.navigator.go("folders")
        text = " ".join(warnings) or "It is watched now. Put a picture into it and see what happens."
        self._context.navigator.tell(text, "warning" if warnings else "good")

    def _not_started(self, text: str) -> None:
        self._begin.state(["!disabled"])
        self._context.navigator.tell(text, "bad")
