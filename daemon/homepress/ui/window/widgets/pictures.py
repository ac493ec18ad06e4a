"""The table of pictures on the page Compress now; its rows can be dragged out."""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QUrl,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPainterPath,
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
from homepress.base.units import size
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.batch import BatchItem
from homepress.ui.window.model.pictures import NotShownError, thumbnail
from homepress.ui.window.model.wishes import BatchWords, Wish, result_words
from homepress.ui.window.theme import Icon, Theme, paint_icon

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_Shown = Qt.ItemDataRole.DisplayRole
_HEADS = ("Picture", "Size", "Saved")
_SIDE = 52
_THUMBNAIL = 2 * _SIDE
"""Pixels; sharp on displays of twice the density."""
_PAD = 10
_WAITING = BatchWords("", "", "Waiting …")
_STOPPED = BatchWords("", "", "Cancelled")


class PicturesModel(QAbstractTableModel):
    """The rows: a picture each, with what became of it for the present wish.

    Attributes:
        items: the pictures.
        wish: what is wanted now.
        stopped: whether those without a result were cancelled.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.items: list[BatchItem] = []
        self.wish = Wish()
        self.stopped = False
        self._context = context
        self._images: dict[BatchItem, QImage | None] = {}
        self._wanted: deque[BatchItem] = deque()
        self._looking = False

    def add(self, items: Sequence[BatchItem]) -> None:
        """Add rows at the end."""
        first = len(self.items)
        self.beginInsertRows(QModelIndex(), first, first + len(items) - 1)
        self.items += items
        self.endInsertRows()

    def remove(self, items: Sequence[BatchItem]) -> None:
        """Take rows away."""
        for item in items:
            row = self.items.index(item)
            self.beginRemoveRows(QModelIndex(), row, row)
            del self.items[row]
            self._images.pop(item, None)
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

    def words(self, item: BatchItem) -> BatchWords:
        """What a row says."""
        wish = self.wish_of(item)
        made = item.made.get(wish)
        if made is None:
            return _STOPPED if self.stopped else _WAITING
        return result_words(made, wish, replaced=item.replaced is not None)

    def image(self, item: BatchItem) -> QImage | None:
        """Its thumbnail, decoded apart from this process; None until it is there, or where it cannot be."""
        if item not in self._images:
            self._images[item] = None
            self._wanted.append(item)
            if not self._looking:
                self._looking = True
                self._context.jobs.run(self._look, lambda _: self._looked())
        return self._images[item]

    def _look(self) -> None:
        while self._wanted:
            item = self._wanted.pop()  # what came into view last
            try:
                found = thumbnail(item.path, _THUMBNAIL)
            except NotShownError:
                continue
            data, (width, height) = found.tobytes(), found.size
            made = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
            self._context.main.post(lambda item=item, made=made: self._take(item, made))  # type: ignore[misc]

    def _looked(self) -> None:
        self._looking = False

    def _take(self, item: BatchItem, image: QImage) -> None:
        if item in self._images:
            self._images[item] = image
            self.changed(item)

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

    def __init__(self, theme: Theme, model: PicturesModel) -> None:
        super().__init__()
        self._theme = theme
        self._model = model

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        metrics: QFontMetrics = option.fontMetrics
        small = QFontMetrics(self._small(option.font))
        return QSize(100, max(_SIDE, metrics.height() + 2 * small.height()) + 2 * _PAD)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        colour, rect = self._theme.colour, option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, colour("soft"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), colour("line"))
        item = self._model.items[index.row()]
        words = self._model.words(item)
        rtl = option.direction is Qt.LayoutDirection.RightToLeft
        if index.column() == 0:
            self._paint_picture(painter, option, item, words)
        else:
            text, ink = ((words.sizes, "muted"), (words.saved, "accent"))[index.column() - 1]
            font = QFont(option.font)
            font.setBold(index.column() == 2)
            painter.setFont(font)
            painter.setPen(colour(ink))
            side = Qt.AlignmentFlag.AlignLeft if rtl else Qt.AlignmentFlag.AlignRight
            painter.drawText(rect.adjusted(6, 0, -_PAD, 0), side | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def _paint_picture(
        self, painter: QPainter, option: QStyleOptionViewItem, item: BatchItem, words: BatchWords
    ) -> None:
        rtl = option.direction is Qt.LayoutDirection.RightToLeft
        colour, rect = self._theme.colour, option.rect
        place = QRect(rect.left() + _PAD, rect.top() + (rect.height() - _SIDE) // 2, _SIDE, _SIDE)
        text = QRect(place.right() + 12, rect.top() + _PAD, 0, rect.height() - 2 * _PAD)
        text.setRight(rect.right() - 6)
        if rtl:
            place.moveRight(rect.right() - _PAD)
            text = QRect(rect.left() + 6, text.top(), text.width(), text.height())
        self._paint_thumbnail(painter, place, self._model.image(item))
        strong, small = QFont(option.font), self._small(option.font)
        strong.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(strong)
        side = Qt.AlignmentFlag.AlignRight if rtl else Qt.AlignmentFlag.AlignLeft
        name = metrics.elidedText(printable(item.path.name), Qt.TextElideMode.ElideMiddle, text.width())
        lines = fitted(words.about, small, text.width())
        high = metrics.height() + len(lines) * QFontMetrics(small).height()
        top = text.top() + max(0, (text.height() - high) // 2)
        painter.setFont(strong)
        painter.setPen(colour("text"))
        painter.drawText(QRect(text.left(), top, text.width(), metrics.height()), side, name)
        painter.setFont(small)
        painter.setPen(colour(words.tone))
        top += metrics.height()
        for line in lines:
            painter.drawText(QRect(text.left(), top, text.width(), QFontMetrics(small).height()), side, line)
            top += QFontMetrics(small).height()

    def _paint_thumbnail(self, painter: QPainter, place: QRect, image: QImage | None) -> None:
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(place), 7, 7)
        painter.fillPath(shape, QColor(self._theme.colour("raised")))
        if image is None:
            paint_icon(
                painter, Icon.PICTURE, QRectF(place).adjusted(15, 15, -15, -15), self._theme.colour("muted")
            )
            return
        painter.save()
        painter.setClipPath(shape)
        painter.drawImage(place, image)
        painter.restore()

    @staticmethod
    def _small(font: QFont) -> QFont:
        made = QFont(font)
        made.setPointSizeF(font.pointSizeF() * 0.92)
        return made


def fitted(text: str, font: QFont, width: int, most: int = 2) -> list[str]:
    """A text in lines of a width, the last of which is shortened where it does not end there."""
    layout = QTextLayout(text, font)
    layout.setTextOption(QTextOption())
    layout.beginLayout()
    lines: list[str] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        start = line.textStart()
        if len(lines) == most - 1:
            rest = QFontMetrics(font).elidedText(text[start:], Qt.TextElideMode.ElideRight, width)
            lines.append(rest)
            break
        lines.append(text[start : start + line.textLength()].strip())
    layout.endLayout()
    return lines


class PicturesTable(QTableView):
    """The table itself; what keys ask for is done by the page."""

    def __init__(self, context: Context, model: PicturesModel, pressed: Callable[[str], object]) -> None:
        """`pressed` gets "copy", "remove" or "save"."""
        super().__init__()
        self._pressed = pressed
        self.setAccessibleName("Pictures")
        self.setModel(model)
        self._cells = _Cells(context.theme, model)
        self.setItemDelegate(self._cells)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(190)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        context.theme.changed.connect(self._measure)
        self._measure()

    def _measure(self) -> None:
        """Row and columns are as large as the font asks for."""
        metrics = self.fontMetrics()
        widest = metrics.horizontalAdvance(f"{size(999_000_000)} → {size(999_000_000)}")
        self.setColumnWidth(1, widest + 2 * _PAD)
        self.setColumnWidth(2, metrics.horizontalAdvance("−100 %") + 3 * _PAD)
        small = metrics.height() * 0.92
        self.verticalHeader().setDefaultSectionSize(
            round(max(_SIDE, metrics.height() + 2 * small)) + 2 * _PAD
        )

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._pressed("copy")
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._pressed("remove")
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pressed("save")
        else:
            super().keyPressEvent(event)
