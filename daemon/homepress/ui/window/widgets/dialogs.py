"""What a person is asked: whether to go on, a folder, a place for a file, by the system's own dialogs."""

import os
from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from homepress.ui.window.widgets.factory import Kind, WidgetFactory, across, row

_WIDTH = 440


def confirm(
    parent: QWidget, kit: WidgetFactory, title: str, text: str, action: str, kind: Kind = "danger"
) -> bool:
    """Ask; whether the action was chosen. Escape and closing mean no, and no has the keyboard at first."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    inside = QVBoxLayout(dialog)
    inside.setContentsMargins(26, 22, 26, 20)
    inside.setSpacing(10)
    inside.addWidget(kit.label(title, "heading", wrap=True))
    inside.addWidget(kit.label(text, "muted", wrap=True))
    inside.addSpacing(8)
    cancel = kit.button("Cancel", dialog.reject)
    inside.addWidget(across(None, cancel, kit.button(action, dialog.accept, kind)))
    dialog.setFixedSize(_WIDTH, inside.totalHeightForWidth(_WIDTH))
    cancel.setFocus()
    return dialog.exec() == QDialog.DialogCode.Accepted


def choose_folder(parent: QWidget, title: str, start: str = "") -> str:
    """Have a folder chosen in the system's dialog; empty when none was."""
    return QFileDialog.getExistingDirectory(parent, title, _existing(start))


def choose_files(parent: QWidget, title: str, kinds: str) -> list[str]:
    """Have files chosen in the system's dialog; none when it was left.

    Args:
        parent: the window.
        title: of the dialog.
        kinds: what is offered as kinds of files, as "Pictures (*.png)".
    """
    return QFileDialog.getOpenFileNames(parent, title, os.path.expanduser("~"), kinds)[0]


def choose_file_to_write(parent: QWidget, title: str, name: str, kinds: str = "") -> str:
    """Have a place for a new file chosen in the system's dialog; empty when none was.

    Args:
        parent: the window.
        title: of the dialog.
        name: the suggested name of the file; in the home folder where it has no other.
        kinds: what is offered as kinds of files, as "Pictures (*.png)".
    """
    start = os.path.join(os.path.expanduser("~"), name)
    return QFileDialog.getSaveFileName(parent, title, start, kinds)[0]


class FolderField(QWidget):
    """A field for a path, and a button that opens the system's dialog.

    Attributes:
        entry: the field itself.
    """

    def __init__(
        self,
        kit: WidgetFactory,
        name: str,
        text: str,
        changed: Callable[[str], object],
        example: str = "~/Pictures/…",
    ) -> None:
        """`changed` is called with the text whenever it was typed or chosen."""
        super().__init__()
        self._name = name
        line = row(self)
        self.entry: QLineEdit = kit.entry(name, text, example)
        self.entry.setMinimumWidth(150)
        self.entry.textEdited.connect(changed)
        self._changed = changed
        line.addWidget(self.entry, 1)
        line.addWidget(kit.button("Browse …", self._browse))
        self.setFocusProxy(self.entry)
        self.setAccessibleName(name)

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.entry.text()

    def set(self, text: str) -> None:
        """Put a path into the field."""
        self.entry.setText(text)

    def _browse(self) -> None:
        if chosen := choose_folder(self, self._name, self.text):
            self.set(chosen)
            self._changed(chosen)


def _existing(start: str) -> str:
    """The folder to begin in: what was typed, or the next one above it that is there."""
    path = os.path.expanduser(start or "~")
    while path and not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path
