"""The page Statistics: what was saved, where, and what the originals still occupy."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from homepress.base.override import override
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
from homepress.ui.window.widgets.charts import Chart, share_bar
from homepress.ui.window.widgets.dialogs import choose_file_to_write
from homepress.ui.window.widgets.factory import across, after, clear, column
from homepress.ui.window.widgets.page import ScrollPage

_ABOUT = "Counted on this computer, from its own history. Results that you undid do not count."
_CHART_PNG = (1200, 400)
_BETWEEN_READS_MS = 3000
_KINDS = {
    "CSV": ("A table for a spreadsheet (CSV)", "Tables (*.csv)"),
    "JSON": ("Figures for programs (JSON)", "JSON (*.json)"),
    "PNG": ("The chart as a picture (PNG)", "Pictures (*.png)"),
}


class Tiles(QWidget):
    """Cards of the same width in a row, or in fewer columns where there is little room."""

    def __init__(self, least: int) -> None:
        """`least` is the least width of a card in pixels."""
        super().__init__()
        self._least = least
        self._cards: Sequence[QWidget] = ()
        self._columns = 0
        self._rows = column(self, spacing=12)

    def show_cards(self, cards: Sequence[QWidget]) -> None:
        """Show these in place of the ones before."""
        clear(self._rows)
        self._cards, self._columns = cards, 0
        self._arrange()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        number = len(self._cards)
        fitting = max(1, (self.width() + 12) // (self._least + 12))
        # Full rows only: four cards stand in one row, two or four.
        columns = max((n for n in range(1, number + 1) if n <= fitting and number % n == 0), default=1)
        if columns == self._columns:
            return
        self._columns = columns
        while (item := self._rows.takeAt(0)) is not None:
            if (line := item.layout()) is not None:
                line.deleteLater()
        for begin in range(0, number, columns):
            made = QHBoxLayout()
            made.setSpacing(12)
            for card in self._cards[begin : begin + columns]:
                made.addWidget(card, 1)
            self._rows.addLayout(made)


class StatisticsPage(ScrollPage):
    """Figures, chart, tables; read from the ledger whenever that has changed and the page is seen."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._figures: Figures | None = None
        self._reading = False
        kit = context.kit
        self._save = kit.button("Save …", lambda: None)
        menu = QMenu(self._save)
        for kind, (words, _) in _KINDS.items():
            menu.addAction(words, partial(self._export, kind))
        self._save.setMenu(menu)
        self._save.setEnabled(False)  # until there are figures
        self.body.addWidget(kit.heading("Statistics", _ABOUT, self._save))
        self._headlines = Tiles(150)
        self.body.addWidget(self._headlines)
        card, inside = kit.card()
        inside.addWidget(kit.label("Saved each day", "heading"))
        self._chart_words = kit.hint(" ")
        inside.addWidget(self._chart_words)
        self._chart = Chart(context.theme)
        inside.addWidget(self._chart)
        context.theme.changed.connect(self._chart.update)
        self.body.addWidget(card)
        self._tables = Tiles(300)
        self.body.addWidget(self._tables)
        place = QWidget()
        self._biggest_place = column(place)
        self.body.addWidget(place)

    def shown(self) -> None:
        """Read what is new."""
        self.ledger_changed()

    def ledger_changed(self) -> None:
        """Read again, but not while a reading is in progress."""
        if self.isVisible() and not self._reading:
            self._reading = True
            self._context.ledger.ask(read_figures, self._take)

    def _take(self, found: Figures) -> None:
        after(self, _BETWEEN_READS_MS, self._read_on)
        if found == self._figures:
            return
        self._figures = found
        self._save.setEnabled(True)
        kit = self._context.kit
        self._headlines.show_cards([self._headline(*words) for words in headline_figures(found.stats)])
        days = last_days(found.stats.days, date.today())
        self._chart.show_days(days)
        self._chart_words.setText(chart_words(days))
        self._tables.show_cards(
            [
                self._table("Folders", shares(found.stats.folders)),
                self._table("Formats", shares(format_names(found.stats.formats))),
            ]
        )
        clear(self._biggest_place)
        if found.biggest:
            self._biggest_place.addWidget(self._biggest(found.biggest))
        else:
            self._biggest_place.addWidget(kit.hint())

    def _read_on(self) -> None:
        self._reading = False

    def _headline(self, figure: str, words: str) -> QFrame:
        kit = self._context.kit
        card, inside = kit.card(spacing=2)
        card.setAccessibleName(f"{figure} {words}")
        inside.addWidget(kit.label(figure, "figure"))
        inside.addWidget(kit.hint(words))
        inside.addStretch(1)
        return card

    def _table(self, title: str, parts: list[Share]) -> QFrame:
        kit = self._context.kit
        card, inside = kit.card(spacing=3)
        inside.addWidget(kit.label(title, "heading"))
        for part in parts:
            inside.addSpacing(6)
            name = kit.elided(part.name, "strong")
            inside.addWidget(across(name, kit.label(part.saved, "strong"), fill=name))
            inside.addWidget(share_bar(kit, f"{part.name}: {part.saved}", part.length))
            inside.addWidget(kit.hint(part.words))
        if not parts:
            inside.addWidget(kit.label("Nothing yet", "muted"))
        inside.addStretch(1)
        return card

    def _biggest(self, entries: list[HistoryEntry]) -> QFrame:
        kit = self._context.kit
        card, inside = kit.card(spacing=0)
        inside.addWidget(kit.label("Biggest savings", "heading"))
        for entry in entries:
            words = row_words(entry)
            name, sizes = kit.elided(words.name), kit.label(words.sizes, "muted")
            compare = kit.button("Compare", partial(self._context.navigator.compare, entry.id), "ghost")
            compare.setAccessibleName(f"Compare {words.name}")
            saved = kit.label(words.saved, "accent")
            inside.addWidget(across(name, sizes, saved, compare, fill=name, spacing=14))
        return card

    def _export(self, kind: str) -> None:
        if self._figures is None:
            return
        words, pattern = _KINDS[kind]
        name = f"homepress-statistics.{kind.lower()}"
        file = choose_file_to_write(self._context.window, words, name, pattern)
        if not file:
            return
        stats = self._figures.stats
        make_file = {
            "CSV": lambda: figures.as_csv(stats),
            "JSON": lambda: figures.as_json(stats),
            "PNG": lambda: self._chart.png(*_CHART_PNG),
        }
        data = make_file[kind]()
        done = f"Saved as {file}"
        self._context.jobs.run(
            lambda: Path(file).write_bytes(data), lambda _: self._context.navigator.tell(done, "good")
        )
