"""Work that need not wait for the ledger: on a ledger apart, which comes back into it.

Each such run has a folder of its own beside the ledger, with a lock that it holds for as long as it lives. A
folder whose lock nobody holds is over, or was cut off: the next holder of the instance lock brings what is in
it into the ledger and removes it. So does the next run of this kind, into its own.
"""

import contextlib
import logging
import os
import secrets
from dataclasses import replace
from pathlib import Path

from homepress.base.paths import Paths
from homepress.base.system_errors import with_name
from homepress.control.instance import InstanceLock
from homepress.store.apart import begin_apart
from homepress.store.model import StoreError
from homepress.store.originals import remove_originals_dir
from homepress.store.store import Store

_log = logging.getLogger(__name__)

_FOLDER = "apart"
_LOCK = "lock"
_ORIGINALS = "originals"
_AT_MOST = 5.0
"""Seconds for the lock on a folder just made: somebody who tidies up may have looked into it."""


class Apart:
    """One ledger apart, with the lock on its folder.

    Attributes:
        paths: the usual places, but for the ledger and the originals.
    """

    def __init__(self, paths: Paths, folder: Path, lock: InstanceLock) -> None:
        """Use `begin`."""
        self.paths = replace(paths, ledger=folder / paths.ledger.name, originals=folder / _ORIGINALS)
        self._folder = folder
        self._lock = lock

    @classmethod
    def begin(cls, paths: Paths, work: str) -> "Apart | None":
        """Make one; None where that cannot be, and the ledger itself has to be waited for.

        Args:
            paths: where everything is.
            work: what the command does, for others who look.
        """
        folder = paths.state / _FOLDER / f"{os.getpid()}-{secrets.token_hex(4)}"
        lock = InstanceLock(folder / _LOCK, work)
        try:
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            if not lock.acquire(_AT_MOST):
                return None
            if begin_apart(paths.ledger, folder / paths.ledger.name):
                return cls(paths, folder, lock)
        except (OSError, StoreError) as error:
            _log.info("no ledger apart could be made: %s", error)
        _remove(folder, lock)
        return None

    def join_others(self, store: Store) -> None:
        """Take in what earlier runs left, so that their results are known for what they are."""
        if join_apart(self.paths, store):
            store.finish_open_jobs()

    def end(self) -> None:
        """Let go of it: from now on anybody may bring it into the ledger."""
        self._lock.release()


def join_apart(paths: Paths, store: Store) -> int:
    """Bring ledgers apart whose runs are over into a store's, and remove them; how many there were.

    What cannot be done now is left for the next time.

    Args:
        paths: where everything is.
        store: its caller holds the instance lock, or the lock of the ledger apart that it is on.
    """
    return sum(_joined(folder, store, paths.ledger) for folder in _folders(paths))


def under_way(paths: Paths) -> list[int]:
    """The processes that are at work on ledgers apart."""
    found = []
    for folder in _folders(paths):
        lock = InstanceLock(folder / _LOCK)
        if lock.acquire():
            lock.release()
        else:
            found.append(lock.holder() or 0)
    return found


def _folders(paths: Paths) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(path for path in (paths.state / _FOLDER).iterdir() if path.is_dir())
    return []


def _joined(folder: Path, store: Store, own: Path) -> bool:
    """Bring one in, if it is over."""
    ledger = folder / own.name
    if ledger == own:
        return False
    lock = InstanceLock(folder / _LOCK)
    try:
        if not lock.acquire():
            return False
        if ledger.exists():  # else its run was killed before anything was done
            store.join(ledger)
        _remove(folder, lock)
    except (OSError, StoreError, ValueError) as error:
        _log.warning("%s: it could not be brought into the ledger yet: %s", folder, _in_words(error))
        return False
    finally:
        lock.release()
    return True


def _in_words(error: Exception) -> str:
    return with_name(error) if isinstance(error, OSError) else str(error)


def _remove(folder: Path, lock: InstanceLock) -> None:
    """Remove a folder whose lock we hold. The ledger goes first: without it nobody expects anything."""
    names = sorted(folder.glob("*"), key=lambda path: path.suffix != ".sqlite3")
    with contextlib.suppress(OSError):
        remove_originals_dir(folder / _ORIGINALS)  # which was never used
        for path in names:
            if path.name not in (_LOCK, _ORIGINALS):
                path.unlink()
    lock.release()
    with contextlib.suppress(OSError):
        (folder / _LOCK).unlink()
        folder.rmdir()
        folder.parent.rmdir()  # the last one takes the folder of all with it
