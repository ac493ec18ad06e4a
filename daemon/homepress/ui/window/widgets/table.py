"""What the tables of pictures share: rows with a thumbnail, drawn by us, and the keyboard on them."""

import functools
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QTableView

from homepress.base.override import override
from homepress.ui.window.context import Context
from homepress.ui.window.theme import Icon, paint_icon
from homepress.ui.window.theme.sheet import FONT_SCALES
from homepress.ui.window.widgets.thumbnails import Thumbnails

AnyIndex = QModelIndex | QPersistentModelIndex

PAD = 10
"""Pixels between the edge of a cell and what is in it."""

_ROWS_KNOWN = 1000
"""So many are remembered by their file; what is seen is painted, and so remembered, again and again."""

_PIN = 20
"""Pixels: the disc that says of a picture that it tells where it was taken."""


class CellFonts:
    """Fonts and measures of one look, and what was broken into lines with them."""

    def __init__(self, font: QFont) -> None:
        self.body, self.strong, self.small = QFont(font), QFont(font), QFont(font)
        self.strong.setWeight(QFont.Weight.DemiBold)
        self.small.setPointSizeF(font.pointSizeF() * FONT_SCALES["small"])
        self.strong_metrics, self.small_metrics = QFontMetrics(self.strong), QFontMetrics(self.small)
        self.lines = functools.lru_cache(maxsize=1000)(self._lines)

    def _lines(self, text: str, width: int, most: int) -> tuple[str, ...]:
        """A small text in as many lines at most, of which the last is cut where its room ends."""
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout = QTextLayout(text, self.small)
        layout.setTextOption(option)
        layout.beginLayout()
        found, rest = list[str](), text
        while rest and len(found) < most - 1 and self.small_metrics.horizontalAdvance(rest) > width:
            line = layout.createLine()
            line.setLineWidth(width)
            units = rest.encode("utf-16-le")  # as Qt counts
            taken = units[: 2 * line.textLength()].decode("utf-16-le", "ignore")
            found.append(taken.rstrip())
            rest = rest[len(taken) :]
        layout.endLayout()
        return *found, self.small_metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)


class PictureCells(QStyledItemDelegate):
    """Draws cells; those of a table say what is in them.

    Attributes:
        fonts: of the look that there is now.
    """

    def __init__(self, view: "PictureTable", context: Context) -> None:
        super().__init__(view)
        self._view = view
        self._theme = context.theme
        self._icons: dict[tuple[Icon, int, int, float], QPixmap] = {}
        self._thumbnails = Thumbnails(context.main, self._came)
        self._rows: dict[tuple[Path, int], int] = {}
        self.fonts = CellFonts(view.font())

    @property
    def row_height(self) -> int:
        """Of every row, in pixels."""
        raise NotImplementedError

    def paint_ground(self, painter: QPainter, cell: QRect, row: int) -> None:
        """What is behind a cell."""
        colour = self._theme.colour
        if self._view.selectionModel().isRowSelected(row):
            painter.fillRect(cell, colour("soft"))
        elif row == self._view.hovered:
            painter.fillRect(cell, colour("raised"))
        painter.setPen(colour("line"))
        painter.drawLine(cell.bottomLeft(), cell.bottomRight())

    def tells_place(self, file: Path, version: int) -> bool:
        """Whether a file tells where it was taken, as far as it was in view."""
        return self._thumbnails.tells_place(file, version)

    def paint_thumbnail(
        self, painter: QPainter, cell: QRect, file: Path, version: int, side: int, *, pin: bool = True
    ) -> None:
        """The picture at the beginning of a row, with a pin if it contains its location.

        Args:
            painter, cell: where.
            file, version: see `Thumbnails.get`.
            side: of the square, in pixels.
            pin: whether there may be one.
        """
        if len(self._rows) > _ROWS_KNOWN:
            self._rows.clear()
        self._rows[file, version] = self._view.rowAt(cell.center().y())
        top = cell.top() + (cell.height() - side) // 2
        place = self.visual(cell, QRect(cell.left() + PAD, top, side, side))
        found = self._thumbnails.get(file, version, round(side * self._view.devicePixelRatioF()))
        if found is not None and found.image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(place, found.image)
            if pin and found.tells_place:
                self._paint_pin(painter, cell, place)
        else:
            rest = round(side * 0.28)
            painter.fillRect(place, self._theme.colour("page"))
            self.paint_icon(painter, Icon.PICTURE, place.adjusted(rest, rest, -rest, -rest), "muted")

    def _came(self, file: Path, version: int) -> None:
        """Paint the row again that a thumbnail has come for: not all of them, which takes long."""
        if (row := self._rows.get((file, version))) is not None:
            self._view.viewport().update(self._view.row_rect(row))

    def _paint_pin(self, painter: QPainter, cell: QRect, picture: QRect) -> None:
        """A pin on a disc, over the lower corner of a thumbnail where reading ends."""
        start = QStyle.visualRect(self._view.layoutDirection(), cell, picture)  # as if read from the left
        disc = QRect(start.right() - _PIN + 4, start.bottom() - _PIN + 4, _PIN, _PIN)
        disc = self.visual(cell, disc)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.colour("line"))
        painter.setBrush(self._theme.colour("card"))
        painter.drawEllipse(disc)
        painter.restore()
        self.paint_icon(painter, Icon.PIN, disc.adjusted(3, 3, -3, -3), "accent")

    def paint_icon(self, painter: QPainter, icon: Icon, place: QRect, ink: str) -> None:
        """An icon, from a picture of it: its lines take longer than all texts of a row."""
        ratio, colour = self._view.devicePixelRatioF(), self._theme.colour(ink)
        key = (icon, colour.rgba(), place.width(), ratio)
        if (made := self._icons.get(key)) is None:
            made = self._icons[key] = QPixmap(place.size() * ratio)
            made.setDevicePixelRatio(ratio)
            made.fill(Qt.GlobalColor.transparent)
            inside = QPainter(made)
            paint_icon(inside, icon, QRectF(QPoint(0, 0), place.size()), colour)
            inside.end()
        painter.drawPixmap(place.topLeft(), made)

    def paint_text(
        self, painter: QPainter, cell: QRect, place: QRect, text: str, font: QFont, ink: str
    ) -> None:
        """One line, at the side where reading begins."""
        side = Qt.AlignmentFlag.AlignRight if self._view.isRightToLeft() else Qt.AlignmentFlag.AlignLeft
        painter.setFont(font)
        painter.setPen(self._theme.colour(ink))
        aligned = side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.visual(cell, place), int(aligned | Qt.TextFlag.TextSingleLine), text)

    def visual(self, cell: QRect, place: QRect) -> QRect:
        """A place of a cell where reading begins at the left, as it is in this window."""
        return QStyle.visualRect(self._view.layoutDirection(), cell, place)


class PictureTable(QTableView):
    """A table whose rows are drawn by `PictureCells`.

    Attributes:
        hovered: the row that the pointer is on, as far as a table shows it; -1 for none.
        opened: Enter was pressed on a row.
        deleted: Delete was pressed.
        menu_wanted: a menu for the chosen rows is to be shown at a place of the screen.
    """

    opened = Signal()
    deleted = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, context: Context, name: str) -> None:
        """`name` is for screen readers."""
        super().__init__()
        self._theme = context.theme
        self.hovered = -1
        self.setAccessibleName(name)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        # Painted in full by us, so that scrolling moves what is there and paints only what is new.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionsClickable(False)
        heads.setHighlightSections(False)
        context.theme.changed.connect(self.viewport().update)

    def draw_with(self, cells: PictureCells) -> None:
        """Have the rows drawn; the model is there already."""
        self._drawn = cells
        self.setItemDelegate(cells)
        self.verticalHeader().setDefaultSectionSize(cells.row_height)

    def fit(self) -> None:
        """Give each column its room."""
        raise NotImplementedError

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_drawn"):
            self._drawn.fonts = CellFonts(self.font())
            self.verticalHeader().setDefaultSectionSize(self._drawn.row_height)
            self.fit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.opened.emit()
            case Qt.Key.Key_Delete:
                self.deleted.emit()
            case Qt.Key.Key_Escape if self.selectionModel().hasSelection():
                self.clearSelection()
            case _:
                super().keyPressEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            place = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        self.menu_wanted.emit(place)

    def row_rect(self, row: int) -> QRect:
        """Where a row is in the viewport."""
        return QRect(0, self.rowViewportPosition(row), self.viewport().width(), self.rowHeight(row))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        ground = QPainter(self.viewport())
        ground.fillRect(event.rect(), self._theme.colour("card"))
        ground.end()
        super().paintEvent(event)
        if self.hasFocus() and self.currentIndex().isValid():
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            ring = QRectF(self.row_rect(self.currentIndex().row())).adjusted(2, 1, -2, -2)
            painter.drawRoundedRect(ring, 6, 6)
