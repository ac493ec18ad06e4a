"""The history as a table of Qt's: which entries there are, and what their cells say to eyes and ears."""

import enum
from array import array
from collections.abc import Callable
from datetime import date
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from homepress.base.override import override
from homepress.store.reader import HistoryEntry
from homepress.ui.text import printable
from homepress.ui.window.model.activity import Index, Rows, RowWords, details, row_words
from homepress.ui.window.widgets.table import AnyIndex


class Column(enum.IntEnum):
    """What stands beside each other."""

    PICTURE = 0
    RESULT = 1
    SAVED = 2
    WHEN = 3


_WORDS_HELD = 2000
_COLUMNS = len(Column)
_HEADS = ("Picture", "Result", "Saved", "When")


class HistoryModel(QAbstractTableModel):
    """The entries of an index as a table; pages of them are asked for when they are looked at."""

    def __init__(
        self,
        parent: QObject,
        wanted: Callable[[Index, int], object],
        tells_place: Callable[[HistoryEntry], bool],
    ) -> None:
        """Make it.

        Args:
            parent: what it is part of.
            wanted: has a page of the index read; it gets the index and the number of the page.
            tells_place: says whether the picture of an entry is known to tell where it was taken.
        """
        super().__init__(parent)
        self._rows = Rows()
        self._wanted = wanted
        self._tells_place = tells_place
        self._words: dict[tuple[int, str, date], RowWords] = {}

    @property
    def index_shown(self) -> Index:
        """The ids that are shown."""
        return self._rows.index

    def entry(self, place: int) -> HistoryEntry | None:
        """The entry at a place; None until it was read, which is asked for."""
        for number in self._rows.wanted(place, place):
            self._wanted(self._rows.index, number)
        return self._rows.get(place)

    def words(self, entry: HistoryEntry) -> RowWords:
        """An entry in words, which are made once a day."""
        key = (entry.id, entry.original, date.today())
        if (words := self._words.get(key)) is None:
            if len(self._words) > _WORDS_HELD:
                self._words.clear()
            words = self._words[key] = row_words(entry)
        return words

    def held(self, place: int) -> HistoryEntry | None:
        """The entry at a place if it is here."""
        return self._rows.get(place)

    def renew(self, index: Index) -> None:
        """Show another index; rows that are in both stay what they are, for selections and scroll bars."""
        old, new = self._rows.index.ids, index.ids
        same = index.where == self._rows.index.where
        above = _place_within(old, new) if same else None
        if above is None:
            self.beginResetModel()
            self._rows.renew(index)
            self.endResetModel()
            return
        below = len(new) - len(old) - above
        if above:
            self.beginInsertRows(QModelIndex(), 0, above - 1)
            self._rows.renew(Index(index.where, new[: above + len(old)]) if below else index)
            self.endInsertRows()
        if below:
            self.beginInsertRows(QModelIndex(), len(new) - below, len(new) - 1)
            self._rows.renew(index)
            self.endInsertRows()
        elif not above:
            self._rows.renew(index)
        self._changed(0, len(new) - 1)

    def put(self, index: Index, number: int, entries: list[HistoryEntry], page: int) -> None:
        """Take a page that was read; `page` is how many entries one has."""
        if self._rows.put(index, number, entries):
            self._changed(number * page, number * page + len(entries) - 1)

    def _changed(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, _COLUMNS - 1))

    @override
    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  as in Qt
        return 0 if parent.isValid() else len(self._rows.index.ids)

    @override
    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else _COLUMNS

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return _HEADS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        return None

    @override
    def data(self, index: AnyIndex, role: int = 0) -> Any:
        entry = self.entry(index.row()) if role in _ROLES else None
        if entry is None:
            return "…" if role == Qt.ItemDataRole.DisplayRole else None
        words, column = self.words(entry), Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return _cell(words, column)
        if column is Column.PICTURE:
            # The beginning of a row says all of it to those who hear it.
            tip = role == Qt.ItemDataRole.ToolTipRole
            place = "Contains its location" if self._tells_place(entry) else ""
            if tip:
                return "\n".join(filter(None, (printable(entry.path), place)))
            return ", ".join(filter(None, (_told(entry, words), place)))
        return _cell(words, column) if role == Qt.ItemDataRole.ToolTipRole else None


_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)


def _cell(words: RowWords, column: Column) -> str:
    saved = ", ".join(filter(None, (words.saved, words.sizes)))
    return (words.name, words.verdict, saved, words.when)[column]


def _told(entry: HistoryEntry, words: RowWords) -> str:
    return ", ".join(filter(None, (details(entry), words.saved, words.when, words.place)))


def _place_within(old: "array[int]", new: "array[int]") -> int | None:
    """Where all of the old ids are in the new ones, in one piece; None where they are not."""
    if not old or len(new) < len(old):
        return None
    try:
        place = new.index(old[0])
    except ValueError:
        return None
    return place if new[place : place + len(old)] == old else None
