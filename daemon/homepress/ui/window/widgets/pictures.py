"""The table of pictures on the page Compress now; its rows can be dragged out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    Qt,
    QUrl,
)
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from homepress.base.formats import SNIFF_BYTES, sniff
from homepress.base.override import override
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.batch import BatchItem
from homepress.ui.window.model.wishes import BatchWords, Wish, result_words
from homepress.ui.window.theme import Icon, paint_icon
from homepress.ui.window.theme.sheet import FONT_SCALES
from homepress.ui.window.widgets.thumbnails import Thumbnails

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_Shown = Qt.ItemDataRole.DisplayRole
_HEADS = ("Picture", "Size", "Saved")
_SIDE = 52
_PAD = 10
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
    """

    def __init__(self, is_at_work: Callable[[BatchItem], bool]) -> None:
        """`is_at_work` says of a picture without a result whether it is being worked on."""
        super().__init__()
        self._is_at_work = is_at_work
        self.items: list[BatchItem] = []
        self.wish = Wish()
        self.stopped = False
        self.narrow = False

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

    # -- what Qt asks

    @override
    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.items)

    @override
    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return len(_HEADS)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Shown) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole and section:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return _HEADS[section] if role == _Shown and orientation is Qt.Orientation.Horizontal else None

    @override
    def data(self, index: Index, role: int = _Shown) -> Any:
        item = self.items[index.row()]
        words = self.words(item)
        name = printable(item.path.name)
        match index.column(), role:
            case 0, Qt.ItemDataRole.DisplayRole:
                return f"{name}\n{words.about}"
            case 0, Qt.ItemDataRole.ToolTipRole:
                return f"{name}\n{words.about}"
            case 0, Qt.ItemDataRole.AccessibleTextRole:
                return f"{name}: {words.about}"
            case 1, Qt.ItemDataRole.DisplayRole:
                return words.sizes
            case 2, Qt.ItemDataRole.DisplayRole:
                return words.saved
        return None

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
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


class _Cells(QStyledItemDelegate):
    """Draws the rows."""

    def __init__(self, view: "PicturesTable", context: Context, model: PicturesModel) -> None:
        super().__init__(view)
        self._view = view
        self._theme = context.theme
        self._model = model
        self._thumbnails = Thumbnails(context.main, view.viewport().update)
        self.measure()

    def measure(self) -> None:
        """The desktop's font is another."""
        self._strong, self._small = QFont(self._view.font()), QFont(self._view.font())
        self._strong.setWeight(QFont.Weight.DemiBold)
        self._small.setPointSizeF(self._small.pointSizeF() * FONT_SCALES["small"])
        self._high, self._low = (QFontMetrics(font).height() for font in (self._strong, self._small))
        self.row_height = max(_SIDE, self._high + 2 * self._low) + 2 * _PAD

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell: QRect = option.rect
        if self._view.selectionModel().isRowSelected(index.row()):
            painter.fillRect(cell, self._theme.colour("soft"))
        painter.setPen(self._theme.colour("line"))
        painter.drawLine(cell.bottomLeft(), cell.bottomRight())
        item = self._model.items[index.row()]
        words = self._model.words(item)
        if index.column() == 0:
            self._paint_picture(painter, cell, item, words)
        elif index.column() == 1:
            self._paint_figure(painter, cell, words.sizes, self._view.font(), "muted")
        else:
            self._paint_figure(painter, cell, words.saved, self._strong, "accent")

    def _paint_figure(self, painter: QPainter, cell: QRect, text: str, font: QFont, ink: str) -> None:
        """A figure at the far side; it is read from left to right in every language."""
        side = Qt.AlignmentFlag.AlignLeft if self._view.isRightToLeft() else Qt.AlignmentFlag.AlignRight
        aligned = side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font)
        painter.setPen(self._theme.colour(ink))
        flags = int(aligned | Qt.TextFlag.TextSingleLine | Qt.TextFlag.TextForceLeftToRight)
        painter.drawText(cell.adjusted(_PAD, 0, -_PAD, 0), flags, text)

    def _paint_picture(self, painter: QPainter, cell: QRect, item: BatchItem, words: BatchWords) -> None:
        top = cell.top() + (cell.height() - _SIDE) // 2
        place = self._visual(cell, QRect(cell.left() + _PAD, top, _SIDE, _SIDE))
        pixels = round(_SIDE * self._view.devicePixelRatioF())
        version = int(item.replaced is not None)
        if (image := self._thumbnails.get(item.path, version, pixels)) is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(place, image)
        else:
            painter.fillRect(place, self._theme.colour("page"))
            inside = QRectF(place).adjusted(15, 15, -15, -15)
            paint_icon(painter, Icon.PICTURE, inside, self._theme.colour("muted"))
        beside = cell.adjusted(_SIDE + 2 * _PAD + 2, 0, -4, 0)
        metrics = QFontMetrics(self._strong)
        name = metrics.elidedText(printable(item.path.name), Qt.TextElideMode.ElideMiddle, beside.width())
        lines = fitted(self._model.about(item), self._small, beside.width())
        top = cell.top() + (cell.height() - self._high - len(lines) * self._low) // 2
        self._paint_line(painter, cell, QRect(beside.left(), top, beside.width(), self._high), name)
        top += self._high
        for line in lines:
            where = QRect(beside.left(), top, beside.width(), self._low)
            self._paint_line(painter, cell, where, line, words.tone)
            top += self._low

    def _paint_line(self, painter: QPainter, cell: QRect, place: QRect, text: str, tone: str = "") -> None:
        """One line at the side where reading begins; without a tone it is the name."""
        side = Qt.AlignmentFlag.AlignRight if self._view.isRightToLeft() else Qt.AlignmentFlag.AlignLeft
        painter.setFont(self._small if tone else self._strong)
        painter.setPen(self._theme.colour(tone or "text"))
        flags = int(side | Qt.AlignmentFlag.AlignAbsolute | Qt.TextFlag.TextSingleLine)
        painter.drawText(self._visual(cell, place), flags, text)

    def _visual(self, cell: QRect, place: QRect) -> QRect:
        return QStyle.visualRect(self._view.layoutDirection(), cell, place)


def fitted(text: str, font: QFont, width: int, most: int = 2) -> list[str]:
    """A text in lines of a width, the last of which is shortened where it does not end there."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    lines: list[str] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        begin = line.textStart()
        if len(lines) == most - 1:
            last = QFontMetrics(font).elidedText(text[begin:], Qt.TextElideMode.ElideRight, width)
            lines.append(last)
            break
        lines.append(text[begin : begin + line.textLength()].strip())
    layout.endLayout()
    return lines


class PicturesTable(QTableView):
    """The table itself; what keys ask for is done by the page."""

    def __init__(self, context: Context, model: PicturesModel, pressed: Callable[[str], object]) -> None:
        """`pressed` gets "copy", "remove" or "save"."""
        super().__init__()
        self._pressed = pressed
        self._model = model
        self.setAccessibleName("Pictures")
        self.setModel(model)
        self._cells = _Cells(self, context, model)
        self.setItemDelegate(self._cells)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(150)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._theme = context.theme
        context.theme.changed.connect(self.viewport().update)
        self._measure()

    def _measure(self) -> None:
        """Rows and columns are as large as the font asks for."""
        self._cells.measure()
        wide = self.fontMetrics().horizontalAdvance
        self.setColumnWidth(1, wide("99.9 MB → 99.9 MB") + 2 * _PAD)
        self.setColumnWidth(2, wide("−99 %") + 3 * _PAD)
        self.verticalHeader().setDefaultSectionSize(self._cells.row_height)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._model.narrow = self.viewport().width() < _NARROW
        self.setColumnHidden(1, self._model.narrow)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_theme"):
            self._measure()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._pressed("copy")
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._pressed("remove")
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pressed("save")
        elif event.key() == Qt.Key.Key_Escape and self.selectionModel().hasSelection():
            self.clearSelection()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus() and self.currentIndex().isValid():
            row = self.currentIndex().row()
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            whole = QRectF(0, self.rowViewportPosition(row), self.viewport().width(), self.rowHeight(row))
            painter.drawRoundedRect(whole.adjusted(2, 1, -2, -2), 6, 6)
