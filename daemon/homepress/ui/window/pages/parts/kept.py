"""What is kept on this computer, where, and how to be rid of it."""

import time
from pathlib import Path
from tkinter import ttk

from homepress.control.service import OriginalOutcome, OriginalsRequest
from homepress.ui.window.context import Context
from homepress.ui.window.model.privacy import forgotten, kept, moment_before
from homepress.ui.window.widgets.confirm import confirm
from homepress.ui.window.widgets.folderfield import FolderField
from homepress.ui.window.widgets.kit import Card, Panel
from homepress.ui.words import counted, shown, size

_KEPT_WITH = (
    "No name is left behind, only a keyed hash, so that nothing is compressed twice. "
    "What can still be undone is not forgotten: accept or undo that first."
)


class KeptCard(Card):
    """A line for each thing that is kept; the originals can be deleted, names be forgotten.

    Attributes:
        originals_bytes: what the kept originals occupy; told by the daemon.
    """

    def __init__(self, parent: Panel, context: Context) -> None:
        super().__init__(parent, context.theme)
        self._context = context
        self.originals_bytes = 0
        self._sizes: list[ttk.Label] = []
        kit, px = context.kit, context.theme.px
        self.columnconfigure(0, weight=1)
        title = kit.label(self, "What is kept, and where", "heading")
        title.grid(row=0, column=0, sticky="w", pady=(0, px(4)))
        for row, thing in enumerate(kept(context.paths, 0)):
            words = Panel(self)
            words.grid(row=2 * row + 1, column=0, sticky="we", pady=px(6))
            kit.label(words, thing.name, "strong").grid(row=0, column=0, sticky="w")
            kit.label(words, thing.about, "small").grid(row=1, column=0, sticky="w")
            self._sizes.append(kit.label(words, thing.words, "small"))
            self._sizes[-1].grid(row=2, column=0, sticky="w")
        accept = kit.button(self, "Delete all originals", self._accept, "danger")
        accept.grid(row=1, column=1, sticky="e")
        everything = kit.button(self, "Forget all names", self._forget_all, "danger")
        everything.grid(row=3, column=1, sticky="e")
        self._make_forget().grid(row=4, column=0, columnspan=2, sticky="we", pady=(0, px(8)))

    def show_sizes(self) -> None:
        """Say anew how large everything is."""
        for label, thing in zip(self._sizes, kept(self._context.paths, self.originals_bytes), strict=True):
            label.configure(text=thing.words)

    # -- originals

    def _accept(self) -> None:
        amount = size(self.originals_bytes)
        text = f"{amount} are freed. The results stay, but no original can be brought back afterwards."
        if not confirm(self._context, "Delete all originals?", text, "Delete all originals"):
            return
        self._context.jobs.run(
            lambda: list(self._context.daemon().accept_originals(OriginalsRequest(all=True))), self._accepted
        )

    def _accepted(self, outcomes: list[OriginalOutcome]) -> None:
        failed = sum(outcome.outcome == "failed" for outcome in outcomes)
        done = counted(len(outcomes) - failed, "original")
        text = f"{done} deleted." + (f" {failed} could not be." if failed else "")
        self._context.navigator.tell(text, "warning" if failed else "good")

    # -- names

    def _make_forget(self) -> Panel:
        """Two lines: names of a picture or folder, and names before a day."""
        kit, px = self._context.kit, self._context.theme.px
        place = Panel(self)
        place.columnconfigure(1, weight=1)
        kit.label(place, "Forget the names in", "small").grid(row=0, column=0, sticky="w")
        self._path = FolderField(place, self._context, "", self._path_changed)
        self._path.grid(row=0, column=1, sticky="we", padx=px(8))
        self._by_path = kit.button(place, "Forget", self._forget_path, "danger")
        self._by_path.grid(row=0, column=2)
        kit.label(place, "Forget all before", "small").grid(row=1, column=0, sticky="w", pady=(px(8), 0))
        date = Panel(place)
        date.grid(row=1, column=1, sticky="w", padx=px(8), pady=(px(8), 0))
        entry, self._day = kit.entry(date, "", 14)
        entry.grid(row=0, column=0)
        entry.bind("<KeyRelease>", lambda _: self._day_changed())
        self._day_words = kit.label(date, "", "small")
        self._day_words.grid(row=0, column=1, padx=px(8))
        self._by_day = kit.button(place, "Forget", self._forget_before, "danger")
        self._by_day.grid(row=1, column=2, pady=(px(8), 0))
        self._path_changed("")
        self._day_changed()
        return place

    def _path_changed(self, text: str) -> None:
        usable = Path(text.strip()).expanduser().is_absolute() if text.strip() else False
        self._by_path.state(["!disabled" if usable else "disabled"])

    def _day_changed(self) -> None:
        moment, words = moment_before(self._day.get(), time.time())
        self._day_words.configure(text=words)
        self._by_day.state(["disabled" if moment is None else "!disabled"])

    def _forget_path(self) -> None:
        path = str(Path(self._path.text.strip()).expanduser())
        self._ask(f"Forget the names in {shown(path)}?", path, None)

    def _forget_before(self) -> None:
        moment, _ = moment_before(self._day.get(), time.time())
        if moment is not None:
            self._ask(f"Forget all names before {self._day.get().strip()}?", "", moment)

    def _forget_all(self) -> None:
        self._ask("Forget all names in the history?", "", None)

    def _ask(self, question: str, path: str, before: float | None) -> None:
        if confirm(self._context, question, _KEPT_WITH, "Forget"):
            tell = self._context.navigator.tell
            self._context.jobs.run(
                lambda: self._context.daemon().forget(path, before),
                lambda number: tell(forgotten(number), "good" if number else "warning"),
            )
