"""The table of the history as it is seen: how its cells are drawn, and the view with its hands."""

import functools
import itertools
from collections.abc import Callable, Iterator

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from homepress.base.override import override
from homepress.store.reader import HistoryEntry
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import Index, RowWords
from homepress.ui.window.model.entry import where_it_is
from homepress.ui.window.theme import Icon, paint_icon
from homepress.ui.window.theme.sheet import FONT_SCALES
from homepress.ui.window.widgets.history_model import AnyIndex, Column, HistoryModel
from homepress.ui.window.widgets.thumbnails import Thumbnails

# Drawing: two lines a row, names shortened in the middle, reasons broken into two lines.

_THUMBNAIL = 44
_PAD = 10
_SIGN = 16
_NAMES = 0.53
"""What pictures and their names take of the room that they share with the results."""


class _CellFonts:
    """Fonts and measures of one look, and what was broken into lines with them."""

    def __init__(self, font: QFont) -> None:
        self.body = QFont(font)
        self.strong = QFont(font)
        self.strong.setWeight(QFont.Weight.DemiBold)
        self.small = QFont(font)
        self.small.setPointSizeF(font.pointSizeF() * FONT_SCALES["small"])
        self.strong_metrics, self.small_metrics = QFontMetrics(self.strong), QFontMetrics(self.small)
        self.lines = functools.lru_cache(maxsize=1000)(self._lines)
        self.row_height = max(60, 3 * self.small_metrics.height() + 12)

    def _lines(self, text: str, width: int) -> tuple[str, ...]:
        """A text in as many lines as a row has room for, of which the last is cut where its room ends."""
        most = (self.row_height - 6) // (self.small_metrics.height() + 1)
        layout = QTextLayout(text, self.small)
        layout.setTextOption(_breaking())
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


def _breaking() -> QTextOption:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return option


class HistoryDelegate(QStyledItemDelegate):
    """Draws the cells."""

    def __init__(self, view: "HistoryTable", context: Context) -> None:
        super().__init__(view)
        self._view = view
        self._theme = context.theme
        self._icons: dict[tuple[Icon, int, int, float], QPixmap] = {}
        self._thumbnails = Thumbnails(context.main, view.viewport().update)
        self.fonts = _CellFonts(view.font())

    def new_font(self) -> None:
        """The desktop's font is another."""
        self.fonts = _CellFonts(self._view.font())

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        view, colour = self._view, self._theme.colour
        cell: QRect = option.rect
        if view.selectionModel().isRowSelected(index.row()):
            painter.fillRect(cell, colour("soft"))
        elif index.row() == view.hovered:
            painter.fillRect(cell, colour("raised"))
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # "46 %" stays so, right to left
        painter.setPen(colour("line"))
        painter.drawLine(cell.bottomLeft(), cell.bottomRight())
        entry = view.history.entry(index.row())
        column = Column(index.column())
        if entry is None:
            if column is Column.PICTURE:
                self._text(painter, cell, cell.adjusted(_PAD + 4, 0, 0, 0), "…", self.fonts.body, "muted")
            return
        words = view.history.words(entry)
        match column:
            case Column.PICTURE:
                self._picture(painter, cell, entry, words)
            case Column.RESULT:
                self._result(painter, cell, words)
            case Column.SAVED:
                self._saving(painter, cell, words)
            case Column.WHEN:
                self._text(painter, cell, _inner(cell), words.when, self.fonts.small, "muted")

    def _picture(self, painter: QPainter, cell: QRect, entry: HistoryEntry, words: RowWords) -> None:
        top = cell.top() + (cell.height() - _THUMBNAIL) // 2
        place = self._visual(cell, QRect(cell.left() + _PAD, top, _THUMBNAIL, _THUMBNAIL))
        ratio = self._view.devicePixelRatioF()
        version = 2 * entry.id + words.undone
        image = self._thumbnails.get(where_it_is(entry), version, round(_THUMBNAIL * ratio))
        if image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(place, image)
        else:
            painter.fillRect(place, self._theme.colour("page"))
            self._icon(painter, Icon.PICTURE, place.adjusted(12, 12, -12, -12), "muted")
        fonts, middle = self.fonts, Qt.TextElideMode.ElideMiddle
        beside = cell.adjusted(2 * _PAD + _THUMBNAIL, 0, -_PAD, 0)
        name = fonts.strong_metrics.elidedText(words.name, middle, beside.width())
        second = self._view.second_line(words)
        below = fonts.small_metrics.elidedText(second, middle, beside.width())
        self._two(painter, cell, beside, (name, "text"), below)

    def _result(self, painter: QPainter, cell: QRect, words: RowWords) -> None:
        icon, ink, text_ink = _sign(words)
        fonts, inside = self.fonts, _inner(cell)
        beside = inside.adjusted(_SIGN + 8, 0, 0, 0)
        lines = fonts.lines(words.verdict, max(20, beside.width()))
        height = fonts.small_metrics.height() + 1
        top = cell.center().y() - len(lines) * height // 2
        sign = QRect(inside.left(), top + (height - _SIGN) // 2, _SIGN, _SIGN)
        self._icon(painter, icon, self._visual(cell, sign), ink)
        for number, line in enumerate(lines):
            where = QRect(beside.left(), top + number * height, beside.width(), height)
            self._text(painter, cell, where, line, fonts.small, text_ink)

    def _saving(self, painter: QPainter, cell: QRect, words: RowWords) -> None:
        inside = _inner(cell)
        sizes = (
            words.sizes if self.fonts.small_metrics.horizontalAdvance(words.sizes) <= inside.width() else ""
        )
        if words.saved and sizes:
            self._two(painter, cell, inside, (words.saved, "accent"), sizes)
        elif words.saved:
            self._text(painter, cell, inside, words.saved, self.fonts.strong, "accent")
        else:
            self._text(painter, cell, inside, sizes, self.fonts.small, "muted")

    def _two(self, painter: QPainter, cell: QRect, place: QRect, upper: tuple[str, str], lower: str) -> None:
        """A strong line, as text and colour, and a small one below it."""
        height = self.fonts.strong_metrics.height()
        where = QRect(place.left(), cell.center().y() - height, place.width(), height)
        self._text(painter, cell, where, upper[0], self.fonts.strong, upper[1])
        self._text(painter, cell, where.translated(0, height + 1), lower, self.fonts.small, "muted")

    def _icon(self, painter: QPainter, icon: Icon, place: QRect, ink: str) -> None:
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

    def _visual(self, cell: QRect, place: QRect) -> QRect:
        return QStyle.visualRect(self._view.layoutDirection(), cell, place)

    def _text(self, painter: QPainter, cell: QRect, place: QRect, text: str, font: QFont, ink: str) -> None:
        """One line, at the side where reading begins."""
        side = Qt.AlignmentFlag.AlignRight if self._view.isRightToLeft() else Qt.AlignmentFlag.AlignLeft
        painter.setFont(font)
        painter.setPen(self._theme.colour(ink))
        aligned = side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self._visual(cell, place), aligned, text)


def _inner(cell: QRect) -> QRect:
    return cell.adjusted(_PAD, 0, -_PAD, 0)


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


class HistoryTable(QTableView):
    """The table itself.

    Attributes:
        history: its model.
        hovered: the row that the pointer is on; -1 for none.
        opened: Enter was pressed on a row, or it was clicked twice.
        deleted: Delete was pressed.
        menu_wanted: a menu for the chosen rows is to be shown at a place of the screen.
        moved: the keyboard is on another row, others are chosen, or more is known of them.
    """

    opened = Signal()
    deleted = Signal()
    menu_wanted = Signal(QPoint)
    moved = Signal()

    def __init__(self, context: Context, wanted: Callable[[Index, int], object]) -> None:
        """`wanted` is as that of the model."""
        super().__init__()
        self._theme = context.theme
        self.hovered = -1
        self.history = HistoryModel(self, wanted)
        self.setModel(self.history)
        self._cells = HistoryDelegate(self, context)
        self.setItemDelegate(self._cells)
        self.setAccessibleName("History")
        self._set_up()
        self.history.rowsInserted.connect(self._stay)
        self.history.dataChanged.connect(lambda *_: self.moved.emit())
        self.selectionModel().selectionChanged.connect(lambda *_: self.moved.emit())
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.doubleClicked.connect(lambda _: self.opened.emit())
        context.theme.changed.connect(self.viewport().update)

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

    def _set_up(self) -> None:
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        # Painted in full by us, so that scrolling moves what is there and paints only what is new.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self._cells.fonts.row_height)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionsClickable(False)
        heads.setHighlightSections(False)
        heads.setMinimumSectionSize(20)

    # -- room

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_cells"):
            self._cells.new_font()
            self.verticalHeader().setDefaultSectionSize(self._cells.fonts.row_height)
            self._fit()

    def _fit(self) -> None:
        """Give each column its room; those that find none are not shown."""
        fonts, room = self._cells.fonts, self.viewport().width()
        wide = fonts.small_metrics.horizontalAdvance
        least = wide("m") * 34 + _THUMBNAIL  # of picture and result together
        percent = fonts.strong_metrics.horizontalAdvance("−99 %") + 2 * _PAD
        sizes, when = (wide(text) + 2 * _PAD for text in ("99.9 MB → 99.9 MB", "Wed 30 Sept 00:00"))
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
            bar.setValue(bar.value() + (last - first + 1) * self._cells.fonts.row_height)

    # -- mouse and keyboard

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
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            place = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        self.menu_wanted.emit(place)

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

    def _row_rect(self, place: int) -> QRect:
        top = self.rowViewportPosition(place)
        return QRect(0, top, self.viewport().width(), self.rowHeight(place))

    def _repaint_row(self, place: int) -> None:
        if place >= 0:
            self.viewport().update(self._row_rect(place))

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
            ring = QRectF(self._row_rect(self.currentIndex().row())).adjusted(2, 1, -2, -2)
            painter.drawRoundedRect(ring, 6, 6)
