"""The instance lock on Windows: one locked byte far behind the process id, which so stays readable."""

import msvcrt
import os
import sys
from pathlib import Path

assert sys.platform == "win32"

# Windows locks are mandatory: a locked byte cannot be read by others. Bytes behind the end can be locked.
_LOCKED_BYTE = 1 << 20


def try_lock(descriptor: int) -> bool:
    """Lock an open file exclusively without waiting; whether that worked."""
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def holds(pid: int, path: Path) -> bool | None:  # noqa: ARG001  the same on every system
    """Unknown here: that the file is locked and names a process has to be enough."""
    return None
