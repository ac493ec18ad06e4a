"""Qt is for the window alone: no other process loads it, and the window loads only three parts of it."""

import subprocess
import sys

import pytest

from rules.test_imports import imports, modules
from support import REPOSITORY

WINDOW = REPOSITORY / "daemon" / "homepress" / "ui" / "window"
PARTS = {"PySide6", "PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets", "shiboken6"}
QT = {"PySide6", "shiboken6"}
"""Never QtNetwork, QtQml or QtDBus: what is not loaded can be asked nothing."""


def taken() -> list[tuple[str, str]]:
    """Each import of Qt: the module it stands in and what it imports."""
    return [
        (str(path.relative_to(REPOSITORY)), name)
        for path in modules()
        for _, name in imports(path)
        if name.partition(".")[0] in QT
    ]


def test_only_the_window_imports_qt() -> None:
    window = str(WINDOW.relative_to(REPOSITORY))
    assert taken(), "the rule looks at nothing"
    assert not [(path, name) for path, name in taken() if not path.startswith(window)]


def test_models_of_the_window_have_no_toolkit() -> None:
    model = str((WINDOW / "model").relative_to(REPOSITORY))
    assert not [(path, name) for path, name in taken() if path.startswith(model)]


def test_the_window_takes_three_parts_of_qt() -> None:
    modules_taken = {".".join(name.split(".")[:2]) for _, name in taken() if name.startswith("PySide6")}
    assert modules_taken <= PARTS


@pytest.mark.parametrize(
    "module",
    [
        "homepress.daemon.process",
        "homepress.ui.tray.agent",
        "homepress.ui.cli.main",
        "homepress.ui.window.start",
    ],
)
def test_a_process_without_a_window_loads_no_qt(module: str) -> None:
    script = f"import sys, {module}; print(sorted({QT!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_timer_works_with_the_oldest_qt() -> None:
    """Qt 6.4 has no `singleShot` that knows whose it is; what would take its place outlives its widget."""
    assert not [path.name for path in WINDOW.rglob("*.py") if "QTimer.singleShot(" in path.read_text("utf-8")]
