"""The details of an entry of the history: what became of it and why, what can be done, what is known."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from homepress.ui.window.model.entry import EntryAction, EntryFacts
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.factory import ButtonRow, WidgetFactory

_WIDTH = 560
_OFFERED = (EntryAction.COMPARE, EntryAction.UNDO, EntryAction.REDO, EntryAction.COMPRESS, EntryAction.FOLDER)


class EntryDetails(QDialog):
    """Shows them; what is chosen closes it and is done."""

    def __init__(
        self, parent: QWidget, kit: WidgetFactory, facts: EntryFacts, do: Callable[[EntryAction], object]
    ) -> None:
        """`do` is called with what was chosen."""
        super().__init__(parent)
        self.setWindowTitle("Details")
        self.setAccessibleDescription(f"{facts.title}: {facts.verdict}")
        inside = QVBoxLayout(self)
        inside.setContentsMargins(26, 22, 26, 20)
        inside.setSpacing(4)
        inside.addWidget(kit.elided(facts.title, "heading"))
        inside.addWidget(kit.elided(facts.place, "small"))
        inside.addSpacing(10)
        ended = facts.verdict if facts.verdict.endswith((".", "!", "?")) else f"{facts.verdict}."
        verdict = kit.label(ended, "strong", wrap=True)
        verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # it may name a path
        inside.addWidget(verdict)
        if facts.next_step:
            inside.addWidget(kit.label(facts.next_step, wrap=True))
        inside.addSpacing(10)
        inside.addWidget(kit.line())
        inside.addSpacing(8)
        inside.addLayout(_rows(kit, facts))
        inside.addSpacing(14)
        offered = [action for action in _OFFERED if action in facts.actions]
        buttons = [
            kit.button(
                action.value,
                partial(self._choose, action, do),
                icon=Icon.COMPARE if action is EntryAction.COMPARE else None,
            )
            for action in offered
        ]
        close = kit.button("Close", self.accept)
        close.setDefault(True)
        inside.addWidget(ButtonRow([*buttons, close]))
        width = min(_WIDTH, parent.width() - 40)
        self.setFixedSize(width, inside.totalHeightForWidth(width))
        close.setFocus()

    def _choose(self, action: EntryAction, do: Callable[[EntryAction], object]) -> None:
        self.accept()
        do(action)


def _rows(kit: WidgetFactory, facts: EntryFacts) -> QGridLayout:
    made = QGridLayout()
    made.setHorizontalSpacing(18)
    made.setVerticalSpacing(6)
    made.setColumnStretch(1, 1)
    texts = [(name, text, kit.label(text, wrap=True)) for name, text in facts.rows]
    paths = [(name, path, kit.elided(path)) for name, path in facts.files]
    for number, (name, text, words) in enumerate([*texts, *paths]):
        made.addWidget(kit.label(name, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
        words.setAccessibleName(f"{name}: {text}")
        made.addWidget(words, number, 1)
    return made
