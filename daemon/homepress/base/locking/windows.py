"""Windows: one byte of a file (LockFile, by the C library's `_locking`)."""

import importlib
import os
from pathlib import Path

_LOCKED_BYTE = 1 << 20
"""Locks are mandatory there, so that it lies far behind whatever others read in the file."""

_STANDS_FOR_FOLDER = ".homepress.lock"


def try_lock(descriptor: int) -> bool:
    """Lock one byte of an open file without waiting; whether that worked."""
    msvcrt = importlib.import_module("msvcrt")  # only Windows has it
    try:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def open_folder(folder: Path) -> int:
    """A file in it, for folders cannot be locked: gone as soon as nobody has it open any more.

    Raises:
        BlockingIOError: its last holder is about to end, and the file with it; or nothing can be made there,
            which Windows does not tell from that.
    """
    flags = os.O_RDWR | os.O_CREAT
    for name in ("O_TEMPORARY", "O_NOINHERIT", "O_BINARY"):
        flags |= getattr(os, name)
    file = folder / _STANDS_FOR_FOLDER
    try:
        return os.open(file, flags)
    except PermissionError as error:
        raise BlockingIOError(error.errno, error.strerror, str(file)) from error
