"""Which results are undone, and why others cannot be."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from homepress.base.system_errors import with_name
from homepress.store.entries import Kept, latest_entry, undoable_entries
from homepress.store.errors import StoreError, shown
from homepress.store.kernel import opened_folder
from homepress.store.memory import beneath
from homepress.store.receipt import OriginalState, Outcome, Undone
from homepress.store.removal import remove_result
from homepress.store.restore import restore
from homepress.store.workshop import Workshop, look


@dataclass(frozen=True, slots=True)
class UndoSelection:
    """Which results to undo; all that are given must hold, paths and entries count together.

    Attributes:
        paths: of a source or its result, also where the result was moved to; the newest result of each.
        entries: ids of history entries.
        last: at most so many, newest first; 0 is all.
        since: made at or after this time, seconds since 1970.
        folder: beneath this folder.
    """

    paths: tuple[Path, ...] = ()
    entries: tuple[int, ...] = ()
    last: int = 0
    since: float | None = None
    folder: Path | None = None


def undo(
    workshop: Workshop, selection: UndoSelection, roots: Sequence[Path], to: Path | None
) -> Iterator[Undone]:
    """Undo results one by one, newest first.

    Args:
        workshop: the tools.
        selection: which ones.
        roots: folders, resolved, beneath which originals may be restored.
        to: restore into this folder instead, resolved; made when it is missing.
    """
    chosen, missing = _choose(workshop, selection)
    for path in missing:
        if (moved := _moved_to(workshop, path)) is not None:
            chosen.append(moved)
        else:
            yield Undone(0, path, "failed", reason=_why_nothing(workshop, path))
    for kept in chosen:
        path = Path(os.fsdecode(kept.path))
        try:
            if kept.kind in ("output", "beside"):
                yield remove_result(workshop, kept)
            else:
                yield restore(workshop, kept, roots, to)
        except StoreError as error:
            yield Undone(kept.entry, path, "failed", reason=str(error))
        except OSError as error:
            where = error.filename if isinstance(error.filename, str | bytes) else path
            yield Undone(kept.entry, path, "failed", reason=with_name(error, shown(where)))


def _choose(workshop: Workshop, selection: UndoSelection) -> tuple[list[Kept], list[Path]]:
    """The entries of a selection, and the named paths that have none."""
    named: list[str] = []
    values: list[object] = []
    for path in selection.paths:
        named.append("path = ? OR result_path = ?")
        values += [os.fsencode(path)] * 2
    if selection.entries:
        named.append(f"id IN ({','.join('?' * len(selection.entries))})")
        values += selection.entries
    conditions = [f"({' OR '.join(named)})"] if named else []
    if selection.since is not None:
        conditions.append("time >= ?")
        values.append(selection.since)
    if selection.folder is not None:
        conditions.append("((path >= ? AND path < ?) OR (result_path >= ? AND result_path < ?))")
        values += beneath(os.fsencode(selection.folder)) * 2
    condition = " AND ".join(conditions) or "1"
    found = undoable_entries(workshop.ledger, condition, tuple(values), selection.last or -1)
    return _newest_of_each(found, selection) if selection.paths else (found, [])


def _newest_of_each(found: list[Kept], selection: UndoSelection) -> tuple[list[Kept], list[Path]]:
    """Of a named path with several results only the last one is meant."""
    wanted = {os.fsencode(path) for path in selection.paths}
    met: set[bytes] = set()
    chosen = []
    for kept in found:
        names = {kept.path, kept.target}
        if kept.entry in selection.entries or not names & met:
            chosen.append(kept)
            met |= names
    return chosen, [Path(os.fsdecode(path)) for path in sorted(wanted - met)]


def _moved_to(workshop: Workshop, path: Path) -> Kept | None:
    """The result that was moved to a path since, told by what it holds: its original belongs there now.

    A copy is none: while a result is still where it was made, its original stays with it.
    """
    sha256 = _sha256_at(workshop, path)
    if not sha256:
        return None
    for kept in undoable_entries(workshop.ledger, "after_sha256 = ? AND kind = 'replace'", (sha256,), -1):
        if _sha256_at(workshop, Path(os.fsdecode(kept.path))) != sha256:
            return replace(kept, path=os.fsencode(path), target=os.fsencode(path))
    return None


def _sha256_at(workshop: Workshop, path: Path) -> str:
    """Of the file under a path; empty when there is none, or no way to it without links."""
    with contextlib.suppress(OSError), opened_folder(workshop.kernel, path.parent) as folder:
        if (found := look(workshop.kernel, folder, path.name)) is not None:
            return found.sha256
    return ""


def _why_nothing(workshop: Workshop, path: Path) -> str:
    """Why a named path cannot be undone."""
    latest = latest_entry(workshop.ledger, os.fsencode(path))
    if latest is None:
        return "Homepress knows no result of this name"
    outcome, state = latest
    if outcome is not Outcome.COMPRESSED:
        return "it was left as it is: there is nothing to undo"
    return {
        OriginalState.RESTORED: "it was undone before",
        OriginalState.ACCEPTED: "its original was accepted, that is deleted for good",
        OriginalState.EXPIRED: "its original was kept for the set number of days and is gone",
    }.get(state, "no original of it is kept")
