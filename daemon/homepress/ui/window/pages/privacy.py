"""What is stored on this computer, where, and how to be rid of it."""

import os
import time
import tkinter as tk
from pathlib import Path
from tkinter import ttk

from msgspec.structs import replace

from homepress.base.results import OriginalOutcome, ProbedProcess
from homepress.base.units import counted, size
from homepress.control import probe_server
from homepress.control.service import OriginalsRequest, ServiceError
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.privacy import (
    Door,
    Tried,
    forgotten,
    moment_before,
    reports,
    stored_data,
    verdict_of_all,
)
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.factory import Card, Panel, Role, header
from homepress.ui.window.widgets.forms import FolderField, confirm
from homepress.ui.window.widgets.scrolling import ScrollPage

_KEPT_WITH = (
    "No name is left behind, only a keyed hash, so that nothing is compressed twice. "
    "What can still be undone is not forgotten: accept or undo that first."
)


class KeptCard(Card):
    """A line for each thing that is stored; the originals can be deleted, names be forgotten.

    Attributes:
        originals_bytes: what the stored originals occupy, as the daemon says.
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
        for row, thing in enumerate(stored_data(context.paths, 0)):
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
        for label, thing in zip(
            self._sizes, stored_data(self._context.paths, self.originals_bytes), strict=True
        ):
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
        self._ask(f"Forget the names in {printable(path)}?", path, None)

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


# What daemon, workers, tray and this window reported when they tried every way to a network.

_MARKS: dict[str, tuple[Icon, Role]] = {
    "refused": (Icon.CHECK, "good"),
    "local only": (Icon.SAME, "small"),
    "its work": (Icon.SAME, "small"),
    "open": (Icon.WARNING, "bad"),
}


class Reports(Panel):
    """A sentence on all of them, then a card for each, its lines on demand."""

    def __init__(self, parent: Panel, context: Context) -> None:
        super().__init__(parent)
        self._context = context
        self._asked = False
        self.columnconfigure(0, weight=1)

    def ask_once(self) -> None:
        """Have the processes try, unless they did."""
        if not self._asked:
            self.ask()

    def ask(self) -> None:
        """Have the processes try."""
        self._asked = True
        self._say("Asking each process to try every way out …")
        self._context.jobs.run(lambda: _ask(self._context), self._show, self._say)

    def _say(self, text: str) -> None:
        self._clear()
        words = self._context.kit.flowing(self, text)
        words.grid(row=0, column=0, sticky="we", pady=(0, self._context.theme.px(14)))

    def _clear(self) -> None:
        for child in self.winfo_children():
            child.destroy()

    def _show(self, processes: list[ProbedProcess]) -> None:
        self._clear()
        px = self._context.theme.px
        found = reports(processes)
        text, closed = verdict_of_all(found)
        notice = self._context.kit.notice(self, text, "good" if closed else "warning")
        notice.grid(row=0, column=0, sticky="we", pady=(0, px(14)))
        for row, report in enumerate(found, 1):
            card = _Report(self, self._context, report, unfolded=row == 1)
            card.grid(row=row, column=0, sticky="we", pady=(0, px(10)))


class _Report(Card):
    """One process: its name, the sum, and the lines."""

    def __init__(self, parent: Panel, context: Context, report: Tried, *, unfolded: bool) -> None:
        super().__init__(parent, context.theme, (20, 10))
        self._context = context
        kit, px = context.kit, context.theme.px
        self.columnconfigure(0, weight=1)
        self.columnconfigure(1, minsize=px(150))
        kit.label(self, report.title, "strong").grid(row=0, column=0, sticky="w")
        icon, role = _MARKS["refused" if report.closed else "open"]
        kit.label(self, report.words, role, icon=icon).grid(row=0, column=1, sticky="w", padx=px(12))
        self._lines = Panel(self)
        self._lines.columnconfigure(2, weight=1)
        for row, door in enumerate(report.doors):
            self._door(row, door)
        self._button = kit.button(self, "Show", self._fold, "ghost")
        self._button.configure(width=6)
        self._button.grid(row=0, column=2)
        if not report.doors:
            self._button.state(["disabled"])
        if unfolded:
            self._fold()

    def _fold(self) -> None:
        unfolded = not self._lines.winfo_manager()
        if unfolded:
            px = self._context.theme.px
            self._lines.grid(row=1, column=0, columnspan=3, sticky="we", pady=(px(8), px(6)))
        else:
            self._lines.grid_remove()
        self._button.configure(text="Hide" if unfolded else "Show")

    def _door(self, row: int, door: Door) -> None:
        kit, px = self._context.kit, self._context.theme.px
        icon, role = _MARKS[door.verdict]
        verdict = kit.label(self._lines, door.verdict, role, icon=icon)
        verdict.grid(row=row, column=0, sticky="w", pady=px(1))
        kit.label(self._lines, door.name).grid(row=row, column=1, sticky="w", padx=px(14))
        kit.label(self._lines, door.answer, "small").grid(row=row, column=2, sticky="w")


def _ask(context: Context) -> list[ProbedProcess]:
    """The processes that run; without a daemon, the others can still be asked. For threads."""
    try:
        found = context.daemon().probe(os.getpid())
    except ServiceError:
        found = []
    own = zip(("this window", "this window's worker"), context.probe(), strict=False)
    return [
        *found,
        *probe_server.ask_probe_server(context.paths.socket, "tray"),
        *(replace(process, name=name) for name, process in own),
    ]


# The page Privacy: what each process reported when it tried to get out, and what is stored where.

_ABOUT = "Pictures never leave this computer. Here the processes say themselves what they can reach."
_PROOF = "homepress prove"
_NOT_SHOWN = (
    "This window shows what the processes of Homepress can reach. What an ordinary program can reach beside "
    "them is the full proof: some seconds in a terminal."
)


def make(parent: tk.Misc, context: Context) -> "PrivacyPage":
    """Make the page."""
    return PrivacyPage(parent, context)


class PrivacyPage(ScrollPage):
    """Reports, the command for the proof, what is stored."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context.theme)
        self._context = context
        kit, px = context.kit, context.theme.px
        self.inside.configure(padding=(px(32), px(28)))
        self.inside.columnconfigure(0, weight=1)
        top = header(self.inside, kit, "Privacy", _ABOUT)
        top.grid(row=0, column=0, sticky="we", pady=(0, px(18)))
        self._reports = Reports(self.inside, context)
        self._reports.grid(row=2, column=0, sticky="we")
        self._gaps: list[str] = []
        self._gap_notice: tk.Misc | None = None
        kit.button(top, "Ask again", self._reports.ask).grid(row=0, column=1, sticky="e")
        self._make_proof().grid(row=3, column=0, sticky="we", pady=(0, px(14)))
        self._kept = KeptCard(self.inside, context)
        self._kept.grid(row=4, column=0, sticky="we")

    def shown(self) -> None:
        """Ask the processes when the page is first seen."""
        self._reports.ask_once()
        self._kept.show_sizes()

    def update_from(self, snapshot: Snapshot) -> None:
        """What originals occupy is another."""
        if snapshot.status is not None:
            self._show_gaps(snapshot.status.gaps)
            self._kept.originals_bytes = snapshot.status.originals_bytes
            self._kept.show_sizes()

    def _show_gaps(self, gaps: list[str]) -> None:
        """Say what the system does not close for the daemon; another daemon may be started otherwise."""
        if gaps == self._gaps:
            return
        self._gaps = gaps
        if self._gap_notice is not None:
            self._gap_notice.destroy()
            self._gap_notice = None
        if gaps:
            notice = self._context.kit.notice(self.inside, " ".join(gaps), "warning")
            notice.grid(row=1, column=0, sticky="we", pady=(0, self._context.theme.px(14)))
            self._gap_notice = notice

    def ledger_changed(self) -> None:
        """Sizes are another."""
        if self.winfo_manager():
            self._kept.show_sizes()

    def _make_proof(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self.inside, self._context.theme)
        card.columnconfigure(1, weight=1)
        kit.label(card, "The full proof", "heading").grid(row=0, column=0, columnspan=2, sticky="w")
        about = kit.flowing(card, _NOT_SHOWN)
        about.grid(row=1, column=0, columnspan=2, sticky="we", pady=(px(4), px(10)))
        line, value = kit.entry(card, _PROOF, 24)
        line.configure(font="hp-mono", state="readonly")
        line.grid(row=2, column=0, sticky="w")
        copy = kit.button(card, "Copy the command", lambda: self._copy(value.get()))
        copy.grid(row=2, column=1, sticky="w", padx=(px(8), 0))
        return card

    def _copy(self, text: str) -> None:
        self._context.root.clipboard_clear()
        self._context.root.clipboard_append(text)
        self._context.navigator.tell("Copied. Paste it into a terminal.", "good")
