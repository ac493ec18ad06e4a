"""Why a ledger cannot be opened, in words that name the file, say what is wrong, and what to do next."""

import errno
import os
import sqlite3
import stat
from pathlib import Path

from homepress.base.system_errors import explained, in_words
from homepress.store.errors import LedgerError, shown

_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def check_place(path: Path) -> os.stat_result | None:
    """What is at a ledger's path; None when nothing is.

    Raises:
        LedgerError: it is a folder, or something else that is not a regular file.
        OSError: it cannot be looked at.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "not a regular file"
        raise LedgerError(f"{shown(path)} is {kind}, where the ledger should be; move it away")
    return found


def newer(path: Path) -> LedgerError:
    """What to say of a ledger that a later program has changed."""
    return LedgerError(
        f"{shown(path)} was made by a newer version of Homepress; install that version again, or move "
        "the file away to begin a new ledger"
    )


def foreign(path: Path) -> LedgerError:
    """What to say of another program's database."""
    return LedgerError(f"{shown(path)} is not a Homepress ledger; move it away")


def unreadable(path: Path, error: sqlite3.Error | OSError) -> LedgerError:
    """What to say when SQLite or the system refuses to open or read a ledger.

    Args:
        path: of the ledger.
        error: as it came.
    """
    if (owner := _other_owner(path)) is not None:
        return LedgerError(
            f"{shown(path)} belongs to another user (number {owner}) and may not be read; "
            "give it back with: sudo chown"
        )
    code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
    if code in _LOCKED:
        row = explained("EBUSY")
        return LedgerError(f"{shown(path)}: another program has the ledger locked; {row.cure}")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerError(f"{shown(path)} is damaged ({error}); start Homepress again to repair it")
    if isinstance(error, OSError):
        return LedgerError(f"{shown(path)}: {in_words(error)}")
    if not os.access(path, os.R_OK):
        number = errno.EACCES if path.exists() else errno.ENOENT
        return LedgerError(f"{shown(path)}: {in_words(OSError(number, os.strerror(number)))}")
    return LedgerError(f"{shown(path)}: the ledger cannot be read ({error}); see: homepress doctor")


def _other_owner(path: Path) -> int | None:
    """The user to whom a file belongs that we may not read; None when that is not the reason."""
    if not hasattr(os, "geteuid"):
        return None
    try:
        owner = path.stat().st_uid
    except OSError:
        return None
    return owner if owner != os.geteuid() and not os.access(path, os.R_OK) else None
