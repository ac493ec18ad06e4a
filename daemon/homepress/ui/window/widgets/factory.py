"""Making controls in one line, each with its look and its accessible name."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from PySide6.QtCore import QObject, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from homepress.base.override import override
from homepress.ui.window.model.snapshot import Tone
from homepress.ui.window.theme import Icon, Theme, paint_icon

Role = Literal[
    "body", "strong", "muted", "small", "title", "heading", "figure", "accent", "good", "warning", "bad"
]
Kind = Literal["plain", "primary", "ghost", "danger"]

_INK: dict[Kind, str] = {"plain": "text", "primary": "on_fill", "ghost": "accent", "danger": "bad"}
_ICON_SIDE = 16
_MARK_SIDE = 18


class Mark(QWidget):
    """A line icon beside a text that says the same; screen readers pass over it."""

    def __init__(self, theme: Theme, icon: Icon, ink: str = "text", side: int = _MARK_SIDE) -> None:
        super().__init__()
        self._theme = theme
        self._icon, self._ink = icon, ink
        self.setFixedSize(side, side)

    def show_icon(self, icon: Icon, ink: str) -> None:
        """Show another icon, in a colour of the palette."""
        self._icon, self._ink = icon, ink
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        paint_icon(painter, self._icon, QRectF(self.rect()), self._theme.colour(self._ink), mirrored=mirrored)


class ElidedLabel(QLabel):
    """A name or path in one line, shortened in the middle where its room ends; the tooltip has all of it."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.setAccessibleName(text)
        self._fit()

    def fit_content(self) -> None:
        """Take no more room than the text needs, for a label with something beside it."""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._whole) + 2, metrics.height())

    def _fit(self) -> None:
        fitting = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width())
        self.setText(fitting)
        self.setToolTip(self._whole if fitting != self._whole else "")


class Switch(QCheckBox):
    """A check box that looks like a switch and says "On" or "Off" beside it."""

    _TRACK = QSize(40, 22)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__("Off")
        self._theme = theme
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.toggled.connect(lambda on: self.setText("On" if on else "Off"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(self._TRACK.width() + 16 + metrics.horizontalAdvance("Off"), self._TRACK.height() + 8)

    @override
    def hitButton(self, pos: object) -> bool:
        return True

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour, on = self._theme.colour, self.isChecked()
        rtl = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        track = QRectF(4, (self.height() - self._TRACK.height()) / 2, *self._TRACK.toTuple())
        if rtl:
            track.moveRight(self.width() - 4)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        if self.hasFocus():
            painter.setPen(colour("focus"))
            painter.drawRoundedRect(track.adjusted(-3, -3, 3, 3), 14, 14)
            painter.drawRoundedRect(track.adjusted(-2.5, -2.5, 2.5, 2.5), 14, 14)
        painter.setPen(colour("fill" if on else "edge"))
        painter.setBrush(colour("fill" if on else "card"))
        painter.drawRoundedRect(track, 11, 11)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("on_fill" if on else "edge"))
        knob = QRectF(0, 0, 14, 14)
        knob.moveCenter(track.center())
        knob.moveLeft(track.right() - 18 if on is not rtl else track.left() + 4)
        painter.drawEllipse(knob)
        painter.setPen(colour("text"))
        words = QRectF(self.rect()).adjusted(*((0, 0, -54, 0) if rtl else (54, 0, 0, 0)))
        aligned = Qt.AlignmentFlag.AlignVCenter | (
            Qt.AlignmentFlag.AlignRight if rtl else Qt.AlignmentFlag.AlignLeft
        )
        painter.drawText(words, aligned, self.text())


class TickBox(QCheckBox):
    """A check box whose mark is drawn in the colours of the theme."""

    def __init__(self, theme: Theme, text: str) -> None:
        super().__init__(text)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)  # the text, and the ring of the style sheet
        option = QStyleOptionButton()
        self.initStyleOption(option)
        place = QRectF(
            self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        ).adjusted(0.5, 0.5, -0.5, -0.5)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        colour, on = self._theme.colour, self.isChecked()
        painter.setPen(colour("fill" if on else "edge"))
        painter.setBrush(colour("fill" if on else "card"))
        painter.drawRoundedRect(place, 4, 4)
        if on:
            paint_icon(painter, Icon.CHECK, place.adjusted(2, 2, -2, -2), colour("on_fill"))


class Choice(QComboBox):
    """A list that drops down: values of the program with their words for people."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        rtl = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        left = 9 if rtl else self.width() - 9 - 14
        place = QRectF(left, (self.height() - 14) / 2, 14, 14)
        ink = "text" if self.isEnabled() else "muted"
        paint_icon(QPainter(self), Icon.DOWN, place, self._theme.colour(ink))

    @override
    def wheelEvent(self, event: object) -> None:
        """Scrolling the page over it changes nothing."""
        event.ignore()  # type: ignore[attr-defined]  # a QWheelEvent


class Heading(QWidget):
    """The head of a page.

    Attributes:
        title: its title.
    """

    def __init__(self, title: QLabel, about: QLabel | None, actions: Sequence[QWidget]) -> None:
        super().__init__()
        self.title = title
        rows = column(self, spacing=4)
        rows.setContentsMargins(0, 0, 0, 4)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(title, 1)
        for action in actions:
            first.addWidget(action, 0, Qt.AlignmentFlag.AlignTop)
        rows.addLayout(first)
        if about is not None:
            rows.addWidget(about)


class SplitRow(QWidget):
    """Words at one side and a control at the other; one above the other where there is little room.

    Attributes:
        about: the line that explains, where there is one; the rows of settings have it.
    """

    def __init__(self, words: QWidget, control: QWidget, *, margin: int = 10, least: int = 200) -> None:
        """Put both together.

        Args:
            words: at the side where reading begins.
            control: at the other side.
            margin: above and below, in pixels.
            least: words never become narrower than so many pixels while the control is beside them.
        """
        super().__init__()
        self._least = least
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, margin, 0, margin)
        self._layout.setSpacing(10)
        self._control = control
        self._layout.addWidget(words, 1, Qt.AlignmentFlag.AlignVCenter)
        self._layout.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)
        words.setMinimumWidth(0)
        self._words = words
        self.about = QLabel()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= self._control.sizeHint().width() + self._least
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._layout.direction() is not direction:
            self._layout.setDirection(direction)
            aligned = Qt.AlignmentFlag.AlignVCenter if beside else Qt.AlignmentFlag.AlignLeft
            self._layout.setAlignment(self._control, aligned)
            self._layout.setAlignment(self._words, aligned if beside else Qt.AlignmentFlag(0))


class ButtonRow(QWidget):
    """Buttons in a row, or one below the other where they do not fit."""

    def __init__(self, buttons: Sequence[QWidget]) -> None:
        super().__init__()
        self._buttons = buttons
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        for button in buttons:
            self._layout.addWidget(button)

    @override
    def sizeHint(self) -> QSize:
        hints = [button.sizeHint() for button in self._buttons]
        spaces = self._layout.spacing() * (len(hints) - 1)
        return QSize(sum(hint.width() for hint in hints) + spaces, max(hint.height() for hint in hints))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(max(button.sizeHint().width() for button in self._buttons), self.sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        hint, space = self.sizeHint(), self._layout.spacing()
        beside = self.width() >= hint.width()
        self._layout.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )
        lines = 1 if beside else len(self._buttons)
        self.setMinimumHeight(lines * (hint.height() + space) - space)


class WidgetFactory:
    """Makes controls in the window's look."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme

    # -- text

    def label(self, text: str = "", role: Role = "body", *, wrap: bool = False) -> QLabel:
        """Plain text; with `wrap` it breaks where its room ends."""
        made = QLabel(text)
        made.setTextFormat(Qt.TextFormat.PlainText)
        made.setProperty("role", role)
        made.setAlignment(_leading())
        made.setWordWrap(wrap)
        if wrap:
            policy = made.sizePolicy()  # keeps that its height follows from its width
            policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
            made.setSizePolicy(policy)
        return made

    def hint(self, text: str = "") -> QLabel:
        """Small text that explains, broken where its room ends."""
        return self.label(text, "small", wrap=True)

    def elided(self, text: str = "", role: Role = "body") -> ElidedLabel:
        """A name or path in one line, shortened in the middle."""
        made = ElidedLabel(text)
        made.setProperty("role", role)
        made.setAlignment(_leading())
        return made

    def mark(self, icon: Icon, ink: str = "text", side: int = _MARK_SIDE) -> Mark:
        """An icon beside a text; `ink` is a colour of the palette."""
        return Mark(self.theme, icon, ink, side)

    def heading(self, title: str, about: str = "", *actions: QWidget) -> "Heading":
        """The head of a page: its title, a line on what it is for, and at the other side its buttons."""
        words = self.label(about, "muted", wrap=True) if about else None
        return Heading(self.label(title, "title", wrap=True), words, actions)

    # -- controls

    def button(
        self, text: str, command: Callable[[], object], kind: Kind = "plain", icon: Icon | None = None
    ) -> QPushButton:
        """A button; Return presses it as the space bar does. At most one on a page is "primary"."""
        made = QPushButton(text)
        made.setProperty("kind", kind)
        made.setAutoDefault(True)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves no ring behind
        if icon is not None:
            made.setText(f" {text}")
            made.setAccessibleName(text)
            made.setIcon(self.theme.icon(icon, _INK[kind]))
            made.setIconSize(QSize(_ICON_SIDE, _ICON_SIDE))
        made.clicked.connect(lambda *_: command())
        return made

    def switch(self, name: str, on: bool, changed: Callable[[bool], object]) -> Switch:
        """A switch; `name` says to screen readers what it switches."""
        made = Switch(self.theme, name)
        made.setChecked(on)
        on_switched(made, changed)
        return made

    def tick(self, text: str, on: bool, changed: Callable[[bool], object]) -> TickBox:
        """A box to tick, with its text beside it."""
        made = TickBox(self.theme, text)
        made.setChecked(on)
        on_switched(made, changed)
        return made

    def choice(
        self,
        name: str,
        options: Sequence[tuple[str, str]],
        chosen: str,
        changed: Callable[[str], object],
    ) -> Choice:
        """A list that drops down; pairs of a value and its words. `changed` gets the value."""
        made = Choice(self.theme, name)
        for value, words in options:
            made.addItem(words, value)
        made.setCurrentIndex(max(0, made.findData(chosen)))
        made.activated.connect(lambda _: changed(str(made.currentData())))
        return made

    def segments(
        self,
        name: str,
        options: Sequence[tuple[str, str]],
        chosen: str,
        changed: Callable[[str], object],
    ) -> QWidget:
        """Choices in a row, of which one holds; arrow keys move along."""
        made = QWidget()
        made.setAccessibleName(name)
        line = row(made, spacing=6)
        group = QButtonGroup(made)
        for value, words in options:
            button = QPushButton(words)
            button.setProperty("kind", "segment")
            button.setCheckable(True)
            button.setAutoExclusive(True)  # a radio button to screen readers
            button.setChecked(value == chosen)
            button.setAccessibleDescription(name)
            on_chosen(button, partial(changed, value))
            group.addButton(button)
            line.addWidget(button)
        stop_once(group)
        line.addStretch(1)
        return made

    def entry(self, name: str, text: str = "", example: str = "", *, clear: str = "") -> QLineEdit:
        """A field to type into; `example` is shown while it is empty, `clear` names a button to empty it."""
        made = QLineEdit(text)
        made.setClearButtonEnabled(bool(clear))
        for button in made.findChildren(QAbstractButton):
            button.setAccessibleName(clear)
        made.setAccessibleName(name)
        made.setPlaceholderText(example)
        return made

    def progress(self, name: str) -> QProgressBar:
        """A bar from 0 to 1,000; with the range (0, 0) it says that something goes on."""
        made = QProgressBar()
        made.setRange(0, 1000)
        made.setTextVisible(False)
        made.setAccessibleName(name)
        return made

    # -- surfaces

    def card(self, *, spacing: int = 6, rows: bool = False) -> tuple[QFrame, QVBoxLayout]:
        """A sheet with round corners for what belongs together, and its layout.

        Args:
            spacing: between what is in it.
            rows: whether it holds rows, which bring their own space above and below.
        """
        made = QFrame()
        made.setProperty("surface", "card")
        inside = QVBoxLayout(made)
        inside.setContentsMargins(20, 4 if rows else 14, 20, 4 if rows else 14)
        inside.setSpacing(spacing)
        return made, inside

    def line(self) -> QFrame:
        """A thin line between two rows of a card."""
        made = QFrame()
        made.setProperty("surface", "line")
        return made

    def form_row(self, title: str, about: str, control: QWidget) -> SplitRow:
        """A setting: its title and help, and its control, which is named after the title."""
        words = QWidget()
        inside = column(words, spacing=2)
        name = self.label(title, "strong", wrap=True)
        name.setBuddy(control)
        inside.addWidget(name)
        help_line = self.hint(about)
        if about:
            inside.addWidget(help_line)
        if not control.accessibleName():
            control.setAccessibleName(title)
        control.setAccessibleDescription(about)
        made = SplitRow(words, control)
        made.about = help_line
        return made

    def notice(self, text: str, tone: Tone, *actions: tuple[str, Callable[[], object]]) -> QFrame:
        """What has to be known, on a ground of its own, with buttons for what can be done about it."""
        made = QFrame()
        made.setProperty("surface", tone)
        made.setAccessibleName(text)
        inside = QVBoxLayout(made)
        inside.setContentsMargins(14, 9, 10, 9)
        icon = Icon.WARNING if tone in ("warning", "bad") else Icon.CHECK
        ink = {"good": "accent", "muted": "accent"}.get(tone, tone)
        words = QWidget()
        line = row(words, spacing=10)
        line.addWidget(self.mark(icon, ink), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.label(text, wrap=True), 1)
        buttons = [self.button(title, command) for title, command in actions]
        inside.addWidget(SplitRow(words, ButtonRow(buttons), margin=0, least=300) if buttons else words)
        return made

    def empty(self, icon: Icon, title: str, about: str, *actions: QWidget) -> QWidget:
        """What a list shows that has nothing in it: why, and the next step."""
        made = QWidget()
        inside = column(made, spacing=8)
        inside.addStretch(1)
        inside.addWidget(self.mark(icon, "muted", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        for text, role in ((title, "heading"), (about, "muted")):
            words = self.label(text, role, wrap=True)  # type: ignore[arg-type]  # both are roles
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            inside.addWidget(words)
        for action in actions:
            inside.addWidget(action, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch(2)
        return made


def _leading() -> Qt.AlignmentFlag:
    """The side where reading begins in this window, also for a text in another script."""
    if QGuiApplication.layoutDirection() is Qt.LayoutDirection.LeftToRight:
        return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute
    return right | Qt.AlignmentFlag.AlignVCenter


# Layouts without margins.


def column(parent: QWidget, *, spacing: int = 0) -> QVBoxLayout:
    """A layout from top to bottom."""
    made = QVBoxLayout(parent)
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    return made


def row(parent: QWidget, *, spacing: int = 8) -> QHBoxLayout:
    """A layout along the direction of reading."""
    made = QHBoxLayout(parent)
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    return made


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while (item := layout.takeAt(0)) is not None:
        if (inside := item.widget()) is not None:
            inside.hide()
            inside.deleteLater()
        elif (further := item.layout()) is not None:
            clear(further)


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Give a property that the style sheet asks for another value, and have it seen."""
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def alive(thing: QObject) -> bool:
    """Whether Qt still has an object; false after its page or form was let go."""
    from shiboken6 import isValid

    return bool(isValid(thing))


_BY_PROGRAM = "by_program"


def on_switched(button: QAbstractButton, changed: Callable[[bool], object]) -> None:
    """Call `changed` when somebody switches a button; a screen reader does that without a click."""
    button.toggled.connect(lambda on: None if button.property(_BY_PROGRAM) else changed(on))


def on_chosen(button: QAbstractButton, chosen: Callable[[], object]) -> None:
    """Call `chosen` when somebody chooses one of several buttons, of which one holds."""
    on_switched(button, lambda on: chosen() if on else None)


def stop_once(group: QButtonGroup) -> None:
    """Have Tab stop at the one of several buttons that holds; the arrow keys lead to the others."""

    def fix() -> None:
        buttons = group.buttons()
        stop = group.checkedButton() or buttons[0]
        for button in buttons:
            policy = Qt.FocusPolicy.TabFocus if button is stop else Qt.FocusPolicy.NoFocus
            button.setFocusPolicy(policy)

    group.buttonToggled.connect(lambda *_: fix())
    fix()


def show_checked(button: QAbstractButton, on: bool) -> None:
    """Show that something is on or off, which nobody switched."""
    button.setProperty(_BY_PROGRAM, True)
    button.setChecked(on)
    button.setProperty(_BY_PROGRAM, False)


def announce(widget: QWidget, text: str) -> None:
    """Have a screen reader say what has changed, where Qt can (6.8 and newer)."""
    from PySide6 import QtGui

    if (event := getattr(QtGui, "QAccessibleAnnouncementEvent", None)) is not None:
        QtGui.QAccessible.updateAccessibility(event(widget, text))
