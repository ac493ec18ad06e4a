"""Folders that are the user's alone: whose they are, and that nobody else may enter them."""

import stat
import sys
from pathlib import Path
from typing import Protocol

from homepress import HOME_VARIABLE

__all__ = ["close_to_others", "make_private"]


class OwnershipSystem(Protocol):
    """What each system does."""

    def close_to_others(self, folder: Path) -> None:
        """Let nobody into a folder but its owner, and whom the system lets in everywhere.

        A file system that knows nothing of users stays as it is.

        Raises:
            OSError: the system refuses it; the text says what to do.
        """

    def make_private(self, folder: Path) -> None:
        """As the function of this name, for what is no link."""


def close_to_others(folder: Path) -> None:
    """Let nobody into a folder but its owner, and whom the system lets in everywhere.

    A file system that knows nothing of users stays as it is.

    Raises:
        OSError: the system refuses it; the text says what to do.
    """
    _system.close_to_others(folder)


def make_private(folder: Path) -> None:
    """See to it that a folder is a plain one of the user's, and that nobody else may enter it.

    Raises:
        PermissionError: it is a link or another user's: what we put there would not be safe.
        OSError: it cannot be closed to others.
    """
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise PermissionError(
            f"{folder} is not a plain folder; move it away or set {HOME_VARIABLE} to another place"
        )
    _system.make_private(folder)


def _this_system() -> OwnershipSystem:
    if sys.platform == "win32":
        from homepress.base.ownership import windows

        return windows
    from homepress.base.ownership import posix

    return posix


_system = _this_system()
