"""The page Privacy: what Homepress cannot do, in three lines; the details, and what is stored where."""

import os
import time
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from homepress.base.results import OriginalOutcome, ProbedProcess
from homepress.base.units import counted, size
from homepress.control import probe_server
from homepress.control.service import OriginalsRequest, ServiceError
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.privacy import (
    Tried,
    forgotten,
    moment_before,
    plain_lines,
    reports,
    stored_data,
    verdict_of_all,
)
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.controls import ElidedLabel
from homepress.ui.window.widgets.dialogs import FolderField, confirm
from homepress.ui.window.widgets.factory import Role, across, clear, column, stacked
from homepress.ui.window.widgets.page import ScrollPage

_ABOUT = "Pictures never leave this computer."
_PROOF = "homepress prove"
_NOT_SHOWN = (
    "This page shows what the processes of Homepress can reach. The full proof compares them with an "
    "ordinary program; it takes some seconds in a terminal."
)
_KEPT_WITH = (
    "Names are replaced by a keyed hash, so that nothing is compressed twice. Results that you can still "
    "undo are not forgotten; delete or restore their originals first."
)
_FORGET_ALL = "Forget all names in the history?"
_MARKS: dict[str, tuple[Icon, Role]] = {
    "refused": (Icon.CHECK, "good"),
    "local only": (Icon.SAME, "small"),
    "its work": (Icon.SAME, "small"),
    "open": (Icon.WARNING, "bad"),
}


class Reports(QWidget):
    """Three plain lines; each process and each of its attempts on demand."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._asked = False
        kit = context.kit
        outer = column(self, spacing=10)
        card, self._summary = kit.card(spacing=8)
        outer.addWidget(card)
        details = QWidget()
        self._lines = column(details, spacing=10)
        self._more = kit.unfolding("Show technical details", details, "Hide technical details")
        outer.addWidget(across(self._more, None))
        outer.addWidget(details)

    def ask_once(self) -> None:
        """Have the processes try, unless they did."""
        if not self._asked:
            self.ask()

    def ask(self) -> None:
        """Have the processes try."""
        self._asked = True
        self._say("Each process of Homepress now tries every way out …")
        self._context.jobs.run(lambda: _ask(self._context), self._show, self._say)

    def _say(self, text: str) -> None:
        clear(self._summary)
        self._summary.addWidget(self._context.kit.label(text, "muted", wrap=True))
        self._more.setEnabled(False)

    def _show(self, processes: list[ProbedProcess]) -> None:
        clear(self._summary)
        clear(self._lines)
        kit = self._context.kit
        found = reports(processes)
        for text, closed in plain_lines(processes):
            mark = kit.mark(Icon.CHECK, "good") if closed else kit.mark(Icon.WARNING, "bad")
            words = kit.label(text, wrap=True)
            self._summary.addWidget(across(mark, words, fill=words, spacing=10))
        text, closed = verdict_of_all(found)
        self._summary.addWidget(kit.label(text, "small" if closed else "warning", wrap=True))
        for report in found:
            self._lines.addWidget(self._report(report))
        self._more.setEnabled(bool(found))

    def _report(self, report: Tried) -> QFrame:
        """One process: its name, the sum, and its attempts."""
        kit = self._context.kit
        card, inside = kit.card(spacing=6)
        icon, role = _MARKS["refused" if report.closed else "open"]
        title, words = kit.label(report.title, "strong", wrap=True), kit.label(report.words, role)
        inside.addWidget(across(title, kit.mark(icon, role, 16), words, fill=title, spacing=6))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(2, 1)
        for at, door in enumerate(report.doors):
            grid.addWidget(kit.label(door.verdict, _MARKS[door.verdict][1]), at, 0)
            grid.addWidget(kit.label(door.name), at, 1)
            grid.addWidget(kit.elided(door.answer, "small"), at, 2)
        inside.addLayout(grid)
        return card


class StoredCard(QFrame):
    """A line for each thing that is stored; the originals can be deleted, names be forgotten.

    Attributes:
        originals_bytes: what the stored originals occupy, as the daemon says.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("surface", "card")
        self._context = context
        self.originals_bytes = 0
        self._sizes: list[ElidedLabel] = []
        kit = context.kit
        inside = QVBoxLayout(self)
        inside.setContentsMargins(20, 14, 20, 14)
        inside.addWidget(kit.label("What is stored, and where", "heading"))
        buttons = {
            0: kit.button("Delete all originals …", self._accept, "danger"),
            1: kit.button("Forget all names …", lambda: self._ask(_FORGET_ALL, "", None), "danger"),
        }
        for at, thing in enumerate(stored_data(context.paths, 0)):
            self._sizes.append(kit.elided(thing.words, "small"))
            name, about = kit.label(thing.name, "strong"), kit.hint(thing.about)
            words = stacked(name, about, self._sizes[-1], spacing=1)
            button = [buttons[at]] if at in buttons else []
            inside.addWidget(across(words, *button, fill=words))
        inside.addWidget(kit.line())
        self._fill_forget(inside)

    def show_sizes(self) -> None:
        """Say anew how large everything is."""
        things = stored_data(self._context.paths, self.originals_bytes)
        for label, thing in zip(self._sizes, things, strict=True):
            label.set_text(thing.words)

    # -- originals

    def _accept(self) -> None:
        text = (
            f"This frees {size(self.originals_bytes)}. The results stay, but you can no longer get an "
            "original back."
        )
        window, kit = self._context.window, self._context.kit
        if confirm(window, kit, "Delete all originals?", text, "Delete all originals"):
            request = OriginalsRequest(all=True)
            self._context.jobs.run(
                lambda: list(self._context.daemon().accept_originals(request)), self._accepted
            )

    def _accepted(self, outcomes: list[OriginalOutcome]) -> None:
        failed = sum(outcome.outcome == "failed" for outcome in outcomes)
        done = counted(len(outcomes) - failed, "original")
        text = f"{done} deleted." + (f" {failed} could not be." if failed else "")
        self._context.navigator.tell(text, "warning" if failed else "good")

    # -- names

    def _fill_forget(self, inside: QVBoxLayout) -> None:
        """Two lines: names of a picture or folder, and names before a day."""
        kit = self._context.kit
        self._path = FolderField(kit, "Forget the names in", "", self._path_changed)
        self._by_path = kit.button("Forget …", self._forget_path, "danger")
        self._by_path.setAccessibleName("Forget the names in this folder")
        self._day = kit.entry("Forget all names before", "", "a day, such as 2026-05-01 or 90d")
        self._day.textChanged.connect(self._day_changed)
        self._by_day = kit.button("Forget …", self._forget_before, "danger")
        self._by_day.setAccessibleName("Forget all names before this day")
        for title, field, button in (
            ("Forget the names in", self._path, self._by_path),
            ("Forget all names before", self._day, self._by_day),
        ):
            inside.addWidget(kit.label(title, "strong"))
            inside.addWidget(across(field, button, fill=field))
        self._day_words = kit.hint(" ")
        inside.addWidget(self._day_words)
        self._path_changed("")
        self._day_changed()

    def _path_changed(self, text: str) -> None:
        usable = Path(text.strip()).expanduser().is_absolute() if text.strip() else False
        self._by_path.setEnabled(usable)

    def _day_changed(self) -> None:
        moment, words = moment_before(self._day.text(), time.time())
        self._day_words.setText(words if self._day.text().strip() else " ")
        self._by_day.setEnabled(moment is not None)

    def _forget_path(self) -> None:
        path = str(Path(self._path.text.strip()).expanduser())
        self._ask(f"Forget the names in {printable(path)}?", path, None)

    def _forget_before(self) -> None:
        moment, _ = moment_before(self._day.text(), time.time())
        if moment is not None:
            self._ask(f"Forget all names before {self._day.text().strip()}?", "", moment)

    def _ask(self, question: str, path: str, before: float | None) -> None:
        if confirm(self._context.window, self._context.kit, question, _KEPT_WITH, "Forget"):
            tell = self._context.navigator.tell
            self._context.jobs.run(
                lambda: self._context.daemon().forget(path, before),
                lambda number: tell(forgotten(number), "good" if number else "warning"),
            )


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


class PrivacyPage(ScrollPage):
    """Reports, the command for the proof, what is stored."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        kit = context.kit
        self._reports = Reports(context)
        again = kit.button("Check again", self._reports.ask)
        self.body.addWidget(kit.heading("Privacy", _ABOUT, again))
        self._gaps: list[str] = []
        self._gap_panel = QWidget()
        self._gap_place = column(self._gap_panel)
        self._gap_panel.hide()
        self.body.addWidget(self._gap_panel)
        self.body.addWidget(self._reports)
        self.body.addWidget(self._make_proof())
        self._stored = StoredCard(context)
        self.body.addWidget(self._stored)

    def shown(self) -> None:
        """Ask the processes when the page is first seen."""
        self._reports.ask_once()
        self._stored.show_sizes()

    def update_from(self, snapshot: Snapshot) -> None:
        """What originals occupy is another."""
        if snapshot.status is not None:
            self._show_gaps(snapshot.status.gaps)
            self._stored.originals_bytes = snapshot.status.originals_bytes
            self._stored.show_sizes()

    def ledger_changed(self) -> None:
        """Sizes are another."""
        if self.isVisible():
            self._stored.show_sizes()

    def _show_gaps(self, gaps: list[str]) -> None:
        """Say what the system does not close for the daemon; another daemon may be started otherwise."""
        if gaps == self._gaps:
            return
        self._gaps = gaps
        clear(self._gap_place)
        if gaps:
            self._gap_place.addWidget(self._context.kit.notice(" ".join(gaps), "warning"))
        self._gap_panel.setVisible(bool(gaps))

    def _make_proof(self) -> QFrame:
        kit = self._context.kit
        card, inside = kit.card()
        inside.addWidget(kit.label("The full proof", "heading"))
        inside.addWidget(kit.hint(_NOT_SHOWN))
        command = kit.entry("Command for the full proof", _PROOF)
        command.setReadOnly(True)
        command.setMaximumWidth(220)
        inside.addWidget(across(command, kit.button("Copy the command", self._copy), None))
        return card

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(_PROOF)
        self._context.navigator.tell("Copied. Paste it into a terminal.", "good")
