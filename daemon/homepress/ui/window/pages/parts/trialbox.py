"""The trial on a folder: what each quality would save there, before anything is touched."""

import threading
from collections.abc import Callable
from pathlib import Path

from homepress.base import blocking
from homepress.ui.window.context import Context
from homepress.ui.window.model.trial import Estimate, Found, estimate, look, sentence
from homepress.ui.window.widgets.bar import Bar
from homepress.ui.window.widgets.kit import Panel

_HINT = "Choose a folder above; then it can be tried here what would be saved."


class TrialBox(Panel):
    """A sentence, a bar while it is working, and the button that begins.

    Attributes:
        keeps_originals: whether results replace the pictures, so that originals are kept.
    """

    def __init__(
        self, parent: Panel, context: Context, qualities: tuple[str, ...], looked: Callable[[Found], object]
    ) -> None:
        """`looked` is called when it is known what is in the folder."""
        super().__init__(parent)
        self.keeps_originals = True
        self._context = context
        self._qualities = qualities
        self._looked = looked
        self._folder: Path | None = None
        self._found: Found | None = None
        self._estimates: list[Estimate] = []
        self._stopped = threading.Event()  # set when the trial under way is not wanted any more
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
        """A trial that is under way is not wanted any more."""
        self._stopped.set()

    def _take_found(self, folder: Path, found: Found) -> None:
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
