"""What is done: by name, so that no scan opens it again, and by content, so that no copy is done again."""

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from homepress.imagetype import has_image_suffix
from homepress.store.ledger import Ledger
from homepress.store.receipt import LeftUntil, Role

Mark = tuple[int, int, int]
"""Size in bytes, mtime in nanoseconds, inode number."""

_SEPARATOR = os.fsencode(os.sep)
_ANY_SIZE = 2**63 - 1

DONE = LeftUntil.CHANGE.value
"""State of a file that was compressed, or left as it is for a reason in the history."""

_FEW = 64
"""Up to so many names are asked for one by one; for more, all that a directory holds is read."""

EXISTING = "existing"
"""State of a file that was in a folder before the folder was added."""


def role(ledger: Ledger, sha256: str, settings: str) -> Role | None:
    """Why this content is left alone, if it is; a refusal counts only for the same recipe in words."""
    rows = ledger.query(
        "SELECT role FROM content WHERE digest = ? AND settings IN ('', ?) ORDER BY settings LIMIT 1",
        (ledger.keyed(sha256), settings),
    )
    return Role(rows[0][0]) if rows else None


def learn(ledger: Ledger, tx: sqlite3.Connection, sha256: str, role: Role, settings: str = "") -> None:
    """Remember a content. `settings` matters only for `Role.REFUSED`."""
    tx.execute(
        "INSERT INTO content (digest, settings, role) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET role = excluded.role",
        (ledger.keyed(sha256), settings if role is Role.REFUSED else "", role.value),
    )


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
    identifier = _directory(ledger, tx, directory)
    forgotten = tx.execute(
        "SELECT 1 FROM file WHERE directory = ? AND name = ?", (identifier, hidden)
    ).fetchone()
    _put(tx, identifier, hidden if forgotten else name, mark, state)


def is_noted(ledger: Ledger, tx: sqlite3.Connection, path: Path, mark: Mark) -> bool:
    """Whether a file was noted just as it is, in whatever state."""
    directory, name = os.fsencode(path.parent), os.fsencode(path.name)
    row = tx.execute(
        "SELECT f.size, f.mtime_ns, f.inode FROM directory d JOIN file f ON f.directory = d.id "
        "WHERE d.path IN (?, ?) AND f.name IN (?, ?)",
        (directory, ledger.keyed_name(directory), name, ledger.keyed_name(name)),
    ).fetchone()
    return row is not None and (row[0], int(row[1]), int(row[2])) == mark


def drop(ledger: Ledger, tx: sqlite3.Connection, path: Path) -> None:
    """Forget that a file is done: it is gone, or another took its place."""
    name, directory = os.fsencode(path.name), os.fsencode(path.parent)
    tx.execute(
        "DELETE FROM file WHERE name IN (?, ?) "
        "AND directory IN (SELECT id FROM directory WHERE path IN (?, ?))",
        (name, ledger.keyed_name(name), directory, ledger.keyed_name(directory)),
    )


def existed(ledger: Ledger, mark: Mark) -> bool:
    """Whether this very file was in a folder before the folder was added, under whatever name."""
    size, mtime_ns, inode = mark
    rows = ledger.query(
        "SELECT 1 FROM file WHERE state = 'existing' AND inode = ? AND size = ? AND mtime_ns = ? LIMIT 1",
        (_fit(inode), size, _fit(mtime_ns)),
    )
    return bool(rows)


def baseline(ledger: Ledger, root: Path, recursive: bool) -> int:
    """Mark every picture that is beneath `root` now as one to be left alone; how many.

    Files that are known already keep what is known of them.
    """
    count = 0
    with ledger.transaction() as tx:
        for directory, rows in _walk(os.fsencode(root), recursive):
            identifier = _directory(ledger, tx, directory)
            tx.executemany(
                "INSERT OR IGNORE INTO file (directory, name, size, mtime_ns, inode, state) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (identifier, name, size, _fit(mtime), _fit(inode), EXISTING)
                    for name, (size, mtime, inode) in rows
                ),
            )
            count += len(rows)
    return count


def _walk(root: bytes, recursive: bool) -> Iterator[tuple[bytes, list[tuple[bytes, Mark]]]]:
    """Each directory with the pictures in it, told by their suffix; links are not followed."""
    waiting = [root]
    while waiting:
        directory = waiting.pop()
        files: list[tuple[bytes, Mark]] = []
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    if recursive and entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif has_image_suffix(entry.name) and entry.is_file(follow_symlinks=False):
                        facts = entry.stat(follow_symlinks=False)
                        files.append((entry.name, (facts.st_size, facts.st_mtime_ns, facts.st_ino)))
        except OSError:
            continue  # gone or closed to us: watching says so, and nothing in it can be compressed either
        if files:
            yield directory, files


def let_in(ledger: Ledger, root: Path, smallest: int, largest: int | None, *, existing: bool) -> int:
    """Forget that files beneath `root` were left alone, where the folder now wants them; how many.

    Args:
        ledger: where.
        root: the folder.
        smallest: size in bytes from which on files that were too small are wanted.
        largest: size in bytes up to which files that were too large are wanted; None for any.
        existing: whether files are wanted that were there before the folder was added.
    """
    raw = os.fsencode(root)
    states = (LeftUntil.LIMITS.value, EXISTING if existing else LeftUntil.LIMITS.value)
    with ledger.transaction() as tx:
        return tx.execute(
            "DELETE FROM file WHERE state IN (?, ?) AND size >= ? AND size <= ? AND directory IN "
            "(SELECT id FROM directory WHERE path = ? OR (path >= ? AND path < ?))",
            (*states, smallest, _ANY_SIZE if largest is None else largest, raw, *beneath(raw)),
        ).rowcount


def prune(ledger: Ledger) -> None:
    """Forget the names of files that are gone; what they held is still known by content.

    Files that were there before their folder was added stay: a disk that is away for a while must not turn
    them into new ones. So do all files of a directory that is not there.
    """
    for identifier, directory in ledger.query("SELECT id, path FROM directory"):
        try:
            present = set(os.listdir(directory))
        except (OSError, ValueError):
            continue  # away, or forgotten and unreadable
        names = ledger.query(
            "SELECT name FROM file WHERE directory = ? AND state <> ?", (identifier, EXISTING)
        )
        gone = [(identifier, n) for (n,) in names if n not in present and not n.startswith(b"\0")]
        if gone and present:
            with ledger.transaction(durable=False) as tx:
                tx.executemany("DELETE FROM file WHERE directory = ? AND name = ?", gone)


def forget_file(ledger: Ledger, tx: sqlite3.Connection, path: bytes) -> None:
    """Make the name of one file unreadable; it stays known."""
    directory, name = os.path.split(path)
    tx.execute(
        "UPDATE OR REPLACE file SET name = ? WHERE name = ? AND directory = "
        "(SELECT id FROM directory WHERE path = ?)",
        (ledger.keyed_name(name), name, directory),
    )


def forget_beneath(ledger: Ledger, tx: sqlite3.Connection, path: bytes) -> None:
    """Make the names of everything beneath a folder unreadable."""
    low, high = beneath(path)
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


def beneath(folder: bytes) -> tuple[bytes, bytes]:
    """The range of paths (first, first after) that lie beneath a folder."""
    base = folder.rstrip(_SEPARATOR)
    return base + _SEPARATOR, base + bytes([_SEPARATOR[0] + 1])


def _directory(ledger: Ledger, tx: sqlite3.Connection, path: bytes) -> int:
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
        (directory, name, size, _fit(mtime_ns), _fit(inode), state),
    )


def _fit(number: int) -> int | str:
    """SQLite keeps 63 bits and a sign; larger inode numbers and times far in the future are kept as text."""
    return number if -(1 << 63) <= number < 1 << 63 else str(number)
