"""The page Privacy: what each process reported when it tried to get out, and what is kept where."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from homepress.control.service import OriginalOutcome, OriginalsRequest, ProbedProcess
from homepress.ui.window.context import Context
from homepress.ui.window.model.privacy import Door, Tried, kept, reports
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.confirm import confirm
from homepress.ui.window.widgets.head import head
from homepress.ui.window.widgets.kit import Card, Panel
from homepress.ui.window.widgets.scroll import ScrollPage
from homepress.ui.words import counted, size

_ABOUT = "Pictures never leave this computer. Here the processes say themselves what they can reach."
_PROOF = "homepress prove"
_NOT_ASKED = (
    "The tray icon is locked in the same way but cannot be asked from here. This window is locked too, so it "
    "cannot show what an unlocked program could do: that comparison is the full proof, run in a terminal."
)


def make(parent: tk.Misc, context: Context) -> "PrivacyPage":
    """Make the page."""
    return PrivacyPage(parent, context)


class PrivacyPage(ScrollPage):
    """Reports, the command for the proof, what is kept."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context.theme)
        self._context = context
        self._asked = False
        self._originals_bytes = 0
        kit, px = context.kit, context.theme.px
        self.inside.configure(padding=(px(32), px(28)))
        self.inside.columnconfigure(0, weight=1)
        top = head(self.inside, kit, "Privacy", _ABOUT)
        top.grid(row=0, column=0, sticky="we", pady=(0, px(18)))
        kit.button(top, "Ask again", self._ask).grid(row=0, column=1, sticky="e")
        self._reports = Panel(self.inside)
        self._reports.columnconfigure(0, weight=1)
        self._reports.grid(row=1, column=0, sticky="we")
        self._make_proof().grid(row=2, column=0, sticky="we", pady=(0, px(14)))
        self._kept_card = Card(self.inside, context.theme)
        self._kept_card.grid(row=3, column=0, sticky="we")
        self._kept_card.columnconfigure(0, weight=1)

    def shown(self) -> None:
        """Ask the processes when the page is first seen."""
        if not self._asked:
            self._ask()
        self._show_kept()

    def update_from(self, snapshot: Snapshot) -> None:
        """What originals occupy is another."""
        occupied = snapshot.status.originals_bytes if snapshot.status else self._originals_bytes
        if occupied != self._originals_bytes:
            self._originals_bytes = occupied
            self._show_kept()

    def ledger_changed(self) -> None:
        """Sizes are another."""
        if self.winfo_manager():
            self._show_kept()

    # -- reports

    def _ask(self) -> None:
        self._asked = True
        self._clear_reports("Asking each process to try every way out …")

        def work() -> list[ProbedProcess]:
            found = self._context.daemon().probe()
            own = self._context.probe_self()
            return [*found, own] if own else found

        self._context.jobs.run(work, self._show_reports, self._clear_reports)

    def _clear_reports(self, text: str = "") -> None:
        for child in self._reports.winfo_children():
            child.destroy()
        if text:
            self._context.kit.flowing(self._reports, text).grid(row=0, column=0, sticky="we", pady=(0, 14))

    def _show_reports(self, processes: list[ProbedProcess]) -> None:
        self._clear_reports()
        px = self._context.theme.px
        found = reports(processes)
        closed = all(report.closed for report in found)
        names = counted(len(found), "process", "processes")
        text = (
            f"All {names} asked were refused every way to a network, by the system itself."
            if closed
            else "Not every way to a network is closed on this system. The lines below say which."
        )
        notice = self._context.kit.notice(self._reports, text, "good" if closed else "warning")
        notice.grid(row=0, column=0, sticky="we", pady=(0, px(14)))
        for row, report in enumerate(found, 1):
            self._report(report, unfolded=row == 1).grid(row=row, column=0, sticky="we", pady=(0, px(10)))

    def _report(self, report: Tried, *, unfolded: bool) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self._reports, self._context.theme, (20, 10))
        card.columnconfigure(0, weight=1)
        refused = sum(door.verdict == "refused" for door in report.doors)
        kit.label(card, report.title, "strong").grid(row=0, column=0, sticky="w")
        role, icon = ("good", Icon.CHECK) if report.closed else ("warning", Icon.WARNING)
        words = f" {refused} of {len(report.doors)} refused"
        kit.label(card, words, role, icon=icon).grid(row=0, column=1, padx=px(12))  # type: ignore[arg-type]
        lines = Panel(card)
        for row, door in enumerate(report.doors):
            self._door(lines, row, door)
        button = kit.button(card, "", lambda: None, "ghost")
        button.configure(command=lambda: self._fold(button, lines))
        button.grid(row=0, column=2)
        button.configure(text="Show" if unfolded else "Hide")
        if unfolded:
            lines.grid(row=1, column=0, columnspan=3, sticky="we", pady=(px(8), px(6)))
        self._label_fold(button, unfolded)
        return card

    def _fold(self, button: ttk.Button, lines: Panel) -> None:
        unfolded = not lines.winfo_manager()
        if unfolded:
            px = self._context.theme.px
            lines.grid(row=1, column=0, columnspan=3, sticky="we", pady=(px(8), px(6)))
        else:
            lines.grid_remove()
        self._label_fold(button, unfolded)

    @staticmethod
    def _label_fold(button: ttk.Button, unfolded: bool) -> None:
        button.configure(text="Hide" if unfolded else "Show")

    def _door(self, parent: Panel, row: int, door: Door) -> None:
        kit, px = self._context.kit, self._context.theme.px
        parent.columnconfigure(2, weight=1)
        icon = {"refused": Icon.CHECK, "local only": Icon.SAME, "open": Icon.WARNING}[door.verdict]
        role = {"refused": "good", "local only": "small", "open": "bad"}[door.verdict]
        verdict = kit.label(parent, f" {door.verdict}", role, icon=icon)  # type: ignore[arg-type]
        verdict.grid(row=row, column=0, sticky="w", pady=px(1))
        kit.label(parent, door.name).grid(row=row, column=1, sticky="w", padx=px(14))
        kit.label(parent, door.answer, "small").grid(row=row, column=2, sticky="w")

    # -- proof

    def _make_proof(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self.inside, self._context.theme)
        card.columnconfigure(0, weight=1)
        kit.label(card, "The full proof", "heading").grid(row=0, column=0, sticky="w")
        kit.flowing(card, _NOT_ASKED).grid(row=1, column=0, columnspan=2, sticky="we", pady=(px(4), px(10)))
        line, value = kit.entry(card, _PROOF, 30)
        line.configure(font="hp-mono", state="readonly")
        line.grid(row=2, column=0, sticky="w")
        kit.button(card, "Copy the command", lambda: self._copy(value.get())).grid(
            row=2, column=1, sticky="e"
        )
        return card

    def _copy(self, text: str) -> None:
        self._context.root.clipboard_clear()
        self._context.root.clipboard_append(text)
        self._context.navigator.tell("Copied. Paste it into a terminal.", "good")

    # -- what is kept

    def _show_kept(self) -> None:
        kit, px, card = self._context.kit, self._context.theme.px, self._kept_card
        focus = card.focus_get()
        if focus is not None and str(focus).startswith(f"{card}."):
            return  # nobody's keyboard is taken away
        for child in card.winfo_children():
            child.destroy()
        kit.label(card, "What is kept, and where", "heading").grid(
            row=0, column=0, sticky="w", pady=(0, px(4))
        )
        actions: dict[str, tuple[str, Callable[[], object]]] = {
            "Originals": ("Delete all originals", self._accept),
            "History": ("Forget all names", self._forget),
        }
        for row, thing in enumerate(kept(self._context.paths, self._originals_bytes), 1):
            words = Panel(card)
            words.grid(row=row, column=0, sticky="w", pady=px(6))
            kit.label(words, thing.name, "strong").grid(row=0, column=0, sticky="w")
            kit.label(words, f"{thing.about[:1].upper()}{thing.about[1:]}", "small").grid(
                row=1, column=0, sticky="w"
            )
            kit.label(words, thing.words, "small").grid(row=2, column=0, sticky="w")
            if thing.name in actions:
                text, command = actions[thing.name]
                kit.button(card, text, command, "danger").grid(row=row, column=1, sticky="e")

    def _accept(self) -> None:
        amount = size(self._originals_bytes)
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

    def _forget(self) -> None:
        text = (
            "No name is left behind, only a keyed hash, so that nothing is compressed twice. "
            "What can still be undone is not forgotten: accept or undo that first."
        )
        if not confirm(self._context, "Forget the names in the history?", text, "Forget all names"):
            return
        self._context.jobs.run(lambda: self._context.daemon().forget("", None), self._forgotten)

    def _forgotten(self, number: int) -> None:
        self._context.navigator.tell(f"{counted(number, 'entry', 'entries')} forgotten.", "good")
