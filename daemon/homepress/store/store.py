"""The way into the room: one object through which the daemon reads, replaces, writes and remembers."""

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.clock import Clock
from homepress.base.files import FileId, Mark
from homepress.base.image_data import BytesContent, image_digest
from homepress.base.results import FileOutcome, OriginalOutcome, UndoOutcome
from homepress.store import health, late_writes, outputs, read_source, replace, retention, undo
from homepress.store.apart import join_apart
from homepress.store.context import Notes, StoreContext
from homepress.store.drives import FolderDrives
from homepress.store.folders import Folders
from homepress.store.fs import system_file_system
from homepress.store.fs.base import FileSystem
from homepress.store.late_writes import HeldOriginals
from homepress.store.ledger import history, known_files, schema
from homepress.store.ledger.database import LedgerCondition
from homepress.store.ledger.ledger import Ledger
from homepress.store.ledger.schema import Counters
from homepress.store.model import (
    JobPlan,
    LedgerError,
    NextExpiry,
    OriginalsLimit,
    OriginalsSelection,
    Receipt,
    RecoveryNote,
    Replacement,
    RetryPolicy,
    Role,
    Source,
    UndoneResult,
    UndoSelection,
)
from homepress.store.originals import OriginalsStore
from homepress.store.recovery import Recovery, sweep

_PRUNE_EVERY = 86_400.0
"""Seconds between two looks for names whose files are gone."""

_LAST_SECONDS = 10.0
"""Seconds that closing waits for disks that late writers may have written to."""


class Store:
    """Originals, results and what is known of them. One at a time on a ledger; usable from any thread.

    Paths are absolute with their folder resolved: a symbolic link on the way is refused, never followed.
    Every method may raise `OSError` for what the system refuses (no space, read-only, permission, I/O); the
    user's files are then as they were.

    Attributes:
        folders: what is remembered of watched folders.
        drives: on which drives folders lie.
    """

    def __init__(self, context: StoreContext) -> None:
        """Use `open`."""
        self._context = context
        self._ledger = context.ledger
        self.folders = Folders(context)
        self.drives = context.drives
        self._pruned = context.ledger.clock.since_boot()
        self._held = HeldOriginals(context)
        self._recovery = Recovery(context)

    @classmethod
    def open(
        cls,
        ledger: Path,
        originals: Path,
        limit: OriginalsLimit | None = None,
        *,
        roots: Iterable[Path] = (),
        synced: Callable[[Path], bool] | None = None,
        fs: FileSystem | None = None,
        clock: Clock | None = None,
        keep_backup: bool = True,
    ) -> "Store":
        """Open or make the ledger and the main vault; call `recover` next.

        Args:
            ledger: its file.
            originals: folder of the main vault, 0700.
            limit: how much originals may occupy.
            roots: watched folders, resolved, as `set_roots` takes them.
            synced: whether a program sends away what is put into a folder; no vault is made there.
            fs: the file system, another one for tests.
            clock: where times come from, another one for tests.
            keep_backup: whether the ledger is backed up; one that is thrown away, or joined to another, is
                not.

        Raises:
            LedgerError: the ledger was made by a newer version or is not ours.
            UntrustedOriginalsDir: the folder of originals is a link, another user's, or open to others.
        """
        system = fs or system_file_system()
        opened = Ledger(ledger, system, clock, keep_backup=keep_backup)
        context = _with_originals(system, opened, originals, limit or OriginalsLimit())
        if synced is not None:
            context.originals.synced = synced
        store = cls(context)
        store.set_roots(roots)
        return store

    def close(self) -> None:
        """Return what late writers wrote, back the ledger up, and close it."""
        return_edits = partial(self._return_edits, everything=True)
        with contextlib.suppress(NotAnsweringError):
            blocking.ask(self._ledger.path, return_edits, _LAST_SECONDS)
        self._ledger.close()

    def set_roots(self, roots: Iterable[Path]) -> None:
        """Name the watched folders: no vault is made inside them, undo restores only under them."""
        self._context.originals.roots = tuple(roots)

    def set_limit(self, limit: OriginalsLimit) -> None:
        """Change how much originals may occupy; what is over it already stays."""
        self._context.originals.limit = limit

    def recover(self) -> list[RecoveryNote]:
        """Repair what a crash left behind. Call once after opening, before any work; again is harmless."""
        self._report_condition_of_ledger()
        notes = self._recovery.recover()
        if not self._context.jobs:
            sweep(self._context, self._recovery)
        return notes + self._context.notes.take()

    def join(self, apart: Path) -> int:
        """Merge a side ledger: its new entries and the jobs left open there. Returns the number of entries.

        `finish_open_jobs` or `recover` has to follow.

        Raises:
            LedgerError: it was made by a newer version of Homepress.
        """
        came = join_apart(self._ledger, apart)
        self.drives.read_again()
        return came

    def finish_open_jobs(self) -> list[RecoveryNote]:
        """Bring the jobs that were left open to an end, and nothing else."""
        return self._recovery.recover()

    def _report_condition_of_ledger(self) -> None:
        """Tell the user where the ledger that was opened is not the one that was closed."""
        if self._ledger.damaged is not None:
            self._context.notes.add(
                self._ledger.damaged, f"the ledger was damaged and is kept here ({self._ledger.condition})"
            )
        elif self._ledger.condition is LedgerCondition.FROM_BACKUP:
            self._context.notes.add(self._ledger.path, "the ledger was missing; its backup took its place")

    # Reading and replacing

    def read(self, path: Path, *, stays: bool = False) -> Source:
        """Read a picture, which `stays` as it is when its result goes elsewhere.

        Raises:
            Refusal: it is to be left alone.
            Busy, Changed, Vanished: somebody writes to it, or it changed or went while it was read.
        """
        return read_source.read(self._context.fs, path, stays=stays)

    def replace(self, source: Source, replacement: Replacement) -> Receipt:
        """Put a result in the place of its picture, or beside its name where it has another suffix.

        Raises:
            Changed, Busy, Vanished: worth reading again.
            Refusal, StoreFull, Degraded, VerifyFailed: nothing was replaced, for the reason in the text.
        """
        return replace.replace(self._context, self._held, source, replacement)

    def check_room(self, source: Source, root: Path | None) -> None:
        """Raise what `replace` would for this picture, as far as that can be seen before compressing it.

        The places that people know come first: a full disk is named by the pictures or the originals on it.

        Raises:
            StoreFull: there is no room for its original.
            OSError: its folder, the originals or the ledger cannot be written.
        """
        health.check_writable(source.path.parent, source.identity.size)
        replace.check_room(self._context, source, root)
        self._ledger.check_writable()

    def check_output(self, folder: Path, size: int) -> None:
        """Raise `OSError` or `DriveAway` when a result of `size` bytes could not be written into a folder."""
        self.drives.check(folder)
        self._ledger.check_writable()
        health.check_writable(health.nearest_existing(folder), size)

    def conditions(self, folder: Path) -> health.Conditions:
        """What writing into a folder depends on now: while it is equal, nothing was done about a refusal."""
        return health.conditions(self._context, folder)

    def write_output(self, source: Source, replacement: Replacement, target: Path) -> Receipt:
        """Write a result into an output folder, under `target` or a name like it that is free.

        Raises:
            Changed, Vanished: the source is not what was read any more.
            Refusal, DriveAway, VerifyFailed: nothing was written, for the reason in the text.
        """
        return outputs.write_output(self._context, source, replacement, target)

    def write_beside(self, source: Source, replacement: Replacement) -> Receipt:
        """Write a result beside its source, as `write_output`."""
        return outputs.write_beside(self._context, source, replacement)

    def copy_output(self, source: Source, target: Path) -> Path:
        """Copy a picture that cannot be smaller into an output folder; where it is. No history entry."""
        copy = Replacement(data=source.data, sha256=source.sha256, suffix="", root=None, keep_days=0)
        return outputs.write_output(self._context, source, copy, target).path

    # What is known

    def why_left_alone(self, sha256: str, settings: str, image: str = "") -> Role | None:
        """Why this content is left alone, None when it is to be compressed.

        Args:
            sha256: hex digest of the content.
            settings: the recipe in words; a refusal counts only for the same words.
            image: digest of the coded image in it (`image_digest`): what Homepress made, and what the user
                took back, is known by that too, so that a new tag makes nothing new of it.
        """
        role = known_files.role(self._ledger, sha256, settings)
        return known_files.role(self._ledger, image, settings) if role is None and image else role

    def learn_result(self, source: bytes, result: bytes) -> None:
        """Know a result by its coded image too, unless it has that in common with its source."""
        image = image_digest(BytesContent(result))
        if image != image_digest(BytesContent(source)):
            with self._ledger.transaction(durable=False) as tx:
                known_files.learn(self._ledger, tx, image, Role.RESULT)

    def learn_results(self, digests: Iterable[str]) -> None:
        """Know contents as results that were given away and are in no file that we know.

        Args:
            digests: hex digests of contents, and of the coded images in them.
        """
        with self._ledger.transaction(durable=False) as tx:
            for digest in digests:
                known_files.learn(self._ledger, tx, digest, Role.RESULT)

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
        """The files of a directory that are done: name to size, mtime in nanoseconds and inode number.

        Args:
            directory: absolute path, links resolved.
            names: only these are asked for; None for all. More than was asked for may be given.
        """
        return known_files.known(self._ledger, directory, names)

    def has_output(self, source: Source, target: Path, settings: str) -> bool:
        """Whether a picture's result, made by the same recipe in words, is in its output folder already."""
        return outputs.stands(self._context, source, target, settings)

    def note_known(self, source: Source, left_for: str | None = None) -> None:
        """Remember that a file is done as it was read, without an entry in the history.

        Args:
            source: as it was read.
            left_for: the recipe in words for which it is left as it is; None when that holds for every one.
        """
        state = known_files.DONE if left_for is None else known_files.LEFT + left_for
        with self._ledger.transaction(durable=False) as tx:
            known_files.note(self._ledger, tx, source.path, source.identity.mark, state)

    def note_same(
        self,
        source: Source,
        left: FileOutcome,
        settings: str,
        root: Path | None,
        left_for: str | None = None,
    ) -> None:
        """Remember a picture whose content was met before, with an entry in the history.

        Args:
            source: as it was read.
            left: what is said of it.
            settings: the recipe in words.
            root: the configured folder it belongs to.
            left_for: as in `note_known`.
        """
        state = known_files.DONE if left_for is None else known_files.LEFT + left_for
        history.record_same(self._ledger, source, left, settings, root, state)

    def is_told(self, path: Path, sha256: str) -> bool:
        """Whether the newest entry of a path is about this very content."""
        return history.is_told(self._ledger, os.fsencode(path), sha256)

    def same_as(self, source: Source) -> Path | None:
        """Where the same picture was met, under another name; None when no name of it is known."""
        found = history.path_of(self._ledger, source.sha256, but=os.fsencode(source.path))
        return None if found is None else Path(os.fsdecode(found))

    def record(
        self, source: Source, left: FileOutcome, settings: str, root: Path | None, *, copies: bool = True
    ) -> int:
        """Remember why a picture that was read is left as it is; the id of the history entry.

        Args:
            source: as it was read.
            left: what became of it, "unchanged" or "failed".
            settings: the recipe in words.
            root: the configured folder it belongs to.
            copies: whether "unchanged" holds for every copy of it; not where its name, its folder or this
                computer had a part in it.
        """
        return history.record_read(self._ledger, source, left, settings, root, copies=copies)

    def record_path(
        self, left: FileOutcome, settings: str, root: Path | None, until: RetryPolicy = RetryPolicy.LOOK
    ) -> int:
        """Remember why a file was not even read; the id of the history entry, 0 when there is no new one.

        Args:
            left: what became of it, "unchanged" or "failed"; nothing is remembered when the file is gone.
            settings: the recipe in words.
            root: the configured folder it belongs to.
            until: what may end that it is left alone. Until the next look it is not `known`, so that every
                scan looks at it; it still stands in the history only once.
        """
        path = Path(left.path)
        try:
            mark = FileId.of(path.lstat()).mark
        except OSError:
            return 0
        return history.record_unread(self._ledger, path, mark, left, settings, root, until)

    # Originals

    def undo(
        self, selection: UndoSelection, *, roots: Iterable[Path], to: Path | None = None
    ) -> Iterator[UndoOutcome]:
        """Bring originals back, newest first.

        Args:
            selection: which ones.
            roots: folders, resolved, under which originals may be restored.
            to: restore into this folder instead, resolved; made when it is missing.
        """
        return undo.undo(self._context, selection, tuple(roots), to)

    def undone(
        self, paths: Sequence[Path], entries: Sequence[int], last: int
    ) -> tuple[list[UndoneResult], list[Path]]:
        """Results that were undone, the last undone first, and the named paths that have none.

        Args:
            paths: of pictures or their results.
            entries: ids of history entries.
            last: at most so many; 0 is all.
        """
        if not (paths or entries):
            return history.undone_entries(self._ledger, "1", (), last or -1), []
        named = history.naming(paths, entries, "path = ? OR result_path = ?", lambda path: (path, path))
        found = [
            each
            for condition, values in named
            for each in history.undone_entries(self._ledger, condition, values, -1)
        ]
        once = list({each.entry: each for each in found}.values())[: last or None]
        missing = [path for path in paths if not any(path in (each.source, each.result) for each in found)]
        return once, missing

    def allow_again(self, digests: Iterable[str]) -> None:
        """Forget that contents are to stay as the user took them back: their results are wanted again."""
        with self._ledger.transaction() as tx:
            for digest in digests:
                known_files.unlearn(self._ledger, tx, digest, Role.KEPT)

    def accept(self, selection: OriginalsSelection) -> Iterator[OriginalOutcome]:
        """Delete stored originals permanently; the results stay."""
        return retention.accept(self._context, selection)

    def verify(self, selection: OriginalsSelection) -> Iterator[OriginalOutcome]:
        """Read stored originals and compare their hashes."""
        return retention.verify(self._context, selection)

    def elapsed_seconds(self) -> float:
        """Seconds that the ledger saw pass. Ask every few minutes: only time that is looked at counts."""
        return self._ledger.elapsed.seconds()

    def maintain(self) -> list[RecoveryNote]:
        """What is to be done now and then: jobs left open, late writers, old originals, a backup."""
        self._ledger.keep_elapsed()
        notes = self._recovery.recover()
        self._return_edits()
        at = self.elapsed_seconds()
        retention.look_for_late_writers(self._context)
        retention.expire(self._context, at)
        if (now := self._ledger.clock.since_boot()) - self._pruned > _PRUNE_EVERY:
            self._pruned = now
            known_files.prune(self._ledger, [each.folder for each in self.drives.absent()])
        self._ledger.backup_if_due()
        return notes + self._context.notes.take()

    def _return_edits(self, *, everything: bool = False) -> None:
        def write(plan: JobPlan, data: bytes) -> None:
            late_writes.return_copied_edit(self._context, plan.job, data)

        self._held.give_back(write, everything=everything)

    def forget(self, path: Path | None, before: float | None) -> int:
        """Take names out of the history, of a path and all under it, and older than a time; how many went.

        Raises:
            NotScrubbed: the entries are gone, but their names may still be read out of the file.
        """
        return history.forget(self._ledger, path, before)

    def counters(self, since: float | None = None) -> Counters:
        """The figures for the status; `since` is seconds since 1970, last midnight when it is not given."""
        return schema.counters(self._ledger.query, since)

    def next_expiry(self) -> NextExpiry:
        """Which originals go next, and when."""
        return retention.next_expiry(self._context)

    def originals_problem(self) -> str:
        """Why no originals can be kept at present; empty when they can. Asks the disk."""
        return self._context.originals.problem()

    def originals_folders(self) -> list[Path]:
        """Every folder that keeps originals."""
        return [vault.path for vault in self._context.originals.known_vaults()]


def _with_originals(system: FileSystem, ledger: Ledger, folder: Path, limit: OriginalsLimit) -> StoreContext:
    """What operations need, on an open ledger, which is closed if the originals cannot be used."""
    try:
        drives = FolderDrives(ledger)
        originals = OriginalsStore(system, ledger, folder, limit, drives)
    except BaseException:
        with contextlib.suppress(OSError, LedgerError):
            ledger.close()
        raise
    return StoreContext(system, ledger, originals, drives, Notes())
