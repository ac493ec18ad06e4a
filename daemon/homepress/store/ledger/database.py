"""The ledger's file: opened, checked, repaired from its backup, brought to today's schema, copied."""

import contextlib
import enum
import errno
import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.base.system_errors import explain, explain_as, explained, in_words, printable
from homepress.store.ledger.schema import APPLICATION_ID, MIGRATIONS
from homepress.store.model import LedgerError


class LedgerCondition(enum.StrEnum):
    """In what condition the ledger was found."""

    GOOD = "good"
    NEW = "new"
    FROM_BACKUP = "from backup"
    """Damaged or missing; the last backup took its place, so what happened since is not in it."""
    LOST = "lost"
    """Damaged, and no backup was good: begun anew."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open ledger file.

    Attributes:
        connection: in autocommit mode, usable from any thread under a lock.
        condition: how it was found.
        damaged: where the damaged file was moved, None when there was none.
    """

    connection: sqlite3.Connection
    condition: LedgerCondition
    damaged: Path | None


def backup_path(ledger: Path) -> Path:
    """Where the backup of a ledger is."""
    return ledger.with_name(f"{ledger.stem}.backup{ledger.suffix}")


def open_database(path: Path) -> Opened:
    """Open the ledger, making or repairing it where needed.

    Raises:
        LedgerError: a newer version of Homepress made it, it is another program's, or not even a file.
        OSError: the system does not let us.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with system_errors(path):
        damaged = None
        found = check_place(path)
        if found is not None and found.st_size > 0:
            if (connection := _open_good(path)) is not None:
                return Opened(connection, LedgerCondition.GOOD, None)
            damaged = _set_aside(path)
        return _from_backup_or_new(path, damaged)


def _from_backup_or_new(path: Path, damaged: Path | None) -> Opened:
    backup = backup_path(path)
    if backup.exists() and (connection := _open_good(backup)) is not None:
        connection.close()
        _set_aside_companions(path)
        _write_private(path, backup.read_bytes())
        if (connection := _open_good(path)) is not None:
            # A journal of the past says nothing about today: what was "started" then may be swapped by now.
            connection.execute("UPDATE job SET state = 'ready'")
            return Opened(connection, LedgerCondition.FROM_BACKUP, damaged)
    _set_aside_companions(path)
    _write_private(path, b"")
    connection = _connect(path)
    try:
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return Opened(connection, LedgerCondition.LOST if damaged else LedgerCondition.NEW, damaged)


def _open_good(path: Path) -> sqlite3.Connection | None:
    """A connection to a ledger that passes SQLite's check, or None for one that does not."""
    connection = None
    try:
        connection = _connect(path)
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
        whole = verdict == ("ok",)
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.OperationalError) and _primary(error) in _SYSTEM_TROUBLE:
            raise translated(error, path) from error
        return None
    if not whole:
        connection.close()
        return None
    try:
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        _refuse_others(connection, path)  # first: what follows would change the file
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = FAST")
        os.chmod(path, 0o600)
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `LedgerError` for a ledger of a newer version, and for a database that is not a ledger."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if mark != APPLICATION_ID and (version or connection.execute("SELECT 1 FROM sqlite_master").fetchone()):
        raise foreign(path)
    if version > len(MIGRATIONS):
        raise newer(path)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to today's version, one transaction a step, after a copy of the old state."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if 0 < version < len(MIGRATIONS):
        write_backup(connection, path.with_name(f"{path.stem}.version-{version}{path.suffix}"))
    for step in range(version, len(MIGRATIONS)):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {MIGRATIONS[step]};"
                f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {step + 1}; COMMIT;"
            )
        except sqlite3.DatabaseError as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            known = translated(error, path)
            if isinstance(known, OSError) or _primary(error) in _DAMAGED:
                raise known from error
            raise LedgerError(
                f"{printable(path)} could not be brought up to date ({error}); it is as it was, and the "
                "version of Homepress that made it can still use it"
            ) from error


def write_backup(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the whole ledger to `target` so that it is either the old copy or the complete new one."""
    part = target.with_name(f"{target.name}.part")
    _write_private(part, b"")
    copy = sqlite3.connect(part, isolation_level=None)
    try:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        copy.close()
    _sync(part, os.O_RDONLY)
    os.replace(part, target)
    _sync(target.parent, os.O_RDONLY)


_COMPANIONS = ("-wal", "-shm")


def _set_aside(path: Path) -> Path:
    """Move a damaged ledger out of the way; it is kept, because someone may still read it."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    number = 1
    while target.exists():  # a clock that begins anew at each boot names the same second twice
        number += 1
        target = path.with_name(f"{path.stem}.damaged-{stamp}-{number}{path.suffix}")
    os.replace(path, target)
    for companion in _COMPANIONS:
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{companion}", f"{target}{companion}")
    return target


def _set_aside_companions(path: Path) -> None:
    """A write-ahead log without its ledger would be played into the next one."""
    for companion in _COMPANIONS:
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{companion}", f"{path}.damaged{companion}")


def _write_private(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path, flags: int) -> None:
    if os.name == "nt":
        return  # Windows neither opens folders nor flushes through a read-only handle
    fd = os.open(path, flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# Primary result codes (sqlite.org/rescode.html) that are the system's trouble: name in the table of system
# errors, and the errno that says nearly the same.
_SYSTEM_TROUBLE = {
    sqlite3.SQLITE_FULL: ("SQLITE_FULL", errno.ENOSPC),
    sqlite3.SQLITE_IOERR: ("SQLITE_IOERR", errno.EIO),
    sqlite3.SQLITE_READONLY: ("SQLITE_READONLY", errno.EROFS),
    sqlite3.SQLITE_CANTOPEN: ("SQLITE_CANTOPEN", errno.EACCES),
    sqlite3.SQLITE_PERM: ("SQLITE_PERM", errno.EACCES),
    sqlite3.SQLITE_AUTH: ("SQLITE_AUTH", errno.EACCES),
    sqlite3.SQLITE_BUSY: ("SQLITE_BUSY", errno.EBUSY),
    sqlite3.SQLITE_LOCKED: ("SQLITE_LOCKED", errno.EBUSY),
    sqlite3.SQLITE_PROTOCOL: ("SQLITE_PROTOCOL", errno.EBUSY),
    sqlite3.SQLITE_NOMEM: ("SQLITE_NOMEM", errno.ENOMEM),
    sqlite3.SQLITE_INTERRUPT: ("SQLITE_INTERRUPT", errno.EINTR),
    sqlite3.SQLITE_NOLFS: ("SQLITE_NOLFS", errno.EFBIG),
}


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


_NO_ROOM = 1 << 20
"""Free bytes below which an I/O error of SQLite's most likely means that the disk is full: it says so when
its shared memory or its log cannot grow."""


@contextlib.contextmanager
def system_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's complaints about the system into `OSError`, and about the file into `LedgerError`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise translated(error, path) from error


def translated(error: sqlite3.DatabaseError, path: Path) -> Exception:
    """The exception that says the same in terms of the rest of the program."""
    code = _primary(error)
    if code in _SYSTEM_TROUBLE:
        name, number = _SYSTEM_TROUBLE[code]
        if code == sqlite3.SQLITE_IOERR and _is_full(path):
            name, number = "SQLITE_FULL", errno.ENOSPC
        return explain_as(OSError(number, str(error), str(path)), explained(name), printable(path))
    if code in _DAMAGED:
        return LedgerError(f"{printable(path)} is damaged ({error}); start Homepress again to repair it")
    if isinstance(error, sqlite3.OperationalError):
        return LedgerError(f"{printable(path)} cannot be used ({error}); start Homepress again")
    return error


def is_locked(error: OSError) -> bool:
    """Whether a translated error says that another program has the ledger locked."""
    return explain(error).name in ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NO_ROOM
    except OSError:
        return False


def _primary(error: sqlite3.DatabaseError) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


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
        raise LedgerError(f"{printable(path)} is {kind}, where the ledger should be; move it away")
    return found


def newer(path: Path) -> LedgerError:
    """What to say of a ledger that a later program has changed."""
    return LedgerError(
        f"{printable(path)} was made by a newer version of Homepress; install that version again, or move "
        "the file away to begin a new ledger"
    )


def foreign(path: Path) -> LedgerError:
    """What to say of another program's database."""
    return LedgerError(f"{printable(path)} is not a Homepress ledger; move it away")


def unreadable(path: Path, error: sqlite3.Error | OSError) -> LedgerError:
    """What to say when SQLite or the system refuses to open or read a ledger.

    Args:
        path: of the ledger.
        error: as it came.
    """
    if (owner := _other_owner(path)) is not None:
        return LedgerError(
            f"{printable(path)} belongs to another user (number {owner}) and may not be read; "
            "give it back with: sudo chown"
        )
    code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
    if code in _LOCKED:
        row = explained("EBUSY")
        return LedgerError(f"{printable(path)}: another program has the ledger locked; {row.cure}")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerError(f"{printable(path)} is damaged ({error}); start Homepress again to repair it")
    if isinstance(error, OSError):
        return LedgerError(f"{printable(path)}: {in_words(error)}")
    if not os.access(path, os.R_OK):
        number = errno.EACCES if path.exists() else errno.ENOENT
        return LedgerError(f"{printable(path)}: {in_words(OSError(number, os.strerror(number)))}")
    return LedgerError(f"{printable(path)}: the ledger cannot be read ({error}); see: homepress doctor")


def _other_owner(path: Path) -> int | None:
    """The user to whom a file belongs that we may not read; None when that is not the reason."""
    if not hasattr(os, "geteuid"):
        return None
    try:
        owner = path.stat().st_uid
    except OSError:
        return None
    return owner if owner != os.geteuid() and not os.access(path, os.R_OK) else None
