"""The ledger for those who only look: windows, commands, reports. Nothing here writes anything.

Times are seconds since 1970, sizes are bytes, paths are text (file system encoding with surrogateescape).
"""

import contextlib
import os
import sqlite3
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from homepress.base.files import paths_under
from homepress.base.system_errors import printable
from homepress.store.ledger.database import check_place, foreign, newer, unreadable
from homepress.store.ledger.elapsed import shown_at
from homepress.store.ledger.schema import (
    APPLICATION_ID,
    DAYS,
    ELAPSED,
    MAIN,
    MIGRATIONS,
    SECRET,
    STANDING,
    counters,
    end_of_day,
    keyed,
    last_midnight,
)
from homepress.store.ledger.schema import Counters as Counters
from homepress.store.model import LedgerError as LedgerError
from homepress.store.model import Role

ELSEWHERE = ("output", "beside")
"""Kinds of results that left their picture as it is."""


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `history --json`. Times are seconds since 1970; `path` is that of the source.

    `dropped`, `missed` and `cause` are as in `FileOutcome`; entries of earlier versions have none of them.
    `kind` is "replace" where the result took the picture's place, "convert" where it did so under another
    name, "output" or "beside" where the picture was left as it is and the result written elsewhere; empty
    where there is none. `output` is where the result was written, as in `FileOutcome`. `undone` is when the
    result was undone; `saved_bytes` what it saves, which is nothing where it was undone or another took its
    place: over all entries they are the sum of `stats`.
    """

    id: int
    time: float
    path: str
    outcome: Literal["compressed", "unchanged", "failed"]
    reason: str
    before_bytes: int
    after_bytes: int
    before_sha256: str
    after_sha256: str
    format: str
    score: float | None
    score_kind: str
    settings: str
    original: Literal["kept", "restored", "accepted", "expired", "none"]
    dropped: list[str] = []
    missed: bool = False
    cause: str = ""
    kind: str = ""
    output: str = ""
    undone: float | None = None
    saved_bytes: int = 0


class EntryDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What else is known of an entry.

    `original_path` is the stored original, or the source itself where it was never touched; empty when there
    is none. `root` is the configured folder, empty for a file named on the command line.
    """

    entry: HistoryEntry
    original_path: str
    root: str
    seconds: float


class StoredOriginal(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `originals list --json`.

    `keep_until` is when it will go, seconds since 1970, if the program runs on; while it does not, that moves
    along.
    """

    id: int
    path: str
    bytes: int
    sha256: str
    time: float
    keep_until: float
    stored_at: str


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over results that were not undone."""

    images: int = 0
    before_bytes: int = 0
    after_bytes: int = 0
    saved_bytes: int = 0
    originals_bytes: int = 0


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day, by the clock of this computer, as YYYY-MM-DD."""

    day: str
    images: int
    saved_bytes: int


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """`stats --json`; folders are the configured ones, "" for files named on the command line."""

    total: Totals
    today: Totals
    days: list[Day]
    formats: dict[str, Totals]
    folders: dict[str, Totals]


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which entries; all that are given must hold.

    Attributes:
        path: this picture or everything under this folder.
        text: part of the path, in any case of ASCII letters.
        outcome: "compressed", "unchanged" or "failed".
        since: at or after, seconds since 1970.
        until: before, seconds since 1970.
        below: ids lower than this, for the next page.
        undone: True for results that were undone, False for all but them.
    """

    path: Path | None = None
    text: str = ""
    outcome: str = ""
    since: float | None = None
    until: float | None = None
    below: int | None = None
    undone: bool | None = None


_ENTRY = (
    "id, time, path, outcome, reason, before_bytes, after_bytes, before_sha256, after_sha256, format, score, "
    "score_kind, settings, original, dropped, missed, cause, kind, "
    "CASE kind WHEN '' THEN x'' ELSE result_path END, undone, "
    f"CASE WHEN {STANDING} THEN before_bytes - after_bytes ELSE 0 END"
)


_MORE = "root, seconds, vault, job"


_SUMS = (
    "count(*), coalesce(sum(before_bytes), 0), coalesce(sum(after_bytes), 0), "
    "coalesce(sum(before_bytes - after_bytes), 0), "
    "coalesce(sum(CASE original WHEN 'kept' THEN before_bytes END), 0)"
)


_PATIENCE = 5.0
"""Seconds to wait for a program that has the ledger locked: a person waits for the answer."""


# Primary result codes (sqlite.org/rescode.html) of a folder in which nothing can be made.
_NOTHING_MAY_BE_MADE = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
)


class Reader:
    """The ledger, read-only; works while the daemon writes. Not for several threads at once."""

    def __init__(self, ledger: Path) -> None:
        """Open it; a ledger that is not there yet reads as an empty one.

        Raises:
            LedgerError: it cannot be read, here or in any method; the text says why and what to do.
        """
        self._path = ledger
        self._connection = _connect(ledger)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        if self._connection is not None:
            self._connection.close()

    @property
    def exists(self) -> bool:
        """Whether there is a ledger yet."""
        return self._connection is not None

    def revision(self) -> int:
        """A number that changes when anything was written since it was last asked (`PRAGMA data_version`)."""
        rows = self._query("PRAGMA data_version", ())
        return int(rows[0][0]) if rows else 0

    def history(
        self, where: HistoryFilter | None = None, *, limit: int | None = None, oldest_first: bool = False
    ) -> Iterator[HistoryEntry]:
        """Entries, newest first unless asked otherwise."""
        condition, values = _condition(where or HistoryFilter())
        order = "ASC" if oldest_first else "DESC"
        sql = f"SELECT {_ENTRY} FROM history WHERE {condition} ORDER BY id {order} LIMIT ?"
        for row in self._each(sql, (*values, -1 if limit is None else limit)):
            yield _entry(row)

    def ids(self, where: HistoryFilter, *, limit: int | None = None) -> "array[int]":
        """The ids of entries, newest first: 100,000 in a tenth of a second, unlike the entries."""
        condition, values = _condition(where)
        sql = f"SELECT id FROM history WHERE {condition} ORDER BY id DESC LIMIT ?"
        return array("q", (row[0] for row in self._query(sql, (*values, -1 if limit is None else limit))))

    def biggest(self, limit: int) -> list[HistoryEntry]:
        """The results that saved the most, of those that count in `stats`."""
        sql = (
            f"SELECT {_ENTRY} FROM history WHERE {STANDING} ORDER BY before_bytes - after_bytes DESC LIMIT ?"
        )
        return [_entry(row) for row in self._query(sql, (limit,))]

    def count(self, where: HistoryFilter | None = None) -> int:
        """How many entries there are."""
        condition, values = _condition(where or HistoryFilter())
        rows = self._query(f"SELECT count(*) FROM history WHERE {condition}", values)
        return int(rows[0][0]) if rows else 0

    def detail(self, entry: int) -> EntryDetail | None:
        """Everything about one entry, None when there is no such id."""
        rows = self._query(f"SELECT {_ENTRY}, {_MORE} FROM history WHERE id = ?", (entry,))
        return self._detail(rows[0]) if rows else None

    def latest(self, path: Path) -> EntryDetail | None:
        """The newest entry of a picture, named by its source or its result."""
        raw = os.fsencode(path)
        rows = self._query(
            f"SELECT {_ENTRY}, {_MORE} FROM history WHERE path = ? OR result_path = ? "
            "ORDER BY id DESC LIMIT 1",
            (raw, raw),
        )
        return self._detail(rows[0]) if rows else None

    def is_result(self, digests: Iterable[str]) -> bool:
        """Whether Homepress made a content.

        Args:
            digests: hex digests of the content and, if need be, of the coded image in it.
        """
        secret = self._meta(SECRET)
        if secret is None:
            return False
        sql = "SELECT 1 FROM content WHERE digest = ? AND settings = '' AND role = ?"
        return any(self._query(sql, (keyed(secret, each), Role.RESULT.value)) for each in digests)

    def originals(self) -> Iterator[StoredOriginal]:
        """All stored originals, newest first."""
        sql = (
            f"SELECT id, path, before_bytes, before_sha256, time, coalesce(goes, since + {DAYS}), vault, job "
            "FROM history WHERE original = 'kept' ORDER BY id DESC"
        )
        kept, now = self._meta(ELAPSED), time.time()
        for entry, path, size, sha256, when, goes, vault, job in self._each(sql, ()):
            yield StoredOriginal(
                id=entry,
                path=os.fsdecode(path),
                bytes=size,
                sha256=sha256,
                time=when,
                keep_until=shown_at(kept, goes, now),
                stored_at=self._stored_at(vault, f"{sha256}-{job}"),
            )

    def counters(self, since: float | None = None) -> Counters:
        """The figures for the status; `since` is seconds since 1970, last midnight when it is not given."""
        return counters(self._query, since) if self._connection is not None else Counters(0, 0, 0, 0)

    def stats(self) -> Stats:
        """What was saved, in all, today, by day, format and folder."""
        days = self._query(
            "SELECT date(time, 'unixepoch', 'localtime') AS day, count(*), sum(before_bytes - after_bytes) "
            f"FROM history WHERE {STANDING} GROUP BY day ORDER BY day",
            (),
        )
        return Stats(
            total=self._totals("1", ()),
            today=self._totals("time >= ? AND time < ?", (last_midnight(), end_of_day(time.time()))),
            days=[Day(day=day, images=images, saved_bytes=saved) for day, images, saved in days],
            formats=self._grouped("format"),
            folders=self._grouped("root"),
        )

    def _detail(self, row: Sequence[Any]) -> EntryDetail:
        *basic, root, seconds, vault, job = row
        entry = _entry(basic)
        original = ""
        if entry.original == "kept":
            original = self._stored_at(vault, f"{entry.before_sha256}-{job}")
        elif entry.kind in ELSEWHERE:
            original = entry.path
        return EntryDetail(
            entry=entry,
            original_path=original,
            root=_text(root),
            seconds=seconds,
        )

    def _stored_at(self, vault: bytes, name: str) -> str:
        """The path of a stored original; the main vault is named once for all."""
        if vault == MAIN:
            vault = self._meta("originals") or vault
        return os.path.join(os.fsdecode(vault), name)

    def _meta(self, key: str) -> bytes | None:
        rows = self._query("SELECT value FROM meta WHERE key = ?", (key,))
        return bytes(rows[0][0]) if rows else None

    def _totals(self, condition: str, values: Sequence[Any]) -> Totals:
        rows = self._query(f"SELECT {_SUMS} FROM history WHERE {STANDING} AND {condition}", values)
        return _sums(rows[0]) if rows else Totals()

    def _grouped(self, column: str) -> dict[str, Totals]:
        sql = f"SELECT {column}, {_SUMS} FROM history WHERE {STANDING} GROUP BY {column} ORDER BY {column}"
        return {_text(key): _sums(sums) for key, *sums in self._query(sql, ())}

    def _query(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return list(self._each(sql, values))

    def _each(self, sql: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = _connect(self._path)
        if self._connection is None:
            return
        try:
            yield from self._connection.execute(sql, values)
        except sqlite3.DatabaseError as error:
            raise unreadable(self._path, error) from error


def _connect(path: Path) -> sqlite3.Connection | None:
    """A read-only connection, None when there is no ledger yet.

    Reading a ledger in WAL mode wants to make a small file beside it; where even that is not allowed, the
    file is read as it stands.
    """
    try:
        found = check_place(path)
        if found is None or found.st_size == 0:
            return None
        connection = _opened(path)
    except (OSError, sqlite3.Error) as error:
        raise unreadable(path, error) from error
    try:
        return _if_usable(connection, path)
    except BaseException:
        connection.close()
        raise


def _opened(path: Path) -> sqlite3.Connection:
    """A connection that was read from; raises what SQLite raises."""
    uri = f"file:{quote(os.fsencode(path))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE)
    try:
        connection.execute("PRAGMA user_version").fetchone()
        return connection
    except sqlite3.OperationalError as error:
        connection.close()
        if int(error.sqlite_errorcode) & 0xFF not in _NOTHING_MAY_BE_MADE:
            raise
    except BaseException:
        connection.close()
        raise
    connection = sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _if_usable(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection | None:
    """The connection if it is to a ledger of our version, None while that is just being made."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if mark != APPLICATION_ID:
        if version or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise foreign(path)
        connection.close()
        return None
    if version > len(MIGRATIONS):
        raise newer(path)
    if version < len(MIGRATIONS):
        raise LedgerError(
            f"{printable(path)} is of an earlier version; Homepress brings it up to date when it starts: "
            "homepress run"
        )
    return connection


def _condition(where: HistoryFilter) -> tuple[str, list[Any]]:
    conditions, values = ["1"], list[Any]()
    if where.path is not None:
        raw = os.fsencode(where.path)
        conditions.append("(path = ? OR (path >= ? AND path < ?) OR result_path = ?)")
        values += [raw, *paths_under(raw), raw]
    if where.text:
        escaped = where.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions.append("CAST(path AS TEXT) LIKE ? ESCAPE '\\'")
        values.append(f"%{escaped}%")
    for column, comparison, value in (
        ("outcome", "=", where.outcome or None),
        ("time", ">=", where.since),
        ("time", "<", where.until),
        ("id", "<", where.below),
    ):
        if value is not None:
            conditions.append(f"{column} {comparison} ?")
            values.append(value)
    if where.undone is not None:
        conditions.append(f"original {'=' if where.undone else '<>'} 'restored'")
    return " AND ".join(conditions), values


def _entry(row: Sequence[Any]) -> HistoryEntry:
    names = HistoryEntry.__struct_fields__
    fields = dict(zip(names, row, strict=True))
    fields["path"], fields["output"] = os.fsdecode(fields["path"]), os.fsdecode(fields["output"])
    fields["dropped"] = list(filter(None, fields["dropped"].split(",")))
    fields["missed"] = bool(fields["missed"])
    return HistoryEntry(**fields)


def _sums(row: Sequence[Any]) -> Totals:
    images, before, after, saved, originals = row
    return Totals(
        images=images,
        before_bytes=before,
        after_bytes=after,
        saved_bytes=saved,
        originals_bytes=originals,
    )


def _text(value: bytes | str | None) -> str:
    return "" if value is None else os.fsdecode(value)


def copy_ledger(ledger: Path, target: Path) -> None:
    """Copy a ledger as it stands between two changes; nothing is copied where there is none yet.

    What is in progress in it is left out: it belongs to the process that is at it.

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
