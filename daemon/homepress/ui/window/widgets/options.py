"""Large choices of which one holds: a card each, with a title, what it means, and a figure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QPushButton, QVBoxLayout, QWidget

from homepress.base.override import override
from homepress.ui.window.widgets.factory import WidgetFactory


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: its value, its title, and a line on what it means."""

    value: str
    title: str
    about: str


class _OptionButton(QPushButton):
    """A button as large as what is in it."""

    def __init__(self, kit: WidgetFactory, option: Option) -> None:
        super().__init__()
        self.setProperty("kind", "option")
        self.setCheckable(True)
        self.setAccessibleName(option.title)
        self.setAccessibleDescription(option.about)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._about = option.about
        self._inside = QVBoxLayout(self)
        self._inside.setContentsMargins(14, 10, 14, 10)
        self._inside.setSpacing(3)
        self._figure = kit.label(" ", "accent", wrap=True)
        for label in (kit.label(option.title, "heading", wrap=True), kit.hint(option.about), self._figure):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._inside.addWidget(label)
        self._inside.addStretch(1)

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
    """The choices, side by side, or one below the other where there is little room."""

    _NARROW = 170
    """Pixels; no card becomes narrower while they are side by side."""

    def __init__(
        self,
        kit: WidgetFactory,
        name: str,
        options: Sequence[Option],
        chosen: str,
        changed: Callable[[str], object],
    ) -> None:
        """Make the cards.

        Args:
            kit: makes what is in them.
            name: what is chosen, for screen readers.
            options: the choices.
            chosen: the value that holds.
            changed: called with the value that somebody chose.
        """
        super().__init__()
        self.setAccessibleName(name)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(10)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _OptionButton] = {}
        for option in options:
            button = _OptionButton(kit, option)
            button.clicked.connect(lambda *_, value=option.value: changed(value))
            self._group.addButton(button)
            self._layout.addWidget(button, 1)
            self._buttons[option.value] = button
        self.choose(chosen)

    def choose(self, value: str) -> None:
        """Have a choice hold; none of them for a value that is not among them."""
        self._group.setExclusive(False)
        for word, button in self._buttons.items():
            button.setChecked(word == value)
        self._group.setExclusive(True)

    def show_figure(self, value: str, text: str) -> None:
        """Show a figure on a choice."""
        if (button := self._buttons.get(value)) is not None:
            button.show_figure(text)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= self._NARROW * len(self._buttons)
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self._layout.setDirection(direction)
