"""A ledger apart: a copy to work on while another process has the ledger, and its way back into it.

It knows what the ledger knew when it was made, and notes what is added or changed from then on. Only what
adds new files is done on it (`Store.write_output`): it has no originals, and nothing of the user's is
replaced. What was added comes into the ledger in one transaction, with the jobs that a crash left open, which
are settled there like its own.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from homepress.base.files import paths_under
from homepress.store.ledger import known_files
from homepress.store.ledger.database import LedgerCondition, open_database, system_errors
from homepress.store.ledger.history import insert
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import decode
from homepress.store.reader import copy_ledger

_FIRST = "apart"
"""Key in `meta`: the newest history entry that was copied."""

# What stood there before is kept too: what the ledger has changed meanwhile is not written over. The words OR
# IGNORE would not do: within a trigger, the conflict clause of the statement that fired it counts.
_NOTE_CHANGES = f"""
CREATE TABLE fresh_file (
    directory INTEGER NOT NULL, name BLOB NOT NULL, size, mtime_ns, PRIMARY KEY (directory, name)
) WITHOUT ROWID;
CREATE TRIGGER fresh_file BEFORE INSERT ON file
WHEN NOT EXISTS (SELECT 1 FROM fresh_file WHERE directory = new.directory AND name = new.name) BEGIN
    INSERT INTO fresh_file SELECT new.directory, new.name, f.size, f.mtime_ns
    FROM (SELECT 1) LEFT JOIN file f ON f.directory = new.directory AND f.name = new.name;
END;

CREATE TABLE fresh_content (
    digest BLOB NOT NULL, settings TEXT NOT NULL, role TEXT, PRIMARY KEY (digest, settings)
) WITHOUT ROWID;
CREATE TRIGGER fresh_content BEFORE INSERT ON content
WHEN NOT EXISTS (SELECT 1 FROM fresh_content WHERE digest = new.digest AND settings = new.settings) BEGIN
    INSERT INTO fresh_content SELECT new.digest, new.settings, c.role
    FROM (SELECT 1) LEFT JOIN content c ON c.digest = new.digest AND c.settings = new.settings;
END;

CREATE TABLE fresh_place (path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TRIGGER fresh_place BEFORE INSERT ON place
WHEN NOT EXISTS (SELECT 1 FROM fresh_place WHERE path = new.path) BEGIN
    INSERT INTO fresh_place VALUES (new.path);
END;

INSERT OR REPLACE INTO meta (key, value) SELECT '{_FIRST}', CAST(coalesce(max(id), 0) AS TEXT) FROM history;
"""

_KINDS = ("output", "copy", "beside")
"""Jobs that leave their source alone."""


def begin_apart(ledger: Path, target: Path) -> bool:
    """Make a ledger apart; False when there is no ledger yet.

    Args:
        ledger: which another process may be writing.
        target: of the copy. Its folder is there, the user's alone, and like the one above it maybe new.

    Raises:
        LedgerError: the ledger cannot be read, or was made by another version of Homepress.
        OSError: the copy cannot be written.
    """
    part = target.with_name(f"{target.name}.part")
    copy_ledger(ledger, part)
    if not part.exists():
        return False
    opened = open_database(part)
    with contextlib.closing(opened.connection) as copy, system_errors(part):
        copy.executescript(_NOTE_CHANGES)
        copy.execute("PRAGMA journal_mode = DELETE")
    os.rename(part, target)
    for folder in target.parents[:3]:
        _sync_folder(folder)
    return True


def join_apart(ledger: Ledger, other: Path) -> int:
    """Bring what a ledger apart has added into a ledger; the number of history entries that came.

    Done twice, it changes nothing more. The caller sees to it that nobody else is at either of them.

    Args:
        ledger: which gets it; it may be one apart itself.
        other: the file of the ledger apart.

    Raises:
        LedgerError: it was made by a newer version of Homepress.
        OSError: the system refused a step; nothing was changed.
    """
    opened = open_database(other)
    with contextlib.closing(opened.connection) as apart, system_errors(other):
        first = apart.execute("SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?", (_FIRST,)).fetchone()
        if first is None or opened.condition is not LedgerCondition.GOOD:
            return 0  # damaged: what it wrote stays, and nobody knows of it any more
        return _Join(ledger, apart, int(first[0])).run(other.parent)


class _Join:
    """One ledger apart on its way back."""

    def __init__(self, ledger: Ledger, apart: sqlite3.Connection, first: int) -> None:
        self._ledger = ledger
        self._apart = apart
        self._first = first
        secret = apart.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()
        # Another key, where the ledger was lost meanwhile: what is hidden by it is hidden from everybody.
        self._same_key = secret is not None and ledger.meta("secret") == bytes(secret[0])

    def run(self, folder: Path) -> int:
        """All of it, or nothing; `folder` is where the ledger apart was."""
        with self._ledger.transaction() as tx:
            came = self._history(tx)
            self._files(tx)
            if self._same_key:
                self._contents(tx)
            self._places(tx, os.fsencode(folder))
            self._jobs(tx)
        return came

    def _history(self, tx: sqlite3.Connection) -> int:
        gone = self._apart.execute(
            "SELECT job FROM history WHERE id <= ? AND superseded = 1 AND job IS NOT NULL", (self._first,)
        )
        tx.executemany("UPDATE history SET superseded = 1 WHERE superseded = 0 AND job = ?", gone)
        rows = self._apart.execute("SELECT * FROM history WHERE id > ? ORDER BY id", (self._first,))
        names = [column[0] for column in rows.description]
        came = 0
        for row in rows:
            entry = dict(zip(names, row, strict=True))
            del entry["id"]
            if self._is_there(tx, entry):
                continue
            entry["since"] = self._ledger.elapsed.at_most()
            if entry["kind"] in _KINDS:
                tx.execute(
                    "UPDATE history SET superseded = 1 "
                    "WHERE result_path = ? AND kind IN ('output', 'beside')",
                    (entry["result_path"],),
                )
            insert(tx, entry)
            came += 1
        return came

    @staticmethod
    def _is_there(tx: sqlite3.Connection, entry: dict[str, object]) -> bool:
        """Whether it came before; what is only said anew is left out too, as in one ledger."""
        if entry["job"] is not None:
            return tx.execute("SELECT 1 FROM history WHERE job = ?", (entry["job"],)).fetchone() is not None
        same = "outcome = :outcome AND reason = :reason AND before_sha256 = :before_sha256"
        found = tx.execute(
            f"SELECT 1 FROM history WHERE path = :path AND {same} AND (time = :time OR id = "
            "(SELECT max(id) FROM history WHERE path = :path))",
            entry,
        )
        return found.fetchone() is not None

    def _files(self, tx: sqlite3.Connection) -> None:
        rows = self._apart.execute(
            "SELECT d.path, n.name, n.size, n.mtime_ns, f.size, f.mtime_ns, f.inode, f.state "
            "FROM fresh_file n JOIN file f ON f.directory = n.directory AND f.name = n.name "
            "JOIN directory d ON d.id = n.directory"
        )
        for directory, name, size_before, mtime_before, size, mtime_ns, inode, state in rows:
            if self._same_key or b"\0" not in (directory[:1], name[:1]):
                mark = (size, int(mtime_ns), int(inode))
                before = None if size_before is None else (size_before, int(mtime_before))
                known_files.note_unless_changed(self._ledger, tx, directory, name, before, mark, state)

    def _contents(self, tx: sqlite3.Connection) -> None:
        rows = self._apart.execute(
            "SELECT c.digest, c.settings, c.role, n.role FROM fresh_content n "
            "JOIN content c ON c.digest = n.digest AND c.settings = n.settings"
        )
        tx.executemany(
            "INSERT INTO content (digest, settings, role) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET role = excluded.role WHERE content.role IS ?",
            rows,
        )

    def _places(self, tx: sqlite3.Connection, folder: bytes) -> None:
        rows = self._apart.execute(
            "SELECT p.path, p.point, p.inner, p.ids, p.label, p.tie FROM place p JOIN fresh_place n "
            "ON n.path = p.path"
        )
        low, high = paths_under(folder)
        tx.executemany(
            "INSERT OR IGNORE INTO place (path, point, inner, ids, label, tie) VALUES (?, ?, ?, ?, ?, ?)",
            (row for row in rows if not low <= row[0] < high),
        )

    def _jobs(self, tx: sqlite3.Connection) -> None:
        """What a crash left open is settled by the process that has the ledger."""
        for job, state, plan in self._apart.execute("SELECT id, state, plan FROM job"):
            if decode(plan).kind in _KINDS:
                tx.execute(
                    "INSERT OR IGNORE INTO job (id, state, plan, since) SELECT ?, ?, ?, ? "
                    "WHERE NOT EXISTS (SELECT 1 FROM history WHERE job = ?)",
                    (job, state, plan, self._ledger.elapsed.at_most(), job),
                )


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows opens no folders
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
