"""Fixtures of the tests that run the real program."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import wait_for
from system.program import Program
from system.screen import Opening, Window, screen
from system.trays import agents, wait_label

if TYPE_CHECKING:
    from desktop.buses import FakeWatcher, IconSeen


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A Homepress with a home of its own; nothing of it runs afterwards."""
    made = Program(tmp_path / "home")
    yield made
    made.close()
    for log in made.home.rglob("*"):
        if log.name in ("stderr.txt", "homepress.log") and log.is_file():
            assert "is called on two threads" not in log.read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty folder to watch."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """The name of a display that nobody looks at."""
    with screen() as name:
        yield name


@pytest.fixture
def opened(program: Program, display: str) -> Iterator[Opening]:
    """Opens windows of the program; nothing of them may have failed without a word."""
    windows: list[Window] = []

    def opened(page: str = "", picture: str = "") -> Window:
        windows.append(Window(program, display, page, picture))
        return windows[-1]

    yield opened
    for window in windows:
        window.close()
        assert "Traceback" not in window.errors(), window.errors()


@pytest.fixture
def session(program: Program) -> Iterator[str]:
    """A session bus for the program, no display, and nothing of it left afterwards."""
    from desktop.buses import private_bus  # not where there is no D-Bus library: on macOS and Windows

    with private_bus() as address:
        program.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        program.environment.pop("DISPLAY", None)
        yield address
    wait_for(lambda: not agents(program), what="the agent to end with the session")


@pytest.fixture
def watcher(session: str) -> "FakeWatcher":
    """A panel on that bus."""
    from desktop.buses import FakeWatcher

    made = FakeWatcher(session)
    made.appear()
    return made


@pytest.fixture
def icon(program: Program, inbox: Path, watcher: "FakeWatcher") -> "IconSeen":
    """The icon of a program that watches `inbox`, as the panel has it."""
    program.watch(inbox)
    program.start(tray=True)
    seen = watcher.icon()
    wait_label(seen, "Watching 1 folder")
    return seen
