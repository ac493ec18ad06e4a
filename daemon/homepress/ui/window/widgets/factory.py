"""Making controls in one line, each with its look and its accessible name."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from PySide6.QtCore import QObject, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from homepress.base.override import override
from homepress.ui.window.model.snapshot import Tone
from homepress.ui.window.theme import Icon, Theme
from homepress.ui.window.widgets.controls import (
    MARK_SIDE,
    Choice,
    ElidedLabel,
    Mark,
    Switch,
    TickBox,
    on_chosen,
    on_switched,
    stop_once,
)

Role = Literal[
    "body", "strong", "muted", "small", "title", "heading", "figure", "accent", "good", "warning", "bad"
]
Kind = Literal["plain", "primary", "ghost", "danger"]

_INK: dict[Kind, str] = {"plain": "text", "primary": "on_fill", "ghost": "accent", "danger": "bad"}
_ICON_SIDE = 16


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

    def mark(self, icon: Icon, ink: str = "text", side: int = MARK_SIDE) -> Mark:
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
        made.setAcceptDrops(False)  # files that are dropped are for the window
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
        policy = made.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing jumps when it comes and goes
        made.setSizePolicy(policy)
        return made

    def unfolding(self, text: str, inside: QWidget, unfolded: str = "") -> QPushButton:
        """A button that shows what is hidden at first, and hides it; `unfolded` is its text meanwhile."""

        def toggle() -> None:
            folded = not inside.isHidden()
            inside.setVisible(not folded)
            words = text if folded else unfolded or text
            made.setText(f" {words}")
            made.setAccessibleName(words)
            made.setIcon(self.theme.icon(Icon.CHEVRON if folded else Icon.DOWN, "accent"))

        made = self.button(text, toggle, "ghost", Icon.CHEVRON)
        inside.hide()
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
        name, help_line = self.label(title, "strong", wrap=True), self.hint(about)
        name.setBuddy(control)
        words = [name, help_line] if about else [name]
        if not control.accessibleName():
            control.setAccessibleName(title)
        control.setAccessibleDescription(about)
        made = SplitRow(stacked(*words, spacing=2), control)
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
        self.centre(inside, self.mark(icon, "muted", 40), title, about)
        for action in actions:
            inside.addWidget(action, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch(2)
        return made

    def centre(self, inside: QVBoxLayout, mark: Mark, title: str, about: str) -> None:
        """Add an icon, a heading and a line on it, in the middle from side to side."""
        inside.addWidget(mark, 0, Qt.AlignmentFlag.AlignHCenter)
        for words in (self.label(title, "heading", wrap=True), self.label(about, "muted", wrap=True)):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            inside.addWidget(words)


def _leading() -> Qt.AlignmentFlag:
    """The side where reading begins in this window, also for a text in another script."""
    if QGuiApplication.layoutDirection() is Qt.LayoutDirection.LeftToRight:
        return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute
    return right | Qt.AlignmentFlag.AlignVCenter


# Layouts without margins, and widgets that are nothing but one.


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


def stacked(*parts: QWidget, spacing: int = 0) -> QWidget:
    """Widgets one above the other."""
    made = QWidget()
    inside = column(made, spacing=spacing)
    for part in parts:
        inside.addWidget(part)
    return made


def across(*parts: QWidget | None, fill: QWidget | None = None, spacing: int = 8) -> QWidget:
    """Widgets beside each other; `fill`, or None in the place of one, takes the room that is left."""
    made = QWidget()
    line = row(made, spacing=spacing)
    for part in parts:
        if part is None:
            line.addStretch(1)
        else:
            line.addWidget(part, int(part is fill))
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


def after(owner: QObject, milliseconds: int, command: Callable[[], object]) -> None:
    """Have something done a little later, unless `owner` is gone by then (Qt 6.4 has no call for it)."""
    timer = QTimer(owner, singleShot=True)
    timer.timeout.connect(lambda: command())
    timer.timeout.connect(timer.deleteLater)
    timer.start(milliseconds)


def announce(widget: QWidget, text: str) -> None:
    """Have a screen reader say what has changed, where Qt can (6.8 and newer)."""
    from PySide6 import QtGui

    if (event := getattr(QtGui, "QAccessibleAnnouncementEvent", None)) is not None:
        QtGui.QAccessible.updateAccessibility(event(widget, text))
