"""The page Statistics: what was saved, where, and what the originals still occupy."""

import io
import tkinter as tk
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tkinter import ttk

from homepress.store.reader import HistoryEntry
from homepress.ui.window.context import Context
from homepress.ui.window.model import figures
from homepress.ui.window.model.activity import row_words
from homepress.ui.window.model.figures import (
    Figures,
    Share,
    chart_words,
    format_names,
    headline_figures,
    last_days,
    read_figures,
    shares,
)
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.widgets.charts import Bar, Chart
from homepress.ui.window.widgets.factory import Card, Panel, header
from homepress.ui.window.widgets.forms import choose_file_to_write
from homepress.ui.window.widgets.scrolling import ScrollPage

_ABOUT = "Counted on this computer, from the history of what was done. Results that were undone do not count."
_CHART_PNG = (1200, 400)
_BETWEEN_READS_MS = 3000


def make(parent: tk.Misc, context: Context) -> "StatisticsPage":
    """Make the page."""
    return StatisticsPage(parent, context)


class StatisticsPage(ScrollPage):
    """Figures, chart, tables; read from the ledger whenever that has changed and the page is seen."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context.theme)
        self._context = context
        self._figures: Figures | None = None
        self._reading = False
        self._saves: list[ttk.Button] = []
        kit, px = context.kit, context.theme.px
        self.inside.configure(padding=(px(32), px(28)))
        self.inside.columnconfigure(0, weight=1)
        top = header(self.inside, kit, "Statistics", _ABOUT)
        top.grid(row=0, column=0, sticky="we", pady=(0, px(18)))
        buttons = Panel(top)
        buttons.grid(row=0, column=1, sticky="e")
        for at, kind in enumerate(("CSV", "JSON", "PNG")):
            save = kit.button(buttons, f"Save {kind}", lambda k=kind: self._export(k))  # type: ignore[misc]
            save.grid(row=0, column=at, padx=(px(8) if at else 0, 0))
            save.state(["disabled"])  # until there are figures
            self._saves.append(save)
        self._row = Panel(self.inside)
        self._row.grid(row=1, column=0, sticky="we")
        card = Card(self.inside, context.theme)
        card.grid(row=2, column=0, sticky="we", pady=px(14))
        card.columnconfigure(0, weight=1)
        kit.label(card, "Saved each day", "heading").grid(row=0, column=0, sticky="w")
        self._chart_words = kit.flowing(card, role="small")
        self._chart_words.grid(row=1, column=0, sticky="we", pady=(px(2), px(8)))
        self._chart = Chart(card, context.theme)
        self._chart.grid(row=2, column=0, sticky="we")
        self._tables = Panel(self.inside)
        self._tables.grid(row=3, column=0, sticky="we")

    def shown(self) -> None:
        """Read what is new."""
        self.ledger_changed()

    def update_from(self, snapshot: Snapshot) -> None:
        """Nothing here depends on the daemon."""

    def ledger_changed(self) -> None:
        """Read again, but not while a reading is in progress."""
        if self.winfo_manager() and not self._reading:
            self._reading = True
            self._context.ledger.ask(read_figures, self._take)

    def _take(self, figures: Figures) -> None:
        self.after(_BETWEEN_READS_MS, self._read_on)
        if figures == self._figures:
            return
        self._figures = figures
        for save in self._saves:
            save.state(["!disabled"])
        self._show_headlines(figures)
        days = last_days(figures.stats.days, date.today())
        self._chart.show(days)
        self._chart_words.configure(text=chart_words(days))
        self._show_tables(figures)

    def _read_on(self) -> None:
        self._reading = False

    def _show_headlines(self, figures: Figures) -> None:
        kit, px = self._context.kit, self._context.theme.px
        for child in self._row.winfo_children():
            child.destroy()
        for at, (figure, words) in enumerate(headline_figures(figures.stats)):
            self._row.columnconfigure(2 * at, weight=1, uniform="figure")
            if at:  # a column of its own, so that all cards are equally wide
                self._row.columnconfigure(2 * at - 1, minsize=px(12))
            card = Card(self._row, self._context.theme)
            card.grid(row=0, column=2 * at, sticky="nswe")
            card.columnconfigure(0, weight=1)
            kit.label(card, figure, "figure").grid(row=0, column=0, sticky="w")
            kit.flowing(card, words, "small").grid(row=1, column=0, sticky="we")

    def _show_tables(self, figures: Figures) -> None:
        px = self._context.theme.px
        for child in self._tables.winfo_children():
            child.destroy()
        self._tables.columnconfigure(1, minsize=px(12))
        for column, title, parts in (
            (0, "Folders", shares(figures.stats.folders)),
            (2, "Formats", shares(format_names(figures.stats.formats))),
        ):
            self._tables.columnconfigure(column, weight=1, uniform="table")
            card = self._table(title, parts)
            card.grid(row=0, column=column, sticky="nswe")
        if figures.biggest:
            biggest = self._biggest(figures.biggest)
            biggest.grid(row=1, column=0, columnspan=3, sticky="we", pady=px(14))

    def _table(self, title: str, parts: list[Share]) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self._tables, self._context.theme)
        card.columnconfigure(0, weight=1)
        kit.label(card, title, "heading").grid(row=0, column=0, sticky="w", pady=(0, px(4)))
        for at, part in enumerate(parts):
            kit.label(card, part.name, "strong").grid(row=3 * at + 1, column=0, sticky="w", pady=(px(8), 0))
            kit.label(card, part.saved, "strong").grid(row=3 * at + 1, column=1, sticky="e", pady=(px(8), 0))
            bar = Bar(card, self._context.theme, part.length)
            bar.grid(row=3 * at + 2, column=0, columnspan=2, sticky="we", pady=px(3))
            kit.label(card, part.words, "small").grid(row=3 * at + 3, column=0, columnspan=2, sticky="w")
        if not parts:
            kit.label(card, "Nothing yet", "muted").grid(row=1, column=0, sticky="w")
        return card

    def _biggest(self, entries: list[HistoryEntry]) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self._tables, self._context.theme)
        card.columnconfigure(0, weight=1)
        kit.label(card, "Biggest savings", "heading").grid(row=0, column=0, sticky="w", pady=(0, px(6)))
        for row, entry in enumerate(entries, 1):
            words = row_words(entry)
            kit.label(card, words.name).grid(row=row, column=0, sticky="w")
            kit.label(card, words.sizes, "muted").grid(row=row, column=1, sticky="e", padx=px(16))
            kit.label(card, words.saved, "accent").grid(row=row, column=2, sticky="e")
            compare = kit.button(card, "Compare", self._comparing(entry.id), "ghost")
            compare.grid(row=row, column=3, padx=(px(8), 0))
        return card

    def _comparing(self, entry: int) -> Callable[[], None]:
        return lambda: self._context.navigator.compare(entry)

    def _export(self, kind: str) -> None:
        if self._figures is None:
            return
        file = choose_file_to_write(self._context.root, f"homepress-statistics.{kind.lower()}")
        if not file:
            return
        stats = self._figures.stats
        make = {
            "CSV": lambda: figures.as_csv(stats),
            "JSON": lambda: figures.as_json(stats),
            "PNG": self._chart_png,
        }
        data = make[kind]()
        done = f"Saved as {file}"
        self._context.jobs.run(
            lambda: figures.write(Path(file), data), lambda _: self._context.navigator.tell(done, "good")
        )

    def _chart_png(self) -> bytes:
        buffer = io.BytesIO()
        self._chart.picture(*_CHART_PNG).save(buffer, "PNG")
        return buffer.getvalue()
