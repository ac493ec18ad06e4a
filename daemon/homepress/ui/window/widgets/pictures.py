"""The table of pictures on the page Compress now; its rows can be dragged out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QRect, Qt, QUrl, Signal
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyleOptionViewItem

from homepress.base.formats import SNIFF_BYTES, sniff
from homepress.base.override import override
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.batch import BatchItem
from homepress.ui.window.model.wishes import BatchWords, Wish, result_words
from homepress.ui.window.widgets.table import PAD, AnyIndex, PictureCells, PictureTable

_NO_PARENT = QModelIndex()
_Shown = Qt.ItemDataRole.DisplayRole
_HEADS = ("Picture", "Size", "Saved")
_SIDE = 52
_NARROW = 520
"""Pixels of the table; with less, sizes stand below the name."""
_WAITING = BatchWords("", "", "Waiting …")
_WORKING = BatchWords("", "", "Working …")
_STOPPED = BatchWords("", "", "Cancelled")


class PicturesModel(QAbstractTableModel):
    """The rows: a picture each, with what became of it for the present wish.

    Attributes:
        items: the pictures.
        wish: what is wanted now.
        stopped: whether those without a result were cancelled.
        narrow: whether there is no room for the sizes but in the second line.
        tells_place: whether a picture is known to contain where it was taken.
    """

    def __init__(self, is_at_work: Callable[[BatchItem], bool]) -> None:
        """`is_at_work` says of a picture without a result whether it is being worked on."""
        super().__init__()
        self._is_at_work = is_at_work
        self.items: list[BatchItem] = []
        self.wish = Wish()
        self.stopped = False
        self.narrow = False
        self.tells_place: Callable[[BatchItem], bool] = lambda _: False

    def add(self, items: Sequence[BatchItem]) -> None:
        """Add rows at the end."""
        first = len(self.items)
        self.beginInsertRows(QModelIndex(), first, first + len(items) - 1)
        self.items += items
        self.endInsertRows()

    def remove(self, items: Sequence[BatchItem]) -> None:
        """Take rows away."""
        if len(items) == len(self.items):
            self.beginResetModel()
            self.items.clear()
            self.endResetModel()
            return
        for item in items:
            row = self.items.index(item)
            self.beginRemoveRows(QModelIndex(), row, row)
            del self.items[row]
            self.endRemoveRows()

    def changed(self, item: BatchItem | None = None) -> None:
        """Something about a picture is another, or about all of them."""
        if item is None:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.items) - 1, 2))
        elif item in self.items:
            row = self.items.index(item)
            self.dataChanged.emit(self.index(row, 0), self.index(row, 2))

    def wish_of(self, item: BatchItem) -> Wish:
        """What its row is about: the present wish, or that by which it was replaced."""
        return item.replaced or self.wish

    def is_smaller(self, item: BatchItem) -> bool:
        """Whether it has a result, whose row says what was kept and removed."""
        made = item.made.get(self.wish_of(item))
        return made is not None and bool(made.data)

    def file(self, item: BatchItem) -> Path | None:
        """Its result, None where there is none."""
        return item.files.get(self.wish_of(item))

    def about(self, item: BatchItem) -> str:
        """The second line of its row."""
        words = self.words(item)
        return f"{words.sizes} · {words.about}" if self.narrow and words.saved else words.about

    def words(self, item: BatchItem) -> BatchWords:
        """What a row says."""
        wish = self.wish_of(item)
        made = item.made.get(wish)
        if made is None:
            return _STOPPED if self.stopped else _WORKING if self._is_at_work(item) else _WAITING
        return result_words(made, wish, replaced=item.replaced is not None)

    def _told(self, item: BatchItem) -> list[str]:
        """What became of a picture; without a result, what its pin means too."""
        pin = not self.is_smaller(item) and self.tells_place(item)
        return [self.words(item).about, *(["Contains its location"] if pin else [])]

    # -- what Qt asks

    @override
    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.items)

    @override
    def columnCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return len(_HEADS)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Shown) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole and section:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return _HEADS[section] if role == _Shown and orientation is Qt.Orientation.Horizontal else None

    @override
    def data(self, index: AnyIndex, role: int = _Shown) -> Any:
        item = self.items[index.row()]
        words = self.words(item)
        name = printable(item.path.name)
        match index.column(), role:
            case 0, Qt.ItemDataRole.DisplayRole:
                return f"{name}\n{words.about}"
            case 0, Qt.ItemDataRole.ToolTipRole:
                return "\n".join((name, *self._told(item)))
            case 0, Qt.ItemDataRole.AccessibleTextRole:
                return f"{name}: {', '.join(self._told(item))}"
            case 1, Qt.ItemDataRole.DisplayRole:
                return words.sizes
            case 2, Qt.ItemDataRole.DisplayRole:
                return words.saved
        return None

    @override
    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return usual | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else usual

    @override
    def mimeTypes(self) -> list[str]:
        return ["text/uri-list"]

    @override
    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The results, as files."""
        return self.files([self.items[row] for row in sorted({index.row() for index in indexes})])

    def files(self, items: Sequence[BatchItem]) -> QMimeData:
        """The results of these as files; a single one also as a picture, in its own bytes."""
        made = QMimeData()
        files = [file for file in map(self.file, items) if file is not None]
        made.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        if len(files) == 1:
            data = files[0].read_bytes()
            if (kind := sniff(data[:SNIFF_BYTES])) is not None:
                made.setData(f"image/{kind}", data)
        return made


def _shown(item: BatchItem) -> tuple[Path, int]:
    """The file whose thumbnail a row has, and its version: one that was replaced is another picture."""
    return item.path, int(item.replaced is not None)


class _Cells(PictureCells):
    """Draws the rows."""

    def __init__(self, view: "PicturesTable", context: Context, model: PicturesModel) -> None:
        super().__init__(view, context)
        self._model = model

    @property
    @override
    def row_height(self) -> int:
        high, low = self.fonts.strong_metrics.height(), self.fonts.small_metrics.height()
        return max(_SIDE, high + 2 * low) + 2 * PAD

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        cell: QRect = option.rect
        self.paint_ground(painter, cell, index.row())
        item = self._model.items[index.row()]
        words = self._model.words(item)
        if index.column() == 0:
            self._paint_picture(painter, cell, item, words)
        elif index.column() == 1:
            self._paint_figure(painter, cell, words.sizes, self.fonts.body, "muted")
        else:
            ink = "muted" if words.saved.startswith("+") else "accent"
            self._paint_figure(painter, cell, words.saved, self.fonts.strong, ink)

    def _paint_figure(self, painter: QPainter, cell: QRect, text: str, font: QFont, ink: str) -> None:
        """A figure at the far side; it is read from left to right in every language."""
        side = Qt.AlignmentFlag.AlignLeft if self._view.isRightToLeft() else Qt.AlignmentFlag.AlignRight
        aligned = side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font)
        painter.setPen(self._theme.colour(ink))
        flags = int(aligned | Qt.TextFlag.TextSingleLine | Qt.TextFlag.TextForceLeftToRight)
        painter.drawText(cell.adjusted(PAD, 0, -PAD, 0), flags, text)

    def _paint_picture(self, painter: QPainter, cell: QRect, item: BatchItem, words: BatchWords) -> None:
        fonts = self.fonts
        pin = not self._model.is_smaller(item)  # else its row says what was removed
        self.paint_thumbnail(painter, cell, *_shown(item), _SIDE, pin=pin)
        beside = cell.adjusted(_SIDE + 2 * PAD + 2, 0, -4, 0)
        middle = Qt.TextElideMode.ElideMiddle
        name = fonts.strong_metrics.elidedText(printable(item.path.name), middle, beside.width())
        lines = fonts.lines(self._model.about(item), beside.width(), 2)
        high, low = fonts.strong_metrics.height(), fonts.small_metrics.height()
        top = cell.top() + (cell.height() - high - len(lines) * low) // 2
        where = QRect(beside.left(), top, beside.width(), high)
        self.paint_text(painter, cell, where, name, fonts.strong, "text")
        for number, line in enumerate(lines):
            where = QRect(beside.left(), top + high + number * low, beside.width(), low)
            self.paint_text(painter, cell, where, line, fonts.small, words.tone)


class PicturesTable(PictureTable):
    """The table itself; what keys ask for is done by the page.

    Attributes:
        copied: the rows are to be copied.
    """

    copied = Signal()

    def __init__(self, context: Context, model: PicturesModel) -> None:
        super().__init__(context, "Pictures")
        self._model = model
        self.setModel(model)
        self.draw_with(cells := _Cells(self, context, model))
        model.tells_place = lambda item: cells.tells_place(*_shown(item))
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setMinimumHeight(150)
        head = self.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.fit()

    @override
    def fit(self) -> None:
        wide = self.fontMetrics().horizontalAdvance
        self.setColumnWidth(1, wide("99.9 MB → 99.9 MB") + 2 * PAD)
        self.setColumnWidth(2, wide("−99 %") + 3 * PAD)
        self._model.narrow = self.viewport().width() < _NARROW
        self.setColumnHidden(1, self._model.narrow)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        elif event.key() == Qt.Key.Key_Backspace:
            self.deleted.emit()
        else:
            super().keyPressEvent(event)
