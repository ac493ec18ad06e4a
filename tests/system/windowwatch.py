"""The real window, which also writes down what is in it, so that a test knows where to click.

Run as a program: `python windowwatch.py FILE PAGE PICTURE THEME SCALE`. Several times a second it writes to
FILE what is seen: every control with its kind, text, accessible name, place on the screen and whether it has
the keyboard. A picture is written to FILE.png whenever FILE.shoot appears.
"""

import contextlib
import json
import os
import sys
from typing import Any

from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QProgressBar,
    QWidget,
)
from shiboken6 import getCppPointer

_EVERY_MS = 150
_MOST_ROWS = 60


def _text(widget: QWidget) -> str:
    match widget:
        case QAbstractItemView():
            return _rows(widget)
        case QComboBox():
            return widget.currentText()
        case QLineEdit() | QLabel() | QAbstractButton():
            return widget.text()
        case QProgressBar():
            return str(widget.value())
    return ""


def _rows(view: QAbstractItemView) -> str:
    model = view.model()
    if model is None:
        return ""
    rows = range(min(_MOST_ROWS, model.rowCount()))
    columns = range(model.columnCount())
    shown = Qt.ItemDataRole.DisplayRole
    return "\n".join("\t".join(str(model.index(r, c).data(shown) or "") for c in columns) for r in rows)


def _kinds(widget: QWidget) -> str:
    """The names of its classes, the most special first: "Switch QCheckBox QAbstractButton"."""
    found = [base.__name__ for base in type(widget).__mro__]
    return " ".join(found[: found.index("QWidget")] or ["QWidget"])


def _describe(widget: QWidget, focus: QWidget | None) -> dict[str, Any]:
    corner = widget.mapToGlobal(QPoint(0, 0))
    seen = widget.visibleRegion().boundingRect()
    entry: dict[str, Any] = {
        "id": getCppPointer(widget)[0],
        "kind": _kinds(widget),
        "text": _text(widget).strip(),
        "name": widget.accessibleName(),
        "x": corner.x(),
        "y": corner.y(),
        "width": widget.width(),
        "height": widget.height(),
        "whole": seen.contains(QRect(QPoint(0, 0), widget.size())),
        "enabled": widget.isEnabled(),
        "focus": widget is focus,
    }
    if isinstance(widget, QAbstractButton) and widget.isCheckable():
        entry["checked"] = widget.isChecked()
    if (share := getattr(widget, "share", None)) is not None:
        entry["share"] = share
    return entry


def _seen() -> list[dict[str, Any]]:
    """What can be seen, a dialog in front before what is behind it."""
    focus = QApplication.focusWidget()
    windows = [one for one in QApplication.topLevelWidgets() if one.isVisible()]
    windows.sort(key=lambda one: one is not QApplication.activeWindow())
    widgets = [inside for one in windows for inside in (one, *one.findChildren(QWidget))]
    return [_describe(one, focus) for one in widgets if one.isVisible()]


def _watch(window: QWidget, file: str) -> None:
    with open(f"{file}.new", "w", encoding="utf-8", errors="replace") as stream:
        json.dump(_seen(), stream)
    with contextlib.suppress(PermissionError):  # Windows, while somebody reads it
        os.replace(f"{file}.new", file)
    if os.path.exists(f"{file}.shoot"):
        window.grab().save(f"{file}.png")
        os.unlink(f"{file}.shoot")


def main() -> int:
    """Lock this process as the command line does, then show the window."""
    from homepress.base.paths import Paths
    from homepress.daemon.commands.connect import prepare_client
    from homepress.ui.cli.commands.window import compressed_apart, pictures_apart
    from homepress.ui.window import OpenRequest, WindowLook, run
    from homepress.ui.window.frame import WindowFrame

    file, *arguments = sys.argv[1:]
    show = WindowFrame.show

    def show_and_watch(self: WindowFrame) -> None:
        show(self)
        timer = QTimer(self)
        timer.timeout.connect(lambda: _watch(self, file))
        timer.start(_EVERY_MS)

    WindowFrame.show = show_and_watch  # type: ignore[method-assign, assignment]  # the one way in
    prepare_client()
    page, picture, theme, scale = arguments
    dark, contrast = theme.startswith("dark"), theme.endswith("-contrast")
    look = WindowLook(dark=dark, contrast=contrast, scale=float(scale))
    paths = Paths.from_environment()
    with pictures_apart() as probe_worker, compressed_apart(paths):
        return run(paths, OpenRequest(page=page, picture=picture), look, probe_worker)


if __name__ == "__main__":
    sys.exit(main())
