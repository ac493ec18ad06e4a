"""Fixtures of the tests that run the real program."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from system.program import Program
from system.screen import Opening, Window, screen


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A Homepress with a home of its own; nothing of it runs afterwards."""
    made = Program(tmp_path / "home")
    yield made
    made.close()


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
