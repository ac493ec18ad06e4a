"""The page of the first run: choose a folder, see on trial what would be saved, decide."""

import os
import threading
import tkinter as tk
from pathlib import Path

from homepress.control.service import FolderRequest
from homepress.desktop.autostart import autostarts
from homepress.ui.window.context import Context
from homepress.ui.window.model.snapshot import Snapshot, suggestions
from homepress.ui.window.model.trial import Estimate, Found, estimate, look, sentence
from homepress.ui.window.widgets.bar import Bar
from homepress.ui.window.widgets.folderfield import FolderField
from homepress.ui.window.widgets.head import head
from homepress.ui.window.widgets.kit import Card, Panel
from homepress.ui.window.widgets.scroll import ScrollPage

_ABOUT = "Choose a folder. Nothing is watched and nothing is changed before you press the button at the end."
_QUALITIES = (
    ("balanced", "Balanced", "Looks the same side by side. Right for nearly everything."),
    ("safe", "Safe", "Cannot be told apart even when flicking between the two. Saves less."),
)
_TRIED = tuple(word for word, _, _ in _QUALITIES)
_MODES = (("replace", "Replace, keep originals 30 days"), ("output", "Write to another folder"))


def make(parent: tk.Misc, context: Context) -> "FirstRunPage":
    """Make the page."""
    return FirstRunPage(parent, context)


class FirstRunPage(ScrollPage):
    """One form from top to bottom."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context.theme)
        self._context = context
        self._found: Found | None = None
        self._estimates: list[Estimate] = []
        self._trial = threading.Event()  # set when the trial under way is not wanted any more
        kit, px = context.kit, context.theme.px
        self.inside.configure(padding=(px(32), px(28)))
        self.inside.columnconfigure(0, weight=1)
        head(self.inside, kit, "Which pictures shall become smaller?", _ABOUT).grid(
            row=0, column=0, sticky="we", pady=(0, px(16))
        )
        for row, card in enumerate(
            (self._make_folder(), self._make_mode(), self._make_quality(), self._make_end()), 1
        ):
            card.grid(row=row, column=0, sticky="we", pady=(0, px(12)))

    def shown(self) -> None:
        """Put the keyboard on the folder."""
        self._folder.focus_set()

    def update_from(self, snapshot: Snapshot) -> None:
        """Nothing here depends on the daemon."""

    def ledger_changed(self) -> None:
        """Nor on the ledger."""

    # -- building

    def _make_folder(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = self._step("1", "The folder")
        quick = Panel(card)
        quick.grid(row=1, column=1, sticky="w", pady=(px(8), px(4)))
        for at, (name, path) in enumerate(suggestions(Path.home())):
            kit.button(quick, name, lambda p=path: self._suggest(p)).grid(row=0, column=at)  # type: ignore[misc]
        self._folder = FolderField(card, self._context, "", self._folder_changed, 44)
        self._folder.grid(row=2, column=1, sticky="we")
        self._trial_words = kit.flowing(card, "", "muted")
        self._trial_words.grid(row=3, column=1, sticky="we", pady=(px(8), 0))
        self._progress = Bar(card, self._context.theme)
        self._try = kit.button(card, "Try what it would save", self._start_trial)
        self._try.grid(row=5, column=1, sticky="w", pady=(px(8), 0))
        self._try.state(["disabled"])
        return card

    def _make_mode(self) -> Card:
        px = self._context.theme.px
        card = self._step("2", "The results")
        row, self._mode = self._context.kit.segments(card, _MODES, "replace", self._mode_changed)
        row.grid(row=1, column=1, sticky="w", pady=(px(8), 0))
        self._output = FolderField(card, self._context, "", lambda _: None, 44)
        return card

    def _make_quality(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = self._step("3", "The quality")
        choices = [(word, title) for word, title, _ in _QUALITIES]
        row, self._quality = kit.segments(card, choices, "balanced", self._quality_changed)
        row.grid(row=1, column=1, sticky="w", pady=(px(8), px(4)))
        self._quality_words = kit.flowing(card, _QUALITIES[0][2])
        self._quality_words.grid(row=2, column=1, sticky="we")
        return card

    def _make_end(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = self._step("4", "Begin")
        self._login = True
        switch = kit.switch(card, True, self._login_changed, " Start at login")
        switch.grid(row=1, column=1, sticky="w", pady=(px(8), px(10)))
        self._begin = kit.button(card, "Watch this folder", self._start, "primary")
        self._begin.grid(row=2, column=1, sticky="w")
        self._begin.state(["disabled"])
        return card

    def _step(self, number: str, title: str) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self.inside, self._context.theme, (22, 16))
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
        self._trial.set()
        self._found = None
        self._estimates = []
        self._progress.grid_remove()
        folder = Path(os.path.expanduser(text.strip()))
        usable = bool(text.strip()) and folder.is_absolute()
        self._begin.state(["!disabled" if usable else "disabled"])
        self._try.state(["!disabled" if usable and folder.is_dir() else "disabled"])
        if not usable:
            self._trial_words.configure(
                text="A full path, such as ~/Pictures/Homepress." if text.strip() else ""
            )
            return
        if not folder.is_dir():
            self._trial_words.configure(text="This folder is new; it is made when you begin.")
            return
        self._context.jobs.run(lambda: look(folder), lambda found: self._looked(text, found))

    def _looked(self, text: str, found: Found) -> None:
        if text == self._folder.text:
            self._found = found
            self._say()

    def _mode_changed(self, mode: str) -> None:
        if mode == "output":
            self._output.grid(row=2, column=1, sticky="we", pady=(self._context.theme.px(8), 0))
            if not self._output.text and self._folder.text:
                self._output.set(f"{self._folder.text.rstrip('/')}-smaller")
        else:
            self._output.grid_remove()
        self._say()

    def _quality_changed(self, quality: str) -> None:
        self._quality_words.configure(text=next(text for word, _, text in _QUALITIES if word == quality))

    def _login_changed(self, on: bool) -> None:
        self._login = on

    def _say(self) -> None:
        if self._found is not None:
            keeps = self._mode.get() == "replace"
            self._trial_words.configure(text=sentence(self._found, self._estimates, keeps_originals=keeps))

    # -- the trial

    def _start_trial(self) -> None:
        found = self._found
        if found is None or not found.sample:
            return
        self._trial = stopped = threading.Event()
        self._estimates = []
        self._progress.grid(row=4, column=1, sticky="we", pady=(self._context.theme.px(8), 0))
        self._progress.set(0)
        self._try.state(["disabled"])
        self._trial_words.configure(text="Compressing a few pictures on trial; nothing is changed …")
        total = len(found.sample) * len(_TRIED)

        def tried(number: int) -> bool:
            self._context.mailbox.put(lambda: self._progress.set(number / total))
            return not stopped.is_set()

        def work() -> list[Estimate]:
            service = self._context.start_daemon()
            return [
                estimate(service, found, word, tried, at * len(found.sample))
                for at, word in enumerate(_TRIED)
                if not stopped.is_set()
            ]

        def done(estimates: list[Estimate]) -> None:
            if stopped.is_set():
                return  # another folder was chosen meanwhile
            self._estimates = estimates
            self._trial_ended()

        self._context.jobs.run(work, done, self._trial_failed)

    def _trial_ended(self) -> None:
        self._progress.grid_remove()
        self._try.state(["!disabled"])
        self._say()

    def _trial_failed(self, text: str) -> None:
        self._trial_ended()
        self._context.navigator.tell(text, "bad")

    # -- the end

    def _start(self) -> None:
        self._trial.set()
        folder = os.path.expanduser(self._folder.text.strip())
        output = os.path.expanduser(self._output.text.strip()) if self._mode.get() == "output" else ""
        request = FolderRequest(path=folder, output=output, quality=self._quality.get())
        login = self._login
        self._begin.state(["disabled"])

        def work() -> list[str]:
            os.makedirs(folder, exist_ok=True)
            answer = self._context.start_daemon().add_folder(request)
            if login:
                autostarts()[0].enable()
            return answer.warnings

        self._context.jobs.run(work, self._started, self._not_started)

    def _started(self, warnings: list[str]) -> None:
        self._begin.state(["!disabled"])
        self._context.navigator.go("folders")
        text = " ".join(warnings) or "It is watched now. Put a picture into it and see what happens."
        self._context.navigator.tell(text, "warning" if warnings else "good")

    def _not_started(self, text: str) -> None:
        self._begin.state(["!disabled"])
        self._context.navigator.tell(text, "bad")
