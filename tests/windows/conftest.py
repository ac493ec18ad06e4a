"""Tests of the real program on Windows: `make windows` runs them under Wine, in the rig of `rig.py`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from windows.program import Program

if sys.platform != "win32":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
def program(home: Path) -> Iterator[Program]:
    program = Program(home)
    yield program
    program.kill()
