"""What can be opened."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class NotOpened(Exception):  # noqa: N818  a state of affairs, not a fault
    """Nothing on this computer would open it; the text says what was tried and what to do."""


class Opener(Protocol):
    """Opens things in other programs. Every method raises `NotOpened` when none would."""

    def folder(self, path: Path, token: str = "") -> None:
        """Show what is in a folder; `token` lets the window come to the front (xdg-activation)."""

    def reveal(self, paths: Sequence[Path], token: str = "") -> None:
        """Show files, selected, in the folder they are in."""

    def file(self, path: Path, token: str = "") -> None:
        """Open a file in the program that the user has for its kind."""
