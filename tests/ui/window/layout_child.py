"""Every page of the window at a size, looked at by its structure: what is cut, and what has no name.

Run as a program: `python layout_child.py WIDTH HEIGHT POINTS` with QT_QPA_PLATFORM=offscreen and a
HOMEPRESS_HOME of its own; POINTS is the size of the desktop's font. Prints faults as JSON, one list a page.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget

from homepress.base.paths import Paths
from homepress.base.results import FolderStatus
from homepress.control.service import Status
from homepress.settings import FolderSettings, Settings
from homepress.store.reader import EntryDetail, HistoryEntry
from homepress.ui.window.frame import PageName, WindowFrame
from homepress.ui.window.model.activity import Neighbours
from homepress.ui.window.model.pictures import open_with
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.shell import Shell
from homepress.ui.window.start import OpenRequest, WindowLook
from homepress.ui.window.widgets.controls import ElidedLabel
from support import wait_for

_LONG = "A folder with a long name that nobody would shorten by hand " * 2
_PROBLEM = (
    "/away: it is not there; watching goes on by itself when it is back, or: homepress folder remove /away"
)


def snapshot() -> Snapshot:
    """A state with everything that a page can show."""
    paths = [Path("/home/anna/Pictures"), Path(f"/home/anna/{_LONG}"), Path("/away")]
    folders = [
        FolderStatus(path=str(paths[0]), mode="replace", state="watching", waiting=12),
        FolderStatus(path=str(paths[1]), mode="output", output=f"/{_LONG}", state="watching", warning=_LONG),
        FolderStatus(path=str(paths[2]), mode="replace", state="problem", problem=_PROBLEM),
    ]
    status = Status(
        state="problem", pid=1, version="0", problems=[_PROBLEM], folders=folders, gaps=[_LONG], waiting=7
    )
    settings = Settings(folders=tuple(FolderSettings(path=path) for path in paths))
    return Snapshot(time.time(), status, "", settings, "")


def settle(app: QApplication) -> None:
    """Let layouts come to rest."""
    for _ in range(6):
        app.processEvents()


def name_of(widget: QWidget) -> str:
    """How a screen reader calls a control, where its label does not."""
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text


def faults(window: WindowFrame) -> list[str]:
    """What is wrong with what can be seen now."""
    found = []
    for one in window.findChildren(QWidget):
        if not one.isVisible():
            continue
        words = f"{type(one).__name__} {name_of(one) or getattr(one, 'text', str)()!r}"
        if isinstance(one, QLabel) and not isinstance(one, ElidedLabel) and one.text().strip():
            found += [f"cut: {words}"] if is_cut(one) else []
        if isinstance(one, QAbstractButton) and one.width() < one.minimumSizeHint().width():
            found.append(f"cut: {words}, {one.width()} < {one.minimumSizeHint().width()}")
        parent = one.parentWidget()
        if isinstance(one, QAbstractButton) and parent is not None:
            lies = parent.rect().contains(one.geometry()) and one.height() >= one.minimumSizeHint().height()
            found += [] if lies else [f"cut by what it lies in: {words}"]
        if one.focusPolicy() & Qt.FocusPolicy.TabFocus and not name_of(one) and one.focusProxy() is None:
            found.append(f"no name: {words}")
        right = one.mapTo(window, QPoint(one.width(), 0)).x()
        if right > window.width() + 1 and not one.findChildren(QWidget):
            found.append(f"outside: {words}")
    for area in window.findChildren(QScrollArea):
        inside = area.widget()
        if area.isVisible() and inside is not None and inside.width() > area.viewport().width():
            found.append(f"wider than the page: {inside.width()} > {area.viewport().width()}")
    return found


def is_cut(label: QLabel) -> bool:
    """Whether a text has less room than it needs."""
    if label.wordWrap():
        return label.height() < label.heightForWidth(label.width())
    return label.width() < label.sizeHint().width()


def show_pair(page: QWidget, home: Path, settled: Callable[[Callable[[], object]], None]) -> None:
    """Show a result before and after on its page, with everything that can be said of one."""
    before, after = home / "before", home / "after"
    for file in (before, after):
        file.write_bytes(b"opened by a stand-in")
    open_with(lambda *_: ((800, 600), (8, 6), bytes(3 * 8 * 6)))
    entry = HistoryEntry(
        id=1,
        time=0.0,
        path=f"/pictures/{_LONG}.jpg",
        output=str(after),
        kind="output",
        outcome="compressed",
        reason="",
        before_bytes=12_345_678,
        after_bytes=2_345_678,
        before_sha256="",
        after_sha256="",
        format="jpeg",
        score=81.5,
        score_kind="sampled",
        settings="balanced, metadata share",
        original="kept",
        dropped=["hdr", "motion"],
    )
    page._take(Neighbours(EntryDetail(entry=entry, original_path=str(before), root="", seconds=1.0), None, 2))  # type: ignore[attr-defined]
    settled(lambda: page.is_measured)  # type: ignore[attr-defined]


def main() -> int:
    """Show every page and print what is wrong."""
    width, height, points = (int(number) for number in sys.argv[1:])
    frame = WindowFrame(WindowLook(dark=False))
    font = frame.app.font()
    font.setPointSizeF(max(font.pointSizeF(), points))
    frame.app.setFont(font)
    frame.setMinimumSize(0, 0)
    frame.resize(width, height)
    shell = Shell(frame, Paths.from_environment(), OpenRequest(), list)
    frame.show()
    shell._told(snapshot())
    said: dict[str, list[str]] = {}
    for name in PageName:
        shell.go(name)
        settle(frame.app)
        said[name.value] = faults(frame)
        if name is PageName.FOLDERS:
            page = shell._pages[name]
            page.open_settings("/home/anna/Pictures")  # type: ignore[attr-defined]  # a FoldersPage
            for button in page.findChildren(QAbstractButton):
                if "More settings" in button.text():
                    button.click()
            settle(frame.app)
            said["folder-settings"] = faults(frame)
        if name is PageName.COMPARE:
            page = shell._pages[name]

            def settled(condition: Callable[[], object]) -> None:
                def look() -> bool:
                    frame.app.processEvents()
                    return bool(condition())

                wait_for(look)
                settle(frame.app)

            settled(lambda page=page: "Nothing" in " ".join(one.text() for one in page.findChildren(QLabel)))
            show_pair(page, Paths.from_environment().state.parent, settled)
            said["pair"] = faults(frame)
            page._open_panel()  # type: ignore[attr-defined]  # a ComparePage
            settle(frame.app)
            said["quality"] = faults(frame)
    print(json.dumps(said))
    frame.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
