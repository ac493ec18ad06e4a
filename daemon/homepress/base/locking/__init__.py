"""Locks between processes: on an open file, or on a folder while something in it is changed.

The system frees both when the process that holds them ends, however it ends.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

__all__ = ["FolderInUse", "folder_locked", "try_lock"]

_POLL_SECONDS = 0.01


class FolderInUse(Exception):  # noqa: N818 (reads as what happened)
    """Somebody else has a folder locked, and did not let go of it in time."""


class LockingSystem(Protocol):
    """What each system does."""

    def try_lock(self, descriptor: int) -> bool:
        """As the function of this name."""

    def open_folder(self, folder: Path) -> int:
        """A descriptor that `try_lock` takes, the same for all who ask for the folder.

        Raises:
            BlockingIOError: not at this moment.
            OSError: the folder cannot be opened.
        """


def try_lock(descriptor: int) -> bool:
    """Lock an open file exclusively without waiting; whether that worked. Closing the file frees it.

    Raises:
        OSError: the file system knows no locks.
    """
    return _system.try_lock(descriptor)


@contextlib.contextmanager
def folder_locked(folder: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of a folder for the length of the block: one process, and one thread of it, at a time.

    Where the file system has no locks, or the folder cannot be opened, the block runs without one.

    Raises:
        FolderInUse: somebody else held it for so many seconds.
    """
    descriptor = _wait_for(folder, time.monotonic() + seconds)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _wait_for(folder: Path, deadline: float) -> int | None:
    """A descriptor that holds the lock; None where no lock is to be had."""
    while True:
        try:
            descriptor = _system.open_folder(folder)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return None
        except OSError:
            return None
        else:
            try:
                if _system.try_lock(descriptor):
                    return descriptor
            except OSError:
                os.close(descriptor)
                return None
            os.close(descriptor)
            if time.monotonic() >= deadline:
                raise FolderInUse(f"{folder} is in use by another program")
        time.sleep(_POLL_SECONDS)


def _this_system() -> LockingSystem:
    if sys.platform == "win32":
        from homepress.base.locking import windows

        return windows
    from homepress.base.locking import posix

    return posix


_system = _this_system()
