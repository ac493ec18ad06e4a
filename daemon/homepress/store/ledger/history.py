"""The history: what became of each picture, where its original is, and what is left when it is forgotten."""

import itertools
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from homepress.base.files import Mark, paths_under
from homepress.base.results import FileOutcome
from homepress.base.system_errors import in_words, printable
from homepress.store.ledger import known_files
from homepress.store.ledger.ledger import Ledger, Row
from homepress.store.model import (
    NO_METADATA,
    JobPlan,
    Kind,
    Metadata,
    NotScrubbed,
    OriginalState,
    Outcome,
    RetryPolicy,
    Role,
    Source,
    UndoneResult,
    new_job,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A history entry whose original can still be had.

    Attributes:
        entry: its id.
        kind: "replace", "convert", "output" or "beside".
        source: where the original was, or still is.
        result: where the result was put.
        root: the configured folder; that of the source for a file named on the command line.
        vault: folder of the original, "." for the main one; empty when the source was left in place.
        job: with `before_sha256` the name of the original in its vault.
        before_sha256: of the original.
        after_sha256: of the result.
        before_bytes: of the original.
        adopted: known only from a sidecar, not from our own records: its path is not to be trusted.
    """

    entry: int
    kind: str
    source: Path
    result: Path
    root: Path
    vault: bytes
    job: str
    before_sha256: str
    after_sha256: str
    before_bytes: int
    adopted: bool

    @property
    def stored_name(self) -> str:
        """File name of the original in its vault."""
        return f"{self.before_sha256}-{self.job}"

    def plan(
        self, kind: Kind, target: Path, metadata: Metadata = NO_METADATA, *, edit_sha256: str = ""
    ) -> JobPlan:
        """The plan of what is done with it now; see `JobPlan` for the arguments."""
        return JobPlan(
            job=new_job(),
            kind=kind,
            time=time.time(),
            path=os.fsencode(self.source),
            target=os.fsencode(target),
            vault=self.vault,
            source_sha256=self.before_sha256,
            source_size=self.before_bytes,
            source_inode=0,
            metadata=metadata,
            result_sha256=self.after_sha256,
            result_size=0,
            entry=self.entry,
            edit_sha256=edit_sha256,
        )


_KEPT_COLUMNS = (
    "id, kind, path, result_path, root, coalesce(vault, x''), job, before_sha256, after_sha256, "
    "before_bytes, adopted"
)


def _kept(row: Row) -> Kept:
    entry, kind, path, target, root, vault, job, before, after, size, adopted = row
    source, result = (Path(os.fsdecode(name)) for name in (path, target))
    root = Path(os.fsdecode(root)) if root else source.parent
    return Kept(entry, kind, source, result, root, vault, job, before, after, size, bool(adopted))


def add_result(
    tx: sqlite3.Connection, plan: JobPlan, since: float, *, kept: bool, adopted: bool = False
) -> int:
    """Add what a plan did; the entry's id. A plan that is in the history already keeps its entry.

    Args:
        tx: the open transaction.
        plan: what was done.
        since: `Elapsed.at_most` now; the days of the original are counted from here.
        kept: whether the original is in its vault.
        adopted: whether it is known from a sidecar alone.
    """
    entry = _entry(plan) | {
        "original": (OriginalState.KEPT if kept else OriginalState.NONE).value,
        "vault": plan.vault if kept else None,
        "settled": not kept,
        "adopted": adopted,
        "since": since,
    }
    insert(tx, entry, or_ignore=True)
    if plan.kind in ("replace", "convert"):
        # The same picture under the same name once more (a restored backup): it saves the same bytes again.
        tx.execute(
            "UPDATE history SET repeated = 1 WHERE result_path = ? AND before_sha256 = ? "
            "AND kind IN ('replace', 'convert') AND job IS NOT ?",
            (plan.target, plan.source_sha256, plan.job),
        )
    return int(tx.execute("SELECT id FROM history WHERE job = ?", (plan.job,)).fetchone()[0])


def _entry(plan: JobPlan) -> dict[str, object]:
    """What a plan says, by column."""
    return {
        "time": plan.time,
        "kind": plan.kind,
        "path": plan.path,
        "result_path": plan.target,
        "root": plan.root,
        "outcome": Outcome.COMPRESSED.value,
        "reason": plan.note,
        "dropped": ",".join(plan.dropped),
        "missed": plan.missed,
        "before_bytes": plan.source_size,
        "after_bytes": plan.result_size,
        "before_sha256": plan.source_sha256,
        "after_sha256": plan.result_sha256,
        "format": plan.image_format,
        "score": plan.score,
        "score_kind": plan.score_kind,
        "settings": plan.settings,
        "seconds": plan.seconds,
        "job": plan.job,
        "keep_until": plan.keep_until,
    }


def insert(tx: sqlite3.Connection, entry: dict[str, object], *, or_ignore: bool = False) -> sqlite3.Cursor:
    """Add an entry, given by column."""
    columns, marks = ", ".join(entry), ", ".join("?" * len(entry))
    words = "INSERT OR IGNORE" if or_ignore else "INSERT"
    return tx.execute(f"{words} INTO history ({columns}) VALUES ({marks})", tuple(entry.values()))


def supersede(tx: sqlite3.Connection, plan: JobPlan) -> None:
    """What was written to the plan's target before is not on the disk any more."""
    tx.execute(
        "UPDATE history SET superseded = 1 "
        "WHERE result_path = ? AND kind IN ('output', 'beside') AND job IS NOT ?",
        (plan.target, plan.job),
    )


def _add_left_alone(
    ledger: Ledger,
    tx: sqlite3.Connection,
    path: bytes,
    size: int,
    sha256: str,
    left: FileOutcome,
    settings: str,
    root: Path | None,
) -> int:
    """Add why a file was left as it is, unless the last entry of this path says the same."""
    said = tx.execute(
        "SELECT id, outcome, reason, before_sha256, missed FROM history WHERE path = ? "
        "ORDER BY id DESC LIMIT 1",
        (path,),
    ).fetchone()
    if said is not None and said[1:] == (left.outcome, left.reason, sha256, left.missed):
        return int(said[0])
    entry: dict[str, object] = {
        "time": ledger.clock.wall(),
        "kind": "",
        "path": path,
        "result_path": path,
        "root": None if root is None else os.fsencode(root),
        "outcome": left.outcome,
        "reason": left.reason,
        "before_bytes": size,
        "after_bytes": size,
        "before_sha256": sha256,
        "after_sha256": sha256,
        "format": left.format,
        "score_kind": "",
        "settings": settings,
        "seconds": left.seconds,
        "missed": left.missed,
        "cause": left.cause,
        "original": OriginalState.NONE.value,
    }
    return int(insert(tx, entry).lastrowid or 0)


def entry_of(ledger: Ledger, plan: JobPlan) -> int:
    """The entry of a finished plan, 0 when it has none."""
    rows = ledger.query("SELECT id FROM history WHERE job = ?", (plan.job,))
    return int(rows[0][0]) if rows else 0


def latest_entry(ledger: Ledger, path: bytes) -> tuple[Outcome, OriginalState] | None:
    """What the newest entry of a path says, as source or as result; None when there is none."""
    rows = ledger.query(
        "SELECT outcome, original FROM history WHERE path = ? OR result_path = ? ORDER BY id DESC LIMIT 1",
        (path, path),
    )
    return (Outcome(rows[0][0]), OriginalState(rows[0][1])) if rows else None


def why_nothing(ledger: Ledger, path: Path) -> str:
    """Why a named path cannot be undone."""
    latest = latest_entry(ledger, os.fsencode(path))
    if latest is None:
        return "Homepress knows no result of this name"
    outcome, state = latest
    if outcome is not Outcome.COMPRESSED:
        return "it was left as it is: there is nothing to undo"
    return {
        OriginalState.RESTORED: "it was undone before",
        OriginalState.ACCEPTED: "its original was accepted, that is deleted permanently",
        OriginalState.EXPIRED: "its original was kept for the set number of days and is gone",
    }.get(state, "no original of it is kept")


def is_taken_since(ledger: Ledger, entry: int, target: Path) -> bool:
    """Whether a later result that was not undone has the same path as the one of an entry."""
    rows = ledger.query(
        "SELECT 1 FROM history WHERE result_path = ? AND id > ? AND outcome = 'compressed' "
        "AND undone IS NULL AND superseded = 0 LIMIT 1",
        (os.fsencode(target), entry),
    )
    return bool(rows)


def result_of(ledger: Ledger, path: bytes, sha256: str, settings: str) -> tuple[bytes, str] | None:
    """Where the result of a picture was written elsewhere, and its digest; None for none that stands."""
    rows = ledger.query(
        "SELECT result_path, after_sha256 FROM history WHERE path = ? AND kind = 'output' "
        "AND before_sha256 = ? AND settings = ? AND undone IS NULL AND superseded = 0 "
        "ORDER BY id DESC LIMIT 1",
        (path, sha256, settings),
    )
    return (bytes(rows[0][0]), str(rows[0][1])) if rows else None


def output_at(ledger: Ledger, target: bytes) -> tuple[bytes, str]:
    """The source and the digest of the newest result that was written to a path elsewhere; empty for none."""
    rows = ledger.query(
        "SELECT path, after_sha256 FROM history WHERE result_path = ? AND kind IN ('output', 'beside') "
        "ORDER BY id DESC LIMIT 1",
        (target,),
    )
    return (bytes(rows[0][0]), str(rows[0][1])) if rows else (b"", "")


def is_result_elsewhere(ledger: Ledger, sha256: str, target: bytes) -> bool:
    """Whether a content was made as the result of another name: whatever equals it can be anybody's copy."""
    rows = ledger.query(
        "SELECT 1 FROM history WHERE after_sha256 = ? AND result_path <> ? AND outcome = 'compressed'",
        (sha256, target),
    )
    return bool(rows)


def original_of(ledger: Ledger, job: str) -> OriginalState | None:
    """What became of the original of a job, None when the history does not know it."""
    rows = ledger.query("SELECT original FROM history WHERE job = ?", (job,))
    return OriginalState(rows[0][0]) if rows else None


def keep_again(tx: sqlite3.Connection, job: str, vault: bytes) -> None:
    """Note that the original of a job is in a vault after all, and is to be looked at for late writers."""
    tx.execute("UPDATE history SET original = 'kept', vault = ?, settled = 0 WHERE job = ?", (vault, job))


def kept_entries(ledger: Ledger, condition: str = "1", values: tuple[object, ...] = ()) -> list[Kept]:
    """Entries whose original is in a vault, newest first, narrowed by an SQL condition."""
    sql = f"SELECT {_KEPT_COLUMNS} FROM history WHERE original = 'kept' AND ({condition}) ORDER BY id DESC"
    return [_kept(row) for row in ledger.query(sql, values)]


def undoable_entries(ledger: Ledger, condition: str, values: tuple[object, ...], limit: int) -> list[Kept]:
    """Entries that can be undone: an original is kept, or the source was never touched; newest first."""
    sql = (
        f"SELECT {_KEPT_COLUMNS} FROM history WHERE ({condition}) AND outcome = 'compressed' "
        "AND undone IS NULL AND superseded = 0 AND (original = 'kept' OR kind IN ('output', 'beside')) "
        "ORDER BY id DESC LIMIT ?"
    )
    return [_kept(row) for row in ledger.query(sql, (*values, limit))]


def undone_entries(
    ledger: Ledger, condition: str, values: tuple[object, ...], limit: int
) -> list[UndoneResult]:
    """Results that were undone, without another of the picture in the same place since; newest first."""
    sql = (
        "SELECT id, kind, path, result_path, before_sha256, after_sha256, settings FROM history "
        f"WHERE ({condition}) AND outcome = 'compressed' AND undone IS NOT NULL AND NOT EXISTS ("
        "SELECT 1 FROM history AS later WHERE later.path = history.path AND later.id > history.id "
        "AND later.outcome = 'compressed' AND later.result_path = history.result_path) "
        "ORDER BY undone DESC, id DESC LIMIT ?"
    )
    return [
        UndoneResult(entry, kind, Path(os.fsdecode(path)), Path(os.fsdecode(result)), before, after, settings)
        for entry, kind, path, result, before, after, settings in ledger.query(sql, (*values, limit))
    ]


def path_of(ledger: Ledger, sha256: str, *, but: bytes) -> bytes | None:
    """The path of the newest picture or result with a content, other than one; None when none is known."""
    found: list[Row] = []
    for digest, path in (("before_sha256", "path"), ("after_sha256", "result_path")):
        found += ledger.query(
            f"SELECT id, {path} FROM history WHERE substr({digest}, 1, 16) = ? AND {digest} = ? "
            f"AND {path} <> ? ORDER BY id DESC LIMIT 1",
            (sha256[:16], sha256, but),
        )
    return bytes(max(found)[1]) if found else None


def is_told(ledger: Ledger, path: bytes, sha256: str) -> bool:
    """Whether the newest entry of a path is about this very content."""
    rows = ledger.query(
        "SELECT ? IN (before_sha256, after_sha256) FROM history WHERE path = ? OR result_path = ? "
        "ORDER BY id DESC LIMIT 1",
        (sha256, path, path),
    )
    return bool(rows and rows[0][0])


_NAMED_AT_ONCE = 200
"""Names in one query: SQLite takes no condition of more than a thousand parts."""


def naming(
    paths: Sequence[Path],
    entries: Sequence[int],
    condition: str,
    values_of: Callable[[bytes], Iterable[object]],
) -> Iterator[tuple[str, tuple[object, ...]]]:
    """SQL conditions, each with its values, of which one holds for every entry that is named.

    Args:
        paths: names, as many as there may be.
        entries: ids, likewise.
        condition: holds for the entries of one path.
        values_of: the values in it, for a path.
    """
    for begin in range(0, len(paths), _NAMED_AT_ONCE):
        raw = [os.fsencode(path) for path in paths[begin : begin + _NAMED_AT_ONCE]]
        any_of = " OR ".join([f"({condition})"] * len(raw))
        yield f"({any_of})", tuple(itertools.chain.from_iterable(map(values_of, raw)))
    for begin in range(0, len(entries), _NAMED_AT_ONCE):
        ids = tuple(entries[begin : begin + _NAMED_AT_ONCE])
        yield f"id IN ({', '.join('?' * len(ids))})", ids


def merged(parts: Iterable[list[Kept]]) -> list[Kept]:
    """The entries of several queries, each once, newest first."""
    found = {kept.entry: kept for part in parts for kept in part}
    return [found[entry] for entry in sorted(found, reverse=True)]


def set_original(ledger: Ledger, tx: sqlite3.Connection, entry: int, state: OriginalState) -> None:
    """Note what became of an original; being restored is also noted as being undone."""
    tx.execute("UPDATE history SET original = ?, settled = 1 WHERE id = ?", (state.value, entry))
    if state is OriginalState.RESTORED:
        tx.execute(
            "UPDATE history SET undone = ?, undone_since = ? WHERE id = ?",
            (ledger.clock.wall(), ledger.elapsed.seconds(), entry),
        )


def note_undone(ledger: Ledger, tx: sqlite3.Connection, plan: JobPlan, image: str) -> None:
    """Note that a result was undone: neither its source nor what shows the same is compressed again.

    Args:
        ledger: where.
        tx: its open transaction.
        plan: of the undo.
        image: digest of the coded image of its source, empty when it is not known.
    """
    set_original(ledger, tx, plan.entry, OriginalState.RESTORED)
    for digest in filter(None, (plan.source_sha256, image)):
        known_files.learn(ledger, tx, digest, Role.KEPT)


def record_read(
    ledger: Ledger, source: Source, left: FileOutcome, settings: str, root: Path | None, *, copies: bool
) -> int:
    """Note why a picture that was read is left as it is; the id of the history entry.

    Args:
        ledger: where.
        source: the picture.
        left: why it was left.
        settings: the recipe in words.
        root: the configured folder it belongs to.
        copies: whether "unchanged" holds for whatever has the same bytes.
    """
    path, mark = os.fsencode(source.path), source.identity.mark
    with ledger.transaction(durable=False) as tx:
        entry = _add_left_alone(ledger, tx, path, source.identity.size, source.sha256, left, settings, root)
        if not known_files.was_there(ledger, tx, source.path, mark):  # which no recipe ends
            known_files.note(ledger, tx, source.path, mark, known_files.LEFT + settings)
        if copies and left.outcome == "unchanged":
            known_files.learn(ledger, tx, source.sha256, Role.REFUSED, settings)
    return entry


def record_same(
    ledger: Ledger, source: Source, left: FileOutcome, settings: str, root: Path | None, state: str
) -> None:
    """Note that a picture is one that was met before, in the history too; see `record_read`.

    Args:
        ledger: where.
        source: the picture.
        left: why it was left.
        settings: the recipe in words.
        root: the configured folder it belongs to.
        state: what its file is noted as.
    """
    path = os.fsencode(source.path)
    with ledger.transaction(durable=False) as tx:
        _add_left_alone(ledger, tx, path, source.identity.size, source.sha256, left, settings, root)
        known_files.note(ledger, tx, source.path, source.identity.mark, state)


def record_unread(
    ledger: Ledger,
    path: Path,
    mark: Mark,
    left: FileOutcome,
    settings: str,
    root: Path | None,
    until: RetryPolicy,
) -> int:
    """Note a file that was not even read; the id of the history entry, 0 when it was noted before.

    Args:
        ledger: where.
        path: of the file.
        mark: of the file.
        left: why it was left.
        settings: the recipe in words.
        root: the configured folder it belongs to.
        until: what may end that it is left alone.
    """
    with ledger.transaction(durable=False) as tx:
        if known_files.is_noted(ledger, tx, path, mark):
            return 0
        entry = _add_left_alone(ledger, tx, os.fsencode(path), mark[0], "", left, settings, root)
        known_files.note(ledger, tx, path, mark, until.value)
    return entry


def forget(ledger: Ledger, path: Path | None, before: float | None) -> int:
    """Remove history entries and make the names of their files unreadable; how many entries went.

    Entries whose original is still kept stay: without them the original could not be found again. Accept or
    undo it first.

    Args:
        ledger: where.
        path: of a picture, or of a folder with everything under; None for any.
        before: only entries older than this, seconds since 1970; None for any.

    Raises:
        OSError: nothing was forgotten.
        NotScrubbed: the entries are gone, but what they held may still be read out of the files.
    """
    condition, values = _forgettable(path, before)
    with ledger.transaction() as tx:
        names = tx.execute(f"SELECT path, result_path FROM history WHERE {condition}", values).fetchall()
        tx.execute(f"DELETE FROM history WHERE {condition}", values)
        for pair in names:
            for name in set(pair):
                known_files.forget_file(ledger, tx, name)
        if path is not None and before is None:
            known_files.forget_file(ledger, tx, os.fsencode(path))
            known_files.forget_beneath(ledger, tx, os.fsencode(path))
    try:
        ledger.scrub()
    except OSError as error:
        raise NotScrubbed(
            f"the history does not show them any more, but their names can still be read out of "
            f"{printable(ledger.path)} and its backup: {in_words(error)}; then forget them again"
        ) from error
    return len(names)


def _forgettable(path: Path | None, before: float | None) -> tuple[str, list[bytes | float]]:
    """The condition, with its values, of the entries that may be forgotten; see `forget`."""
    conditions = ["original <> 'kept'"]
    values: list[bytes | float] = []
    if path is not None:
        raw = os.fsencode(path)
        of_it = "({0} = ? OR ({0} >= ? AND {0} < ?))"
        conditions.append(f"({of_it.format('path')} OR {of_it.format('result_path')})")
        values += [raw, *paths_under(raw)] * 2
    if before is not None:
        conditions.append("time < ?")
        values.append(before)
    return " AND ".join(conditions), values
