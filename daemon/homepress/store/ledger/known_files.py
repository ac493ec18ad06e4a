"""What is done: by name, so that no scan opens it again, and by content, so that no copy is done again."""

import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.files import Mark, paths_under
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import RetryPolicy, Role

_SEPARATOR = os.fsencode(os.sep)

DONE = RetryPolicy.CHANGE.value
"""State of a file that was compressed, or left as it is whatever is asked of it."""

LEFT = "left:"
"""How the state of a file begins that was read and left as it is; the recipe in words follows. Another recipe
may want it all the same."""

_LISTING_SECONDS = 10.0
"""So long one directory may take to be listed, when names whose files are gone are looked for ..."""

_MOST_SILENT = 3
"""... and after so many that take longer the rest is left for another time."""

_FEW = 64
"""Up to so many names are asked for one by one; for more, all that a directory holds is read."""

EXISTING = "existing"
"""State of a file that was in a folder before the folder was added, until its fingerprint is known."""

FINGERPRINTED = "fingerprinted"
"""State of such a file from then on; what it shows is in the table `existing`."""


def role(ledger: Ledger, sha256: str, settings: str) -> Role | None:
    """Why this content is left alone, if it is; a refusal counts only for the same recipe in words."""
    rows = ledger.query(
        "SELECT role FROM content WHERE digest = ? AND settings IN ('', ?) ORDER BY settings LIMIT 1",
        (ledger.keyed(sha256), settings),
    )
    return Role(rows[0][0]) if rows else None


def is_met(ledger: Ledger, sha256: str) -> bool:
    """Whether this content was met before, whatever came of it."""
    return bool(ledger.query("SELECT 1 FROM content WHERE digest = ? LIMIT 1", (ledger.keyed(sha256),)))


def learn(ledger: Ledger, tx: sqlite3.Connection, sha256: str, role: Role, settings: str = "") -> None:
    """Remember a content. `settings` matters only for `Role.REFUSED`."""
    tx.execute(
        "INSERT INTO content (digest, settings, role) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET role = excluded.role",
        (ledger.keyed(sha256), settings if role is Role.REFUSED else "", role.value),
    )


def unlearn(ledger: Ledger, tx: sqlite3.Connection, sha256: str, role: Role) -> None:
    """Forget that a content has a role."""
    tx.execute("DELETE FROM content WHERE digest = ? AND role = ?", (ledger.keyed(sha256), role.value))


def known(ledger: Ledger, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
    """The files of a directory that are done, by name; a few `names` are looked up one by one."""
    if names is not None and len(names) <= _FEW:
        stored = {ledger.keyed_name(name): name for name in names} | {name: name for name in names}
        marks = ", ".join("?" * len(stored))
        found = _marks(ledger, directory, f" AND f.name IN ({marks})", tuple(stored))
        return {stored[name]: mark for name, mark in found.items()}
    found = _marks(ledger, directory)
    if any(name.startswith(b"\0") for name in found):
        return _with_forgotten(ledger, directory, found)
    return found


def _marks(
    ledger: Ledger, directory: bytes, which: str = "", names: Sequence[bytes] = ()
) -> dict[bytes, Mark]:
    rows = ledger.query(
        "SELECT f.name, f.size, f.mtime_ns, f.inode FROM directory d JOIN file f ON f.directory = d.id "
        f"WHERE d.path IN (?, ?) AND f.state != 'refused'{which}",
        (directory, ledger.keyed_name(directory), *names),
    )
    return {name: (size, int(mtime_ns), int(inode)) for name, size, mtime_ns, inode in rows}


def _with_forgotten(ledger: Ledger, directory: bytes, found: dict[bytes, Mark]) -> dict[bytes, Mark]:
    """Find the names of forgotten files again by what is in the directory now."""
    try:
        names = os.listdir(directory)
    except OSError:
        names = []
    for name in names:
        if (mark := found.get(ledger.keyed_name(name))) is not None:
            found.setdefault(name, mark)
    return {name: mark for name, mark in found.items() if not name.startswith(b"\0")}


def note(ledger: Ledger, tx: sqlite3.Connection, path: Path, mark: Mark, state: str = DONE) -> None:
    """Remember that a file is done as it is now."""
    directory, name = os.fsencode(path.parent), os.fsencode(path.name)
    hidden = ledger.keyed_name(name)
    identifier = directory_id(ledger, tx, directory)
    forgotten = tx.execute(
        "SELECT 1 FROM file WHERE directory = ? AND name = ?", (identifier, hidden)
    ).fetchone()
    _put(tx, identifier, hidden if forgotten else name, mark, state)


def note_unless_changed(
    ledger: Ledger,
    tx: sqlite3.Connection,
    directory: bytes,
    name: bytes,
    before: tuple[int, int] | None,
    mark: Mark,
    state: str,
) -> None:
    """Take over what another ledger noted of a file, unless this one has noted something else since.

    Args:
        ledger: this one.
        tx: its open transaction.
        directory: path of the file's directory; it and `name` as the other ledger has them, hidden or not.
        name: of the file.
        before: size and time of change that both had noted, None for nothing.
        mark: what the other one noted.
        state: what it is.
    """
    identifier = directory_id(ledger, tx, directory)
    row = tx.execute(
        "SELECT name, size, mtime_ns FROM file WHERE directory = ? AND name IN (?, ?)",
        (identifier, name, ledger.keyed_name(name)),
    ).fetchone()
    if row is None or (row[1], int(row[2])) == before:
        _put(tx, identifier, name if row is None else row[0], mark, state)


def is_noted(ledger: Ledger, tx: sqlite3.Connection, path: Path, mark: Mark) -> bool:
    """Whether a file was noted just as it is, in whatever state."""
    directory, name = os.fsencode(path.parent), os.fsencode(path.name)
    row = tx.execute(
        "SELECT f.size, f.mtime_ns FROM directory d JOIN file f ON f.directory = d.id "
        "WHERE d.path IN (?, ?) AND f.name IN (?, ?)",
        (directory, ledger.keyed_name(directory), name, ledger.keyed_name(name)),
    ).fetchone()
    return row is not None and (row[0], int(row[1])) == mark[:2]


def was_there(ledger: Ledger, tx: sqlite3.Connection, path: Path, mark: Mark) -> bool:
    """Whether a file was noted, just as it is, as one that was there before its folder was added."""
    directory, name = os.fsencode(path.parent), os.fsencode(path.name)
    row = tx.execute(
        "SELECT f.size, f.mtime_ns FROM directory d JOIN file f ON f.directory = d.id "
        "WHERE d.path IN (?, ?) AND f.name IN (?, ?) AND f.state IN (?, ?)",
        (directory, ledger.keyed_name(directory), name, ledger.keyed_name(name), EXISTING, FINGERPRINTED),
    ).fetchone()
    return row is not None and (row[0], int(row[1])) == mark[:2]


def drop(ledger: Ledger, tx: sqlite3.Connection, path: Path) -> None:
    """Forget that a file is done: it is gone, or another took its place."""
    name, directory = os.fsencode(path.name), os.fsencode(path.parent)
    tx.execute(
        "DELETE FROM file WHERE name IN (?, ?) "
        "AND directory IN (SELECT id FROM directory WHERE path IN (?, ?))",
        (name, ledger.keyed_name(name), directory, ledger.keyed_name(directory)),
    )


def prune(ledger: Ledger, away: Collection[Path] = ()) -> None:
    """Forget the names of files that are gone; what they held is still known by content.

    Files that were there before their folder was added stay: a disk that is away for a while must not turn
    them into new ones. So do all files of a directory that is not there, or whose drive is away: what lies
    under its mount point says nothing.

    Args:
        ledger: where.
        away: folders whose drives are away.
    """
    absent = [os.fsencode(folder) for folder in away]
    silent = 0
    for identifier, directory in ledger.query("SELECT id, path FROM directory"):
        if silent == _MOST_SILENT:
            return  # their disk hangs: next time
        if any(directory == folder or directory.startswith(folder + _SEPARATOR) for folder in absent):
            continue
        try:
            place = Path(os.fsdecode(directory))
            present = set(blocking.ask(place, partial(os.listdir, directory), _LISTING_SECONDS))
        except NotAnsweringError:
            silent += 1
            continue
        except (OSError, ValueError):
            continue  # away, or forgotten and unreadable
        names = ledger.query(
            "SELECT name FROM file WHERE directory = ? AND state NOT IN (?, ?)",
            (identifier, EXISTING, FINGERPRINTED),
        )
        gone = [(identifier, n) for (n,) in names if n not in present and not n.startswith(b"\0")]
        if gone and present:
            with ledger.transaction(durable=False) as tx:
                tx.executemany("DELETE FROM file WHERE directory = ? AND name = ?", gone)


def let_in(tx: sqlite3.Connection, root: bytes, settings: str) -> int:
    """Forget that files under a folder were left as they are for another recipe than this; how many."""
    return tx.execute(
        "DELETE FROM file WHERE substr(state, 1, ?) = ? AND state <> ? AND directory IN "
        "(SELECT id FROM directory WHERE path = ? OR (path >= ? AND path < ?))",
        (len(LEFT), LEFT, LEFT + settings, root, *paths_under(root)),
    ).rowcount


def let_in_file(ledger: Ledger, tx: sqlite3.Connection, path: Path, settings: str) -> bool:
    """Forget that one file was left as it is for another recipe than this; whether it was."""
    directory, name = os.fsencode(path.parent), os.fsencode(path.name)
    return (
        tx.execute(
            "DELETE FROM file WHERE substr(state, 1, ?) = ? AND state <> ? AND name IN (?, ?) "
            "AND directory IN (SELECT id FROM directory WHERE path IN (?, ?))",
            (
                *(len(LEFT), LEFT, LEFT + settings),
                *(name, ledger.keyed_name(name), directory, ledger.keyed_name(directory)),
            ),
        ).rowcount
        > 0
    )


def forget_file(ledger: Ledger, tx: sqlite3.Connection, path: bytes) -> None:
    """Make the name of one file unreadable; it stays known."""
    directory, name = os.path.split(path)
    tx.execute(
        "UPDATE OR REPLACE file SET name = ? WHERE name = ? AND directory = "
        "(SELECT id FROM directory WHERE path = ?)",
        (ledger.keyed_name(name), name, directory),
    )


def forget_beneath(ledger: Ledger, tx: sqlite3.Connection, path: bytes) -> None:
    """Make the names of everything under a folder unreadable."""
    low, high = paths_under(path)
    rows = tx.execute(
        "SELECT id, path FROM directory WHERE path = ? OR (path >= ? AND path < ?)", (path, low, high)
    ).fetchall()
    for identifier, directory in rows:
        names: Iterable[tuple[bytes]] = tx.execute(
            "SELECT name FROM file WHERE directory = ?", (identifier,)
        ).fetchall()
        tx.executemany(
            "UPDATE OR REPLACE file SET name = ? WHERE directory = ? AND name = ?",
            ((ledger.keyed_name(name), identifier, name) for (name,) in names if name[:1] != b"\0"),
        )
        tx.execute("UPDATE directory SET path = ? WHERE id = ?", (ledger.keyed_name(directory), identifier))
    tx.execute("DELETE FROM unlisted WHERE path = ? OR (path >= ? AND path < ?)", (path, low, high))


def directory_id(ledger: Ledger, tx: sqlite3.Connection, path: bytes) -> int:
    """The id of a directory in the ledger, which is made where it has none."""
    row = tx.execute(
        "SELECT id FROM directory WHERE path IN (?, ?)", (path, ledger.keyed_name(path))
    ).fetchone()
    if row is None:
        row = tx.execute("INSERT INTO directory (path) VALUES (?) RETURNING id", (path,)).fetchone()
    return int(row[0])


def _put(tx: sqlite3.Connection, directory: int, name: bytes, mark: Mark, state: str) -> None:
    size, mtime_ns, inode = mark
    tx.execute(
        "INSERT OR REPLACE INTO file (directory, name, size, mtime_ns, inode, state) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (directory, name, size, fit(mtime_ns), fit(inode), state),
    )


def fit(number: int) -> int | str:
    """SQLite keeps 63 bits and a sign; larger inode numbers and times far in the future are kept as text."""
    return number if -(1 << 63) <= number < 1 << 63 else str(number)
