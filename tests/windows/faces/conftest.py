"""Tests of what people see, driven from Linux: an X server without a screen, Wine's own desktop in it.

`make windows` runs them; alone, `HOMEPRESS_RIG=FOLDER pytest tests/windows/faces` with a rig that was built.
HOMEPRESS_SHOTS names a folder for screenshots of each step.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from windows.faces.desk import Desk

if sys.platform == "win32" or not os.environ.get("HOMEPRESS_RIG"):
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
def desk(tmp_path: Path) -> "Iterator[Desk]":
    """A desktop of Windows with a home of its own; nothing that was started on it runs afterwards."""
    from system.screen import screen
    from windows.faces.desk import Desk
    from windows.rig import Rig

    with screen() as display:
        made = Desk(Rig(Path(os.environ["HOMEPRESS_RIG"])), display, tmp_path)
        try:
            yield made
        finally:
            made.close()
