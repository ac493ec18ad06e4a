"""The instance lock on Linux and macOS: flock(2), which belongs to the open file and ends with it."""

import fcntl
import sys

assert sys.platform != "win32"


def try_lock(descriptor: int) -> bool:
    """Lock an open file exclusively without waiting; whether that worked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
