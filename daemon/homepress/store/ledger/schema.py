"""The tables of the ledger, as a list of steps from version to version, and what everybody asks of them.

The questions at the end are those that both the store and its read-only side ask.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE directory (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);

-- What is done, by name. mtime_ns and inode have no type: beyond 63 bits they are kept as text.
CREATE TABLE file (
    directory INTEGER NOT NULL REFERENCES directory(id),
    name BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns NOT NULL,
    inode NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (directory, name)
) WITHOUT ROWID;
CREATE INDEX file_existing ON file (inode) WHERE state = 'existing';

-- What is done, by content: HMAC of the SHA-256, so that a forgotten picture is still known.
CREATE TABLE content (
    digest BLOB NOT NULL,
    settings TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (digest, settings)
) WITHOUT ROWID;

-- What is under way: the journal.
CREATE TABLE job (id TEXT PRIMARY KEY, state TEXT NOT NULL, plan BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    path BLOB NOT NULL,
    result_path BLOB NOT NULL,
    root BLOB,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    before_bytes INTEGER NOT NULL,
    after_bytes INTEGER NOT NULL,
    before_sha256 TEXT NOT NULL,
    after_sha256 TEXT NOT NULL,
    format TEXT NOT NULL,
    score REAL,
    score_kind TEXT NOT NULL,
    settings TEXT NOT NULL,
    seconds REAL NOT NULL,
    original TEXT NOT NULL,
    vault BLOB,
    job TEXT UNIQUE,
    keep_until REAL,
    settled INTEGER NOT NULL DEFAULT 1,
    adopted INTEGER NOT NULL DEFAULT 0,
    undone REAL
);
CREATE INDEX history_path ON history (path, id);
CREATE INDEX history_result ON history (result_path, id);
CREATE INDEX history_time ON history (time);
CREATE INDEX history_kept ON history (vault, before_bytes) WHERE original = 'kept';
CREATE INDEX history_standing ON history (time, before_bytes, after_bytes)
    WHERE outcome = 'compressed' AND original <> 'restored';
CREATE INDEX history_unsettled ON history (id) WHERE settled = 0;

CREATE TABLE folder (
    path BLOB PRIMARY KEY,
    added REAL NOT NULL,
    looked REAL NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Where originals are kept, so that all of them are found again.
CREATE TABLE vault (path BLOB PRIMARY KEY) WITHOUT ROWID;
"""

VERSION_2 = """
-- Why nothing is replaced in a folder until the user has looked; empty when all is well.
ALTER TABLE folder ADD COLUMN stopped TEXT NOT NULL DEFAULT '';
"""

VERSION_3 = """
-- Whether a later result was written to the same path elsewhere: one result on the disk counts once.
ALTER TABLE history ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0;
UPDATE history SET superseded = 1 WHERE kind IN ('output', 'beside') AND EXISTS (
    SELECT 1 FROM history AS later WHERE later.result_path = history.result_path
    AND later.id > history.id AND later.kind IN ('output', 'beside'));
DROP INDEX history_standing;
CREATE INDEX history_standing ON history (time, before_bytes, after_bytes)
    WHERE outcome = 'compressed' AND original <> 'restored' AND superseded = 0;
"""

VERSION_4 = """
-- Seconds as the ledger saw them pass (`elapsed`): when an entry was made; when it was undone; at which its
-- original goes, once its days are nearly over; when a job was begun; when a folder was looked at.
ALTER TABLE history ADD COLUMN since REAL;
ALTER TABLE history ADD COLUMN undone_since REAL;
ALTER TABLE history ADD COLUMN goes REAL;
ALTER TABLE job ADD COLUMN since REAL NOT NULL DEFAULT 0;
ALTER TABLE folder ADD COLUMN looked_since REAL;
CREATE INDEX history_going ON history (goes) WHERE original = 'kept' AND goes IS NOT NULL;
-- Counting begins now, at 0. Of the time before count the days between two on which something was done: so
-- many passed at least, whatever the clock said. Nothing goes at once: what is due is marked first.
CREATE TEMP TABLE day (name TEXT PRIMARY KEY, ago INTEGER NOT NULL);
INSERT INTO day SELECT name, max(row_number() OVER (ORDER BY first DESC) - 2, 0) FROM (
    SELECT date(time, 'unixepoch') AS name, min(id) AS first FROM history
    WHERE date(time, 'unixepoch') IS NOT NULL GROUP BY name);
UPDATE history SET since = -86400.0 * coalesce(
    (SELECT ago FROM day WHERE name = date(time, 'unixepoch')), 0);
DROP TABLE day;
UPDATE history SET undone_since = min(0.0, since + max(0.0, undone - time)) WHERE undone IS NOT NULL;
UPDATE folder SET looked_since = 0 WHERE looked > 0;
"""

VERSION_5 = """
-- What pictures show that were in a folder (root: its directory) before it was added: HMAC of a hash of the
-- coded image, so that a copy, another disk or a new tag makes no new picture of them. Files in the state
-- 'existing' still wait for theirs.
CREATE TABLE existing (
    root INTEGER NOT NULL REFERENCES directory(id),
    digest BLOB NOT NULL,
    PRIMARY KEY (root, digest)
) WITHOUT ROWID;
DROP INDEX file_existing;
CREATE INDEX file_pending ON file (size, mtime_ns) WHERE state = 'existing';

-- Directories that could not be listed when their folder was added.
CREATE TABLE unlisted (path BLOB PRIMARY KEY) WITHOUT ROWID;

-- Whether folders inside a folder were looked through when it was added.
ALTER TABLE folder ADD COLUMN deep INTEGER NOT NULL DEFAULT 1;

-- Whether the same picture got the same name again later, as from a restored backup: it counts once.
ALTER TABLE history ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0;
UPDATE history SET repeated = 1 WHERE kind IN ('replace', 'convert') AND EXISTS (
    SELECT 1 FROM history AS later WHERE later.result_path = history.result_path
    AND later.before_sha256 = history.before_sha256
    AND later.id > history.id AND later.kind IN ('replace', 'convert'));
DROP INDEX history_standing;
CREATE INDEX history_standing ON history (time, before_bytes, after_bytes)
    WHERE outcome = 'compressed' AND original <> 'restored' AND superseded = 0 AND repeated = 0;
"""

VERSION_6 = """
-- On which drive each folder in use lies, so that nothing is written beneath the mount point of one that is
-- away. ids: what lasts of the volume, a JSON list of "KIND:VALUE". tie: what it shares with the ledger's.
CREATE TABLE place (
    path BLOB PRIMARY KEY,
    point BLOB NOT NULL,
    inner BLOB NOT NULL,
    ids TEXT NOT NULL,
    label BLOB NOT NULL,
    tie TEXT NOT NULL
) WITHOUT ROWID;
"""

VERSION_7 = """
-- Some of these were about a file's name or folder, and no row says which: copies are looked at once more.
DELETE FROM content WHERE role = 'refused';
"""

VERSION_8 = """
-- What a result does not have of its picture, words with commas between; whether something that was asked
-- was not done; the kind of reason, empty where no compressor had a say.
ALTER TABLE history ADD COLUMN dropped TEXT NOT NULL DEFAULT '';
ALTER TABLE history ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history ADD COLUMN cause TEXT NOT NULL DEFAULT '';
"""

VERSION_9 = """
-- Where the same content was met, for those who meet it once more: by the first 64 bits of its digest.
CREATE INDEX history_before ON history (substr(before_sha256, 1, 16)) WHERE before_sha256 <> '';
CREATE INDEX history_after ON history (substr(after_sha256, 1, 16)) WHERE after_sha256 <> '';
"""

MIGRATIONS = (
    *(VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5),
    *(VERSION_6, VERSION_7, VERSION_8, VERSION_9),
)
"""Step n brings a ledger of version n to version n + 1; a ledger's version is its `user_version`."""

APPLICATION_ID = 0x486F6D65
"""'Home': tells our ledger from any other SQLite file (file format, section 1.3.17)."""

SECRET = "secret"
"""Key in `meta` of the key of all keyed digests and names."""

Query = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

STANDING = "outcome = 'compressed' AND original <> 'restored' AND superseded = 0 AND repeated = 0"
"""Condition of results that were neither undone nor made anew; the words of the index `history_standing`."""

DAYS = "coalesce(keep_until - time, 2592000.0)"
"""SQL: for how many seconds an original stays. `keep_until` tells only that: it was said by a wall clock."""

ELAPSED = "elapsed"
"""Key in `meta` of the time that the ledger saw pass."""

MAIN = b"."
"""Name of the main vault in the ledger: it moves with the home that both are in."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Figures for the status.

    Attributes:
        compressed_since: pictures since the given time.
        saved_since: bytes saved by them.
        saved_total: bytes saved by all results that were not undone.
        originals_bytes: bytes that originals occupy.
    """

    compressed_since: int
    saved_since: int
    saved_total: int
    originals_bytes: int


def keyed(secret: bytes, sha256: str) -> bytes:
    """The digest under which a content is remembered; without the secret it says nothing."""
    return hmac.digest(secret, bytes.fromhex(sha256), hashlib.sha256)


def last_midnight() -> float:
    """When today began here, in seconds since 1970."""
    return _midnight(time.time(), 0)


def end_of_day(at: float) -> float:
    """When the day of a moment ends here; both in seconds since 1970."""
    return _midnight(at, 1)


def _midnight(at: float, days: int) -> float:
    year, month, day, *_ = time.localtime(at)
    return time.mktime((year, month, day + days, 0, 0, 0, 0, 0, -1))


def counters(query: Query, since: float | None = None) -> Counters:
    """The figures; `since` is seconds since 1970, last midnight when it is not given."""
    since = last_midnight() if since is None else since
    today = query(
        "SELECT count(*), coalesce(sum(before_bytes - after_bytes), 0) FROM history "
        f"WHERE time >= ? AND time < ? AND {STANDING}",
        (since, end_of_day(time.time())),
    )[0]
    total = query(f"SELECT coalesce(sum(before_bytes - after_bytes), 0) FROM history WHERE {STANDING}", ())
    kept = query("SELECT coalesce(sum(before_bytes), 0) FROM history WHERE original = 'kept'", ())
    return Counters(int(today[0]), int(today[1]), int(total[0][0]), int(kept[0][0]))
