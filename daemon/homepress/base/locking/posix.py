"""Linux and macOS: flock(2), which belongs to the open file description and ends with it.

So it also keeps threads of one process apart, each of which has opened the file for itself.
"""

import fcntl
import os
from pathlib import Path


def try_lock(descriptor: int) -> bool:
    """Lock an open file exclusively without waiting; whether that worked.

    Raises:
        OSError: the file system knows no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_folder(folder: Path) -> int:
    """The folder itself: flock(2) takes it as it takes a file."""
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
