"""The ledger: one writing connection, one transaction at a time, from any thread."""

import contextlib
import hashlib
import hmac
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from homepress.base.clock import Clock, system_clock
from homepress.store.fs.base import FileSystem
from homepress.store.ledger.database import (
    LedgerCondition,
    backup_path,
    is_locked,
    open_database,
    system_errors,
    write_backup,
)
from homepress.store.ledger.elapsed import Elapsed
from homepress.store.ledger.schema import ELAPSED, SECRET, keyed

Row = tuple[Any, ...]

BACKUP_EVERY = 6 * 3600.0
"""Seconds between two backups of a ledger that changes."""
BACKUP_AT_CLOSE = 600.0
"""Seconds since the last backup from which on closing makes a new one."""
LOCKED_PATIENCE = 5.0
"""Seconds that a transaction waits for another program to let the ledger go; work then waits elsewhere."""
_LOCKED_TRY = 100
"""Milliseconds of that which SQLite waits at a time, while nobody else can use our connection."""
_LOCKED_PAUSE = 0.05
"""Seconds between two tries, in which others can."""
_SCRUB_PATIENCE = 30_000
"""Milliseconds that forgetting, which somebody asked for, waits for other programs."""


class Ledger:
    """The open ledger. What is kept in it is in `journal`, `known_files` and `history`.

    Attributes:
        path: of its file.
        condition: in what condition it was found.
        damaged: where a damaged predecessor was put aside, None when there was none.
        clock: where times come from.
        elapsed: the time that it saw pass.
        lock: held during a transaction, and by whatever is counted together with what stands in the ledger.
            Its owner may take it again; no disk but the ledger's own is asked under it.
    """

    def __init__(
        self, path: Path, fs: FileSystem, clock: Clock | None = None, *, keep_backup: bool = True
    ) -> None:
        """Open or make the ledger.

        Args:
            path: of its file.
            fs: the file system.
            clock: another one for tests.
            keep_backup: whether it is backed up when it is closed.

        Raises:
            LedgerError: a newer version of Homepress made it, it is another program's, or not even a file.
            OSError: the system does not let us.
        """
        opened = open_database(path)
        self.path = path
        self.condition: LedgerCondition = opened.condition
        self.damaged = opened.damaged
        self._connection = opened.connection
        self._connection.execute(f"PRAGMA busy_timeout = {_LOCKED_TRY}")
        self._fs = fs
        self._keep_backup = keep_backup
        self.lock = threading.RLock()
        self._backed_up = self._connection.total_changes
        self._key = self._secret()
        self.clock = clock or system_clock()
        self.elapsed = Elapsed(self.clock, self.meta(ELAPSED), self.lock)

    def close(self) -> None:
        """Make a backup when something changed, and close."""
        self.keep_elapsed()
        with self.lock, system_errors(self.path):
            if self._keep_backup and self._changed() and _age(backup_path(self.path)) > BACKUP_AT_CLOSE:
                self.backup()
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Everything done in the block, or nothing.

        Args:
            durable: whether it must survive a power cut; what can be found out again need not, which
                saves a wait for the disk.

        Raises:
            OSError: the disk is full, read-only or broken, or another program keeps the ledger locked.
        """
        with self._begun(durable) as connection, system_errors(self.path):
            try:
                yield connection
                self._fs.commit(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def _begun(self, durable: bool) -> Iterator[sqlite3.Connection]:
        """Our lock, held with a transaction begun.

        While another program has the ledger locked, ours is let go between two tries: reading need not wait.
        """
        end = time.monotonic() + LOCKED_PATIENCE
        while True:
            with self.lock:
                try:
                    self._begin(durable)
                except OSError as error:
                    if not is_locked(error) or time.monotonic() >= end:
                        raise
                else:
                    yield self._connection
                    return
            time.sleep(_LOCKED_PAUSE)

    def _begin(self, durable: bool) -> None:
        with system_errors(self.path):
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")

    def check_writable(self) -> None:
        """Raise `OSError` when nothing can be written at present; it waits for nobody."""
        with self.lock:
            self._begin(durable=False)
            self._connection.execute("ROLLBACK")

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self.lock, system_errors(self.path):
            return self._connection.execute(sql, values).fetchall()

    def keyed(self, sha256: str) -> bytes:
        """The digest under which a content is remembered; without the key it tells nothing."""
        return keyed(self._key, sha256)

    def keyed_name(self, name: bytes) -> bytes:
        """A name that can only be recognised, not read; the zero byte sets it apart from real ones."""
        return b"\0" + hmac.digest(self._key, name, hashlib.sha256)[:16]

    def backup(self) -> None:
        """Copy the ledger to its backup file now."""
        with self.lock, system_errors(self.path):
            write_backup(self._connection, backup_path(self.path))
            self._backed_up = self._connection.total_changes

    def backup_if_due(self) -> None:
        """Copy it when it changed and the last copy is old."""
        if self._changed() and _age(backup_path(self.path)) > BACKUP_EVERY:
            self.backup()

    def _changed(self) -> bool:
        """Whether anything was written since it was opened or backed up."""
        return self._connection.total_changes != self._backed_up

    def keep_elapsed(self) -> None:
        """Write down how much time has passed; where that fails, the next start counts it again."""
        connection, sql = self._connection, "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"
        with self.lock, contextlib.suppress(OSError), system_errors(self.path):
            self._begin(durable=False)  # without waiting for another program
            try:
                # Time alone is no reason for a backup.
                self._backed_up += connection.execute(sql, (ELAPSED, self.elapsed.to_keep())).rowcount
                self._fs.commit(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def scrub(self) -> None:
        """Leave nothing of deleted rows in the file, its log and its backup."""
        with self.lock, system_errors(self.path):
            self._connection.execute(f"PRAGMA busy_timeout = {_SCRUB_PATIENCE}")
            try:
                self._connection.execute("VACUUM")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self.backup()
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {_LOCKED_TRY}")

    def meta(self, key: str) -> bytes | None:
        """A fact about this ledger, None when it is not noted."""
        rows = self.query("SELECT value FROM meta WHERE key = ?", (key,))
        return bytes(rows[0][0]) if rows else None

    def set_meta(self, key: str, value: bytes) -> None:
        """Note a fact about this ledger, when it is not noted yet."""
        if self.query("SELECT 1 FROM meta WHERE key = ? AND value = ?", (key, value)):
            return
        with self.transaction() as tx:
            tx.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    def _secret(self) -> bytes:
        if (known := self.meta(SECRET)) is not None:
            return known
        secret = secrets.token_bytes(32)
        with self.transaction() as tx:
            tx.execute("INSERT INTO meta VALUES (?, ?)", (SECRET, secret))
        return secret


def _age(path: Path) -> float:
    """Seconds since a file was written, for ever when there is none or its time lies in the future."""
    try:
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
    return age if age >= 0 else float("inf")
