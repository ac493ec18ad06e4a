"""Fixtures of the tests that run the real program."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from system.program import Program


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
