"""The page Compress now in a window of its own, used by hand: what a test cannot do from outside.

Run as a program: `python nowwindow.py PICTURE NOISE` with QT_QPA_PLATFORM=offscreen and a HOMEPRESS_HOME of
its own whose daemon runs. PICTURE tells where it was taken; NOISE cannot be made small. Prints as JSON what
was seen after each step.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QTableView

from homepress.base.paths import Paths
from homepress.daemon.commands.connect import prepare_client
from homepress.ui.cli.commands.window import compressed_apart, pictures_apart
from homepress.ui.window.frame import PageName, WindowFrame
from homepress.ui.window.shell import Shell
from homepress.ui.window.start import OpenRequest, WindowLook

_WITHIN = 90.0


class Hands:
    """Uses a window as somebody would, and looks at it."""

    def __init__(self, frame: WindowFrame, shell: Shell) -> None:
        self.frame = frame
        self.shell = shell

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Let the window live until something is so."""
        end = time.monotonic() + _WITHIN
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain for {what}: {self.seen()}")
            QApplication.processEvents()
            time.sleep(0.01)

    @property
    def table(self) -> QTableView:
        """The list of pictures."""
        found = self.shell._page(PageName.NOW).findChild(QTableView)
        assert isinstance(found, QTableView)
        return found

    def rows(self) -> list[list[str]]:
        """What the list says."""
        model = self.table.model()
        return [
            [str(model.index(row, at).data() or "") for at in range(3)] for row in range(model.rowCount())
        ]

    def texts(self) -> list[str]:
        """Every text that can be seen."""
        return [
            one.text() for one in self.frame.findChildren(QLabel) if one.isVisible() and one.text().strip()
        ]

    def seen(self) -> dict[str, Any]:
        """What can be seen now."""
        return {"rows": self.rows(), "texts": self.texts(), "front": str(self.shell._front)}

    def press(self, text: str) -> None:
        """Press a button by its text."""
        for button in self.frame.findChildren(QPushButton):
            if text in (button.text().strip(), button.accessibleName()) and button.isVisible():
                assert button.isEnabled(), f"{text} is not to be pressed: {self.seen()}"
                button.click()
                return
        raise AssertionError(f"there is no button {text}: {self.seen()}")

    def drop(self, *files: Path) -> None:
        """Drop files on the window, whatever is in front."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        copy, left, no = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(400, 300), copy, data, left, no)
        QApplication.sendEvent(self.frame, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(self.frame, QDropEvent(QPointF(400, 300), copy, data, left, no))

    def settled(self, rows: int) -> dict[str, Any]:
        """What can be seen when so many pictures are there and all are done."""
        page, start = self.shell._now(), f"{rows} picture"
        self.wait(lambda: page._model.wish == page._wishes.wish, "the choice to be taken")
        self.wait(
            lambda: len(self.rows()) == rows and any(one.startswith(start) for one in self.texts()),
            f"{rows} results",
        )
        return self.seen()

    def told(self, text: str) -> dict[str, Any]:
        """What can be seen when the window has said something."""
        self.wait(lambda: any(text in one for one in self.texts()), text)
        return self.seen()


def use(hands: Hands, picture: Path, noise: Path) -> dict[str, Any]:
    """All of it, one step after the other."""
    said: dict[str, Any] = {}
    hands.wait(lambda: hands.shell._front is not None, "the first page")
    said["first"] = hands.seen()
    hands.shell.go(PageName.GENERAL)
    hands.drop(picture)
    said["same"] = hands.settled(1)
    hands.press("Save a copy")
    hands.told("Saved:")
    hands.press("To send")
    said["send"] = hands.settled(1)
    hands.press("Copy")
    hands.told("Copied")
    copied = QGuiApplication.clipboard().mimeData()
    said["copied"] = [url.toLocalFile() for url in copied.urls()]
    said["copied bytes"] = Path(said["copied"][0]).read_bytes() == bytes(copied.data("image/jpeg").data())
    hands.press("Looks the same")
    hands.press("Replace")
    said["replaced"] = hands.told("1 picture replaced")
    said["size when replaced"] = picture.stat().st_size
    hands.press("Undo")
    said["undone"] = hands.told("1 original brought back")
    hands.press("Clear")
    said["cleared"] = hands.seen()
    data = QMimeData()
    data.setData("image/jpeg", picture.read_bytes())
    QGuiApplication.clipboard().setMimeData(data)
    keyboard = hands.frame.focusWidget() or hands.frame
    QTest.keyClick(keyboard, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    said["pasted"] = hands.settled(1)
    hands.press("Clear")
    hands.press("Under 500 KB")
    hands.shell._now()._wishes._limit.setEditText("2 KB")
    hands.drop(noise)
    hands.wait(lambda: any("Under 2 KB" in one for one in hands.texts()), "the size on the card")
    said["under"] = hands.settled(1)
    hands.table.selectRow(0)
    QApplication.sendEvent(hands.table, _key(Qt.Key.Key_Delete))
    said["removed"] = hands.seen()
    return said


def _key(key: Qt.Key) -> QKeyEvent:
    return QKeyEvent(QKeyEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)


def main() -> int:
    """Open the window, use it, and close it."""
    picture, noise = map(Path, sys.argv[1:])
    prepare_client(starts_workers=True)
    paths = Paths.from_environment()
    with pictures_apart(), compressed_apart(paths):
        frame = WindowFrame(WindowLook(dark=False))
        frame.show()
        shell = Shell(frame, paths, OpenRequest(), list)
        shell._poller.start()
        said = use(Hands(frame, shell), picture, noise)
        frame.close()
        QGuiApplication.clipboard().clear()  # holding something, the offscreen platform ends in a crash
        said["left"] = sorted(str(path) for path in (paths.state / "window").rglob("*"))
    print(json.dumps(said), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
