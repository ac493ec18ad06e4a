"""A copy of the ledger to look things up in, for those who change nothing and wait for nobody."""

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from homepress.store.reader import Reader
from homepress.store.refusals import unreadable


def copy_ledger(ledger: Path, target: Path) -> None:
    """Copy a ledger as it stands between two changes; nothing is copied where there is none yet.

    What is under way in it is left out: it belongs to the process that is at it.

    Args:
        ledger: which another process may be writing.
        target: a new file, for the user alone.

    Raises:
        LedgerError: it cannot be read.
        OSError: the copy cannot be written.
    """
    with Reader(ledger) as reader:  # refuses what is no ledger of ours, in words
        if not reader.exists:
            return
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        uri = f"file:{quote(os.fsencode(ledger))}?mode=ro"
        with (
            contextlib.closing(sqlite3.connect(uri, uri=True)) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            copy.execute("DELETE FROM job")
            copy.commit()
    except sqlite3.Error as error:
        raise unreadable(ledger, error) from error
