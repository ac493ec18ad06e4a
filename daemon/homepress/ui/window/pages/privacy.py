"""The page Privacy: what each process reported when it tried to get out, and what is kept where."""

import tkinter as tk

from homepress.ui.window.context import Context
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.pages.parts.kept import KeptCard
from homepress.ui.window.pages.parts.reports import Reports
from homepress.ui.window.widgets.head import head
from homepress.ui.window.widgets.kit import Card
from homepress.ui.window.widgets.scroll import ScrollPage

_ABOUT = "Pictures never leave this computer. Here the processes say themselves what they can reach."
_PROOF = "homepress prove"
_NOT_SHOWN = (
    "This window is locked itself, so it cannot show what an unlocked program could do. That comparison is "
    "the full proof: 30 seconds in a terminal."
)


def make(parent: tk.Misc, context: Context) -> "PrivacyPage":
    """Make the page."""
    return PrivacyPage(parent, context)


class PrivacyPage(ScrollPage):
    """Reports, the command for the proof, what is kept."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context.theme)
        self._context = context
        kit, px = context.kit, context.theme.px
        self.inside.configure(padding=(px(32), px(28)))
        self.inside.columnconfigure(0, weight=1)
        top = head(self.inside, kit, "Privacy", _ABOUT)
        top.grid(row=0, column=0, sticky="we", pady=(0, px(18)))
        self._reports = Reports(self.inside, context)
        self._reports.grid(row=1, column=0, sticky="we")
        kit.button(top, "Ask again", self._reports.ask).grid(row=0, column=1, sticky="e")
        self._make_proof().grid(row=2, column=0, sticky="we", pady=(0, px(14)))
        self._kept = KeptCard(self.inside, context)
        self._kept.grid(row=3, column=0, sticky="we")

    def shown(self) -> None:
        """Ask the processes when the page is first seen."""
        self._reports.ask_once()
        self._kept.show_sizes()

    def update_from(self, snapshot: Snapshot) -> None:
        """What originals occupy is another."""
        if snapshot.status is not None:
            self._kept.originals_bytes = snapshot.status.originals_bytes
            self._kept.show_sizes()

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
