"""Watched folders: since when, whether results are trusted there, and which pictures were there before.

Pictures that were in a folder before it was added are left alone, whatever carries them. What was there is
known at once by place, size and time, and from its fingerprint on by what it shows: a copy, a restored
backup, another disk and a new tag make no new picture of it. It counts for its folder alone: brought into
another watched folder, it is new there.
"""

import itertools
import os
import sqlite3
import stat
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.base.files import FileId, Mark, entry_status, paths_under
from homepress.base.formats import has_image_suffix
from homepress.base.image_data import FileContent, image_digest
from homepress.store.context import StoreContext
from homepress.store.fs.base import FileSystem, opened_file, opened_folder
from homepress.store.ledger.known_files import (
    EXISTING,
    FINGERPRINTED,
    LEFT,
    directory_id,
    fit,
    let_in,
    let_in_file,
    note,
)
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import RetryPolicy, Source

_ANY_SIZE = 2**63 - 1
_CHUNK = 5_000
"""How many files are marked in one transaction: others get the ledger in between."""
_BATCH = 64
"""How many fingerprints are written in one transaction; a crash costs no more than these."""
_FRESH_SECONDS = 86_400.0
"""A result undone within this time tells something about how it was made."""


@dataclass(frozen=True, slots=True)
class NewestEntry:
    """What became of a picture, as `HistoryEntry` has it."""

    path: str
    outcome: str
    reason: str
    missed: bool
    cause: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The pictures that were under a folder at one moment, kept in memory until the ledger takes them.

    Attributes:
        root: the folder.
        recursive: whether the folders inside it count.
        identity: device and inode of the folder; another pair is another drive.
        directories: each directory with the pictures in it, None where it could not be listed.
    """

    root: Path
    recursive: bool
    identity: tuple[int, int]
    directories: tuple[tuple[bytes, list[tuple[bytes, Mark]] | None], ...]

    def holds(self, root: Path, recursive: bool) -> bool:
        """Whether it tells of this folder, on the drive that is there now."""
        return (self.root, self.recursive, self.identity) == (root, recursive, _identity(root))


def list_pictures(root: Path, recursive: bool) -> Listing:
    """What is under a folder now.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    return Listing(root, recursive, _identity(root), tuple(_walk(os.fsencode(root), recursive)))


def _identity(root: Path) -> tuple[int, int]:
    facts = root.stat()
    return facts.st_dev, facts.st_ino


class Folders:
    """Watched folders as the ledger knows them, each by its resolved path. Usable from any thread."""

    def __init__(self, context: StoreContext) -> None:
        """`context` outlives this."""
        self._context = context
        self._ledger = context.ledger
        self._unlisted = _unlisted(self._ledger)

    def added(self, root: Path, *, recursive: bool = True) -> float:
        """When a folder was first seen, seconds since 1970; now, and remembered, when it never was.

        Args:
            root: the folder.
            recursive: whether the folders inside it count; once they did, they go on counting as known.
        """
        path = os.fsencode(root)
        with self._ledger.transaction() as tx:
            tx.execute(
                "INSERT INTO folder (path, added, deep) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET deep = max(deep, excluded.deep)",
                (path, self._ledger.clock.wall(), recursive),
            )
            return float(tx.execute("SELECT added FROM folder WHERE path = ?", (path,)).fetchone()[0])

    def is_known(self, root: Path, *, recursive: bool = True) -> bool:
        """Whether a folder was added, and the folders inside it too where they count (`recursive`)."""
        rows = self._ledger.query("SELECT deep FROM folder WHERE path = ?", (os.fsencode(root),))
        return bool(rows) and (bool(rows[0][0]) or not recursive)

    def baseline(self, root: Path, *, recursive: bool = True, seen: Listing | None = None) -> int:
        """Mark every picture under a folder as there before; how many. When it is added, before `added`.

        What is known of a file as it is now stays known. With `seen`, it is what was there then, if that was
        the same drive: what came since is new.

        Raises:
            OSError: the folder itself cannot be listed; nothing was marked.
        """
        marked = _mark_all(self._ledger, root, recursive, seen)
        self._unlisted = _unlisted(self._ledger)
        return marked

    def catch_up(self, directory: bytes) -> None:
        """Mark what is in a directory that could not be listed when its folder was added, once it can be."""
        for late in tuple(self._unlisted):
            inside = directory == late or directory.startswith(os.path.join(late, b""))
            if inside and _catch_up(self._ledger, late):
                self._unlisted = _unlisted(self._ledger)

    def existed(self, source: Source, root: Path, image: str) -> bool:
        """Whether a picture lay in a folder, under whatever name, before the folder was added.

        Args:
            source: as it was read.
            root: the folder.
            image: digest of its coded image (`image_digest`).
        """
        ledger, raw_root, name = self._ledger, os.fsencode(root), os.fsencode(source.path.name)
        if ledger.query(
            "SELECT 1 FROM existing e JOIN directory d ON d.id = e.root "
            "WHERE d.path IN (?, ?) AND e.digest = ?",
            (raw_root, ledger.keyed_name(raw_root), _keyed(ledger, image)),
        ):
            return True
        size, mtime_ns, inode = source.identity.mark
        low, high = paths_under(raw_root)
        # No fingerprint yet: the very file under another name, or a copy that kept name, size and time.
        rows = ledger.query(
            "SELECT d.path FROM file f JOIN directory d ON d.id = f.directory WHERE f.state = 'existing' "
            "AND f.size = ? AND f.mtime_ns = ? AND (f.inode = ? OR f.name IN (?, ?))",
            (size, fit(mtime_ns), fit(inode), name, ledger.keyed_name(name)),
        )
        return any(where == raw_root or low <= where < high or where[:1] == b"\0" for (where,) in rows)

    def note_existing(self, source: Source, root: Path, image: str) -> None:
        """Remember where a picture that `existed` is now, and its coded image."""
        with self._ledger.transaction(durable=False) as tx:
            note(self._ledger, tx, source.path, source.identity.mark, FINGERPRINTED)
            _learn(self._ledger, tx, root, image)

    def fingerprints(
        self, root: Path, *, skip: Callable[[os.stat_result], bool], on_read: Callable[[int], None]
    ) -> Generator[bool, None, None]:
        """Make the fingerprints that are missing under a folder; after each file, whether it has one now.

        A file that cannot be read, or is not what it was when the folder was added, keeps waiting for its
        own. The calling thread's reading waits for everybody else's from now on.

        Args:
            root: the folder.
            skip: whether a file must not be opened, such as one whose content is in a cloud.
            on_read: gets the number of bytes of each read; what it raises ends it, with what was found kept.

        Raises:
            OSError: the ledger could not be written.
        """
        fs, ledger = self._context.fs, self._ledger
        fs.give_way()
        found: list[tuple[_Unfingerprinted, str]] = []
        try:
            for file in _pending(ledger, root):
                if digest := _digest(fs, file, skip, on_read):
                    found.append((file, digest))
                if len(found) >= _BATCH:
                    full, found = found, []
                    _note_fingerprints(ledger, root, full)
                yield bool(digest)
        finally:
            if found:
                _note_fingerprints(ledger, root, found)

    def left_alone(self, root: Path) -> int:
        """How many pictures are left alone in a folder, since they were there before it was added."""
        return self._count(root, EXISTING, FINGERPRINTED)

    def which_left_alone(self, root: Path, among: Iterable[bytes]) -> set[bytes]:
        """Those of some pictures under a folder that are left alone since they were there before."""
        raw, ledger = os.fsencode(root), self._ledger
        left = {
            (bytes(directory), bytes(name))
            for directory, name in ledger.query(
                "SELECT d.path, f.name FROM file f JOIN directory d ON d.id = f.directory "
                "WHERE f.state IN (?, ?) AND (d.path = ? OR (d.path >= ? AND d.path < ?))",
                (EXISTING, FINGERPRINTED, raw, *paths_under(raw)),
            )
        }
        forgotten = any(name[:1] == b"\0" for _, name in left)  # names in the ledger that nobody can read
        found = set()
        for path in among:
            directory, name = os.path.split(path)
            if (directory, name) in left or (forgotten and (directory, ledger.keyed_name(name)) in left):
                found.add(path)
        return found

    def pending(self, root: Path) -> int:
        """How many of these still wait for their fingerprints."""
        return self._count(root, EXISTING)

    def _count(self, root: Path, *states: str) -> int:
        """How many files under a folder are in one of these states."""
        raw = os.fsencode(root)
        rows = self._ledger.query(
            f"SELECT count(*) FROM file WHERE state IN ({', '.join('?' * len(states))}) AND directory IN "
            "(SELECT id FROM directory WHERE path = ? OR (path >= ? AND path < ?))",
            (*states, raw, *paths_under(raw)),
        )
        return int(rows[0][0])

    def let_in_file(self, path: Path, settings: str) -> bool:
        """Forget that one picture was left as it is for another recipe in words; whether it was.

        A crash may undo it: `let_in`, at the next start, makes up for that.
        """
        with self._ledger.transaction(durable=False) as tx:
            return let_in_file(self._ledger, tx, path, settings)

    def let_in(self, root: Path, smallest: int, largest: int | None, *, existing: bool, settings: str) -> int:
        """Forget that files under `root` were left alone, where the folder now wants them; how many.

        Args:
            root: the folder.
            settings: its recipe in words; what was left as it is for another one is looked at afresh.
            smallest: size in bytes from which on files that were too small are wanted.
            largest: size in bytes up to which files that were too large are wanted; None for any.
            existing: whether files are wanted that were there before the folder was added.
        """
        raw = os.fsencode(root)
        states = [RetryPolicy.LIMITS.value, *((EXISTING, FINGERPRINTED) if existing else ())]
        within = "path = ? OR (path >= ? AND path < ?)"
        with self._ledger.transaction() as tx:
            if existing:
                tx.execute(
                    "DELETE FROM existing WHERE root IN (SELECT id FROM directory WHERE path IN (?, ?))",
                    (raw, self._ledger.keyed_name(raw)),
                )
                tx.execute(f"DELETE FROM unlisted WHERE {within}", (raw, *paths_under(raw)))
            left = let_in(tx, raw, settings)
            outside = tx.execute(
                f"DELETE FROM file WHERE state IN ({', '.join('?' * len(states))}) "
                f"AND size >= ? AND size <= ? AND directory IN (SELECT id FROM directory WHERE {within})",
                (*states, smallest, _ANY_SIZE if largest is None else largest, raw, *paths_under(raw)),
            ).rowcount
            return left + outside

    def forget(self, root: Path) -> None:
        """A folder is not watched any more: added again later, what is in it then counts as there before."""
        with self._ledger.transaction() as tx:
            tx.execute("DELETE FROM folder WHERE path = ?", (os.fsencode(root),))

    def undone_in_a_row(self, root: Path) -> int:
        """How many of a folder's newest results, counted back, the user undid within a day.

        A row of them means that something is wrong with what is made; `looked_at` begins a new count.
        """
        rows = self._ledger.query(
            "SELECT h.since, h.undone_since FROM history h LEFT JOIN folder f ON f.path = h.root "
            "WHERE h.root = ? AND h.outcome = 'compressed' "
            "AND (f.looked_since IS NULL OR coalesce(h.undone_since, h.since) > f.looked_since) "
            "ORDER BY h.id DESC LIMIT 100",
            (os.fsencode(root),),
        )
        fresh = (undone is not None and undone - made <= _FRESH_SECONDS for made, undone in rows)
        return sum(1 for _ in itertools.takewhile(bool, fresh))

    def stop_replacing(self, root: Path, why: str) -> None:
        """Remember, over restarts too, that results in a folder are not trusted; `looked_at` ends it."""
        self.added(root, recursive=False)
        with self._ledger.transaction() as tx:
            tx.execute("UPDATE folder SET stopped = ? WHERE path = ?", (why, os.fsencode(root)))

    def newest(self, root: Path, settings: str, most: int) -> list[NewestEntry]:
        """What became of a folder's newest pictures under the same settings, in words; the newest first."""
        rows = self._ledger.query(
            "SELECT path, outcome, reason, missed, cause FROM history "
            "WHERE root = ? AND settings = ? ORDER BY id DESC LIMIT ?",
            (os.fsencode(root), settings, most),
        )
        return [
            NewestEntry(os.fsdecode(path), outcome, reason, bool(missed), cause)
            for path, outcome, reason, missed, cause in rows
        ]

    def stopped_replacing(self, root: Path) -> str:
        """Why the results in a folder are not trusted; empty when they are."""
        rows = self._ledger.query("SELECT stopped FROM folder WHERE path = ?", (os.fsencode(root),))
        return str(rows[0][0]) if rows else ""

    def looked_at(self, root: Path) -> None:
        """The user has looked at a folder: what was undone or failed before does not count any more."""
        with self._ledger.transaction() as tx:
            tx.execute(
                "UPDATE folder SET looked = ?, looked_since = ?, stopped = '' WHERE path = ?",
                (self._ledger.clock.wall(), self._ledger.elapsed.seconds(), os.fsencode(root)),
            )


def _mark_all(ledger: Ledger, root: Path, recursive: bool, seen: Listing | None = None) -> int:
    """Mark what is under a folder, or was when it was `seen`; how many.

    Raises:
        OSError: the folder itself cannot be listed; nothing was marked.
    """
    count, waiting = 0, 0
    chunk: list[tuple[bytes, list[tuple[bytes, Mark]]]] = []
    told = seen.directories if seen is not None and seen.holds(root, recursive) else None
    for directory, files in told if told is not None else _walk(os.fsencode(root), recursive):
        if files is None:
            with ledger.transaction(durable=False) as tx:
                tx.execute("INSERT OR IGNORE INTO unlisted (path) VALUES (?)", (directory,))
            continue
        chunk.append((directory, files))
        count, waiting = count + len(files), waiting + len(files)
        if waiting >= _CHUNK:
            _mark(ledger, chunk)
            chunk, waiting = [], 0
    _mark(ledger, chunk)
    return count


def _mark(ledger: Ledger, chunk: list[tuple[bytes, list[tuple[bytes, Mark]]]]) -> None:
    with ledger.transaction() as tx:
        for directory, files in chunk:
            identifier = directory_id(ledger, tx, directory)
            hidden = {
                bytes(name)
                for (name,) in tx.execute(
                    "SELECT name FROM file WHERE directory = ? AND substr(name, 1, 1) = x'00'", (identifier,)
                )
            }
            tx.executemany(
                "INSERT INTO file (directory, name, size, mtime_ns, inode, state) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, "
                "inode = excluded.inode, state = excluded.state "
                "WHERE size <> excluded.size OR mtime_ns <> excluded.mtime_ns OR state IN (?, ?) "
                "OR substr(state, 1, ?) = ?",
                (
                    (
                        identifier,
                        keyed if hidden and (keyed := ledger.keyed_name(name)) in hidden else name,
                        size,
                        fit(mtime),
                        fit(inode),
                        EXISTING,
                        RetryPolicy.LOOK.value,
                        RetryPolicy.LIMITS.value,
                        len(LEFT),
                        LEFT,
                    )
                    for name, (size, mtime, inode) in files
                ),
            )


def _walk(root: bytes, recursive: bool) -> Iterator[tuple[bytes, list[tuple[bytes, Mark]] | None]]:
    """Each directory with the pictures in it, recognised by their suffix; links are not followed.

    None in place of the pictures of a directory that cannot be listed.
    """
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
                        files.append((entry.name, FileId.of(entry_status(entry)).mark))
        except FileNotFoundError:
            if directory == root:
                raise
            continue
        except OSError:
            if directory == root:
                raise
            yield directory, None
            continue
        if files:
            yield directory, files


def _unlisted(ledger: Ledger) -> set[bytes]:
    """Directories that could not be listed when their folder was added."""
    return {bytes(path) for (path,) in ledger.query("SELECT path FROM unlisted")}


def _catch_up(ledger: Ledger, directory: bytes) -> bool:
    """Mark what is in a directory that could not be listed before; whether it can be now."""
    try:
        _mark_all(ledger, Path(os.fsdecode(directory)), recursive=True)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    with ledger.transaction() as tx:
        tx.execute("DELETE FROM unlisted WHERE path = ?", (directory,))
    return True


def _learn(ledger: Ledger, tx: sqlite3.Connection, root: Path, digest: str) -> None:
    tx.execute(
        "INSERT OR IGNORE INTO existing (root, digest) VALUES (?, ?)",
        (directory_id(ledger, tx, os.fsencode(root)), _keyed(ledger, digest)),
    )


def _keyed(ledger: Ledger, digest: str) -> bytes:
    """Half of it is plenty, and there may be a million."""
    return ledger.keyed(digest)[:16]


@dataclass(frozen=True, slots=True)
class _Unfingerprinted:
    """A file that was there before, and whose fingerprint is not known yet.

    Attributes:
        directory: id of its directory in the ledger.
        path: where it is.
        size: bytes.
        mtime_ns: last change, nanoseconds since 1970.
    """

    directory: int
    path: bytes
    size: int
    mtime_ns: int


def _pending(ledger: Ledger, root: Path) -> Iterator[_Unfingerprinted]:
    """Files under a folder whose fingerprints are still to be made; forgotten names cannot be found."""
    if not ledger.query("SELECT 1 FROM file WHERE state = 'existing' LIMIT 1"):
        return
    raw = os.fsencode(root)
    directories = ledger.query(
        "SELECT id, path FROM directory WHERE path = ? OR (path >= ? AND path < ?)", (raw, *paths_under(raw))
    )
    for identifier, directory in directories:
        for name, size, mtime_ns in ledger.query(
            "SELECT name, size, mtime_ns FROM file WHERE directory = ? AND state = 'existing'", (identifier,)
        ):
            if name[:1] != b"\0":
                yield _Unfingerprinted(
                    identifier, os.path.join(bytes(directory), bytes(name)), size, int(mtime_ns)
                )


def _note_fingerprints(ledger: Ledger, root: Path, found: list[tuple[_Unfingerprinted, str]]) -> None:
    """Remember fingerprints: each file, with the digest of its coded image."""
    with ledger.transaction(durable=False) as tx:
        for file, digest in found:
            changed = tx.execute(
                "UPDATE file SET state = ? WHERE directory = ? AND name = ? AND state = ? "
                "AND size = ? AND mtime_ns = ?",
                (
                    FINGERPRINTED,
                    file.directory,
                    os.path.basename(file.path),
                    EXISTING,
                    file.size,
                    fit(file.mtime_ns),
                ),
            ).rowcount
            if changed:  # else the folder wants it after all, or it was forgotten
                _learn(ledger, tx, root, digest)


def _digest(
    fs: FileSystem,
    file: _Unfingerprinted,
    skip: Callable[[os.stat_result], bool],
    on_read: Callable[[int], None],
) -> str:
    """The digest of the image in a file that is still as it was; empty where there is none."""
    path = Path(os.fsdecode(file.path))
    try:
        with opened_folder(fs, path.parent) as folder:
            facts = fs.stat_name(folder, path.name)
            if not stat.S_ISREG(facts.st_mode) or skip(facts):
                return ""
            if (facts.st_size, facts.st_mtime_ns) != (file.size, file.mtime_ns):
                return ""
            with opened_file(fs, folder, path.name) as fd:
                if not stat.S_ISREG(fs.stat(fd).st_mode):
                    return ""
                digest = image_digest(FileContent(fd, file.size, on_read))
                fs.release_cache(fd)
                return digest if FileId.of(fs.stat(fd)) == FileId.of(facts) else ""
    except (OSError, EOFError, ValueError):
        return ""
