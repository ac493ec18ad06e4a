"""Large choices of which one holds: a card each, with a title, what it means, and a figure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QPushButton, QVBoxLayout, QWidget

from homepress.base.override import override
from homepress.ui.window.widgets.controls import on_chosen, show_checked, stop_once
from homepress.ui.window.widgets.factory import WidgetFactory


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: its value, its title, and a line on what it means."""

    value: str
    title: str
    about: str


class _OptionButton(QPushButton):
    """A button as large as what is in it."""

    def __init__(self, kit: WidgetFactory, option: Option, *, figure: bool) -> None:
        super().__init__()
        self.setProperty("kind", "option")
        self.setCheckable(True)
        self.setAutoExclusive(True)  # a radio button to screen readers
        self.setAccessibleName(option.title)
        self.setAccessibleDescription(option.about)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._about = option.about
        self._inside = QVBoxLayout(self)
        margin = 14 if figure else 11
        self._inside.setContentsMargins(margin, 10, margin, 10)
        self._inside.setSpacing(3)
        self._title = kit.label(option.title, "heading" if figure else "strong", wrap=True)
        self._hint = kit.hint(option.about)
        self._figure = kit.label(" ", "accent", wrap=True)
        for label in (self._title, self._hint, self._figure):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._inside.addWidget(label)
        self._figure.setVisible(figure)
        self._inside.addStretch(1)

    def show_title(self, text: str) -> None:
        """Call this choice otherwise."""
        self._title.setText(text)
        self.setAccessibleName(text)

    def explain(self, on: bool) -> None:
        """Show what it means, or nothing but the title; then that is its tooltip."""
        self._hint.setVisible(on)
        self.setToolTip("" if on else self._about)

    def show_figure(self, text: str) -> None:
        """Show what is known of this choice; its line is there before, so that nothing jumps."""
        self._figure.setText(text or " ")
        self.setAccessibleDescription(f"{self._about} {text}".strip())

    @override
    def sizeHint(self) -> QSize:
        return self._inside.totalSizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        return self._inside.totalMinimumSize()

    @override
    def heightForWidth(self, width: int) -> int:
        return self._inside.totalHeightForWidth(width)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class OptionCards(QWidget):
    """The choices, side by side; where there is little room, one below the other or in several rows."""

    _NARROW = 170
    """Pixels; no card becomes narrower while they are side by side."""
    _NARROW_BRIEF, _NARROWEST = 150, 135
    """The same without figures, and in several rows of titles alone."""

    def __init__(
        self,
        kit: WidgetFactory,
        name: str,
        options: Sequence[Option],
        chosen: str,
        changed: Callable[[str], object],
        *,
        brief: bool = False,
    ) -> None:
        """Make the cards.

        Args:
            kit: makes what is in them.
            name: what is chosen, for screen readers.
            options: the choices.
            chosen: the value that holds.
            changed: called with the value that somebody chose.
            brief: they have no figures, and stand in rows of titles alone where there is little room.
        """
        super().__init__()
        self.setAccessibleName(name)
        self._brief = brief
        self._columns = 0
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(10)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _OptionButton] = {}
        for option in options:
            button = _OptionButton(kit, option, figure=not brief)
            on_chosen(button, partial(changed, option.value))
            self._group.addButton(button)
            self._buttons[option.value] = button
        self._arrange(len(options))
        self.choose(chosen)
        stop_once(self._group)

    def choose(self, value: str) -> None:
        """Have a choice hold; none of them for a value that is not among them."""
        self._group.setExclusive(False)
        for word, button in self._buttons.items():
            show_checked(button, word == value)
        self._group.setExclusive(True)

    def show_figure(self, value: str, text: str) -> None:
        """Show a figure on a choice."""
        if (button := self._buttons.get(value)) is not None:
            button.show_figure(text)

    def show_title(self, value: str, text: str) -> None:
        """Call a choice otherwise."""
        self._buttons[value].show_title(text)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        number = len(self._buttons)
        if self.width() >= (self._NARROW_BRIEF if self._brief else self._NARROW) * number:
            self._arrange(number)
        else:
            self._arrange(max(1, self.width() // self._NARROWEST) if self._brief else 1)

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for column in range(len(self._buttons)):
            self._layout.setColumnStretch(column, int(column < columns))
        for at, button in enumerate(self._buttons.values()):
            self._layout.addWidget(button, at // columns, at % columns)
            button.explain(not self._brief or columns == len(self._buttons))
