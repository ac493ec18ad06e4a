"""The table of the history as it is seen: how its cells are drawn, and the view with its hands."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QCursor, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QTableView

from homepress.base.override import override
from homepress.store.reader import HistoryEntry
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import Index, RowWords
from homepress.ui.window.model.entry import where_it_is
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.history_model import Column, HistoryModel
from homepress.ui.window.widgets.table import PAD, AnyIndex, PictureCells, PictureTable

# Drawing: two lines a row, names shortened in the middle, reasons broken into two lines.

_THUMBNAIL = 44
_SIGN = 16
_NAMES = 0.53
"""What pictures and their names take of the room that they share with the results."""


class HistoryCells(PictureCells):
    """Draws the cells."""

    def __init__(self, view: "HistoryTable", context: Context) -> None:
        super().__init__(view, context)
        self._table = view

    @property
    @override
    def row_height(self) -> int:
        return max(60, 3 * self.fonts.small_metrics.height() + 12)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        history, cell = self._table.history, option.rect
        self.paint_ground(painter, cell, index.row())
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # "46 %" stays so, right to left
        entry = history.entry(index.row())
        column = Column(index.column())
        if entry is None:
            if column is Column.PICTURE:
                self.paint_text(painter, cell, cell.adjusted(PAD + 4, 0, 0, 0), "…", self.fonts.body, "muted")
            return
        words = history.words(entry)
        match column:
            case Column.PICTURE:
                self._picture(painter, cell, entry, words)
            case Column.RESULT:
                self._result(painter, cell, words)
            case Column.SAVED:
                self._saving(painter, cell, words)
            case Column.WHEN:
                self.paint_text(painter, cell, _inner(cell), words.when, self.fonts.small, "muted")

    def _picture(self, painter: QPainter, cell: QRect, entry: HistoryEntry, words: RowWords) -> None:
        self.paint_thumbnail(painter, cell, *_shown(entry), _THUMBNAIL)
        fonts, middle = self.fonts, Qt.TextElideMode.ElideMiddle
        beside = cell.adjusted(2 * PAD + _THUMBNAIL, 0, -PAD, 0)
        name = fonts.strong_metrics.elidedText(words.name, middle, beside.width())
        second = self._table.second_line(words)
        below = fonts.small_metrics.elidedText(second, middle, beside.width())
        self._two(painter, cell, beside, (name, "text"), below)

    def _result(self, painter: QPainter, cell: QRect, words: RowWords) -> None:
        icon, ink, text_ink = _sign(words)
        fonts, inside = self.fonts, _inner(cell)
        beside = inside.adjusted(_SIGN + 8, 0, 0, 0)
        height = fonts.small_metrics.height() + 1
        lines = fonts.lines(words.verdict, max(20, beside.width()), (self.row_height - 6) // height)
        top = cell.center().y() - len(lines) * height // 2
        sign = QRect(inside.left(), top + (height - _SIGN) // 2, _SIGN, _SIGN)
        self.paint_icon(painter, icon, self.visual(cell, sign), ink)
        for number, line in enumerate(lines):
            where = QRect(beside.left(), top + number * height, beside.width(), height)
            self.paint_text(painter, cell, where, line, fonts.small, text_ink)

    def _saving(self, painter: QPainter, cell: QRect, words: RowWords) -> None:
        inside = _inner(cell)
        sizes = (
            words.sizes if self.fonts.small_metrics.horizontalAdvance(words.sizes) <= inside.width() else ""
        )
        if words.saved and sizes:
            self._two(painter, cell, inside, (words.saved, "accent"), sizes)
        elif words.saved:
            self.paint_text(painter, cell, inside, words.saved, self.fonts.strong, "accent")
        else:
            self.paint_text(painter, cell, inside, sizes, self.fonts.small, "muted")

    def _two(self, painter: QPainter, cell: QRect, place: QRect, upper: tuple[str, str], lower: str) -> None:
        """A strong line, as text and colour, and a small one below it."""
        height = self.fonts.strong_metrics.height()
        where = QRect(place.left(), cell.center().y() - height, place.width(), height)
        self.paint_text(painter, cell, where, upper[0], self.fonts.strong, upper[1])
        self.paint_text(painter, cell, where.translated(0, height + 1), lower, self.fonts.small, "muted")


def _shown(entry: HistoryEntry) -> tuple[Path, int]:
    """The file whose thumbnail stands for an entry, and its version: an undone one is another picture."""
    return where_it_is(entry), 2 * entry.id + (entry.original == "restored")


def _inner(cell: QRect) -> QRect:
    return cell.adjusted(PAD, 0, -PAD, 0)


def _sign(words: RowWords) -> tuple[Icon, str, str]:
    """The icon of an outcome, its colour, and that of the text."""
    if words.undone:
        return Icon.UNDO, "muted", "muted"
    if words.outcome == "Failed":
        return Icon.WARNING, "bad", "bad"
    if words.missed:
        return Icon.WARNING, "warning", "text"
    return (Icon.CHECK, "good", "text") if words.outcome == "Smaller" else (Icon.SAME, "muted", "text")


# The view.


class HistoryTable(PictureTable):
    """The table itself.

    Attributes:
        history: its model.
        moved: the keyboard is on another row, others are chosen, or more is known of them.
    """

    moved = Signal()

    def __init__(self, context: Context, wanted: Callable[[Index, int], object]) -> None:
        """`wanted` is as that of the model."""
        super().__init__(context, "History")
        self.history = HistoryModel(self, wanted, lambda entry: self._cells.tells_place(*_shown(entry)))
        self.setModel(self.history)
        self._cells = HistoryCells(self, context)
        self.draw_with(self._cells)
        self.setMouseTracking(True)
        self.horizontalHeader().setMinimumSectionSize(20)
        self.history.rowsInserted.connect(self._stay)
        self.history.dataChanged.connect(lambda *_: self.moved.emit())
        self.selectionModel().selectionChanged.connect(lambda *_: self.moved.emit())
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.doubleClicked.connect(lambda _: self.opened.emit())

    @property
    def current(self) -> HistoryEntry | None:
        """The entry that the keyboard is on."""
        place = self.currentIndex().row()
        return self.history.entry(place) if place >= 0 else None

    def chosen(self) -> list[int]:
        """The ids of the selected rows, else of the one that the keyboard is on."""
        ids, places = self.history.index_shown.ids, sorted(self._selected())
        if not places and self.currentIndex().isValid():
            places = [self.currentIndex().row()]
        return [ids[place] for place in places if place < len(ids)]

    def known(self, most: int) -> list[HistoryEntry]:
        """Of the selected rows those that are read already, at most so many of them."""
        places = itertools.islice(self._selected(), most)
        return [entry for place in places if (entry := self.history.held(place)) is not None]

    def renew(self, index: Index) -> None:
        """Show another index; what was looked at stays in view where it is still there."""
        place, bar = self.currentIndex().row(), self.verticalScrollBar()
        at = bar.value()
        self.history.renew(index)
        if self.history.rowCount() and not self.currentIndex().isValid():
            self.updateGeometries()
            self.go_to(min(max(0, place), self.history.rowCount() - 1))
            bar.setValue(at)

    def to_top(self) -> None:
        """Show the beginning, with the keyboard on the first row and none chosen."""
        self.clearSelection()
        self.go_to(0)
        self.scrollToTop()

    def go_to(self, place: int) -> None:
        """Put the keyboard on a row, without choosing it."""
        index = self.history.index(place, 0)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _selected(self) -> Iterator[int]:
        """The places of the selected rows, without an index of Qt for each of 100,000."""
        selection = self.selectionModel().selection()
        for number in range(selection.count()):
            span = selection.at(number)
            yield from range(span.top(), span.bottom() + 1)

    # -- room

    @override
    def fit(self) -> None:
        """Give each column its room; those that find none are not shown."""
        fonts, room = self._cells.fonts, self.viewport().width()
        wide = fonts.small_metrics.horizontalAdvance
        least = wide("m") * 34 + _THUMBNAIL  # of picture and result together
        percent = fonts.strong_metrics.horizontalAdvance("−99 %") + 2 * PAD
        sizes, when = (wide(text) + 2 * PAD for text in ("99.9 MB → 99.9 MB", "Wed 30 Sept 00:00"))
        ways = ((sizes, when), (sizes, 0), (percent, 0))
        takes = next((way for way in ways if room - sum(way) >= least), (0, 0))
        for column, width in zip((Column.SAVED, Column.WHEN), takes, strict=True):
            self.setColumnHidden(column, not width)
            self.setColumnWidth(column, width)
        room -= sum(takes)
        names = round(room * _NAMES)
        self.setColumnWidth(Column.PICTURE, names)
        self.setColumnWidth(Column.RESULT, room - names)

    def second_line(self, words: RowWords) -> str:
        """What stands below a name: what has no column, else the folder."""
        hidden = {Column.SAVED: words.saved, Column.WHEN: words.when}
        told = [text for column, text in hidden.items() if text and self.isColumnHidden(column)]
        return ", ".join(told) or words.place

    def _stay(self, _parent: QModelIndex, first: int, last: int) -> None:
        """What is looked at does not move when rows come above it."""
        bar = self.verticalScrollBar()
        if first == 0 and bar.value() > 0:
            self.updateGeometries()
            bar.setValue(bar.value() + (last - first + 1) * self._cells.row_height)

    # -- mouse and keyboard

    @override
    def moveCursor(self, action: QTableView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End are about rows, as in any list."""
        ends = {QTableView.CursorAction.MoveHome: 0, QTableView.CursorAction.MoveEnd: -1}
        if (end := ends.get(action)) is not None:
            return self.history.index(end % max(1, self.history.rowCount()), 0)
        return super().moveCursor(action, modifiers)

    @override
    def keyboardSearch(self, search: str) -> None:
        """Typing finds nothing here: it would have all of the history read. There is a field for it."""

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(event.position().toPoint().y()))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        if self.hovered >= 0:  # another row has come under the pointer
            self._hover(self.rowAt(self.viewport().mapFromGlobal(QCursor.pos()).y()))

    def _hover(self, place: int) -> None:
        if place != self.hovered:
            before, self.hovered = self.hovered, place
            self._repaint_row(before)
            self._repaint_row(place)

    def _current_changed(self, now: QModelIndex, before: QModelIndex) -> None:
        self._repaint_row(before.row())
        self._repaint_row(now.row())
        self.moved.emit()

    def _repaint_row(self, place: int) -> None:
        if place >= 0:
            self.viewport().update(self.row_rect(place))
