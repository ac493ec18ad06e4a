"""Undo: which results, and bringing their originals back."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.files import paths_under
from homepress.base.override import override
from homepress.base.results import UndoOutcome
from homepress.base.system_errors import printable, with_name
from homepress.store import staging
from homepress.store.context import (
    StoreContext,
    digest_of_image,
    fill_emptied,
    in_time,
    quarantine,
    remove_ours,
)
from homepress.store.fs.base import (
    FileState,
    Folder,
    holds,
    leased,
    look,
    move_away,
    opened_file,
    opened_folder,
    read_whole,
    rename_noreplace,
    sha256_of,
    write_whole,
)
from homepress.store.ledger import history, journal, known_files
from homepress.store.ledger.history import Kept, merged, naming, undoable_entries, why_nothing
from homepress.store.model import (
    Busy,
    CannotUndo,
    JobPlan,
    Metadata,
    StoreError,
    UndoSelection,
    Unsupported,
)
from homepress.store.names import fitting, name_there, original_names
from homepress.store.operation import JobOutcome, Operation, carry_out
from homepress.store.outputs import remove_result

_PATIENCE = 300.0
"""Seconds for one original, which may have to be copied to another disk, where all disks answer."""


def undo(
    context: StoreContext, selection: UndoSelection, roots: Sequence[Path], to: Path | None
) -> Iterator[UndoOutcome]:
    """Undo results one by one, newest first.

    Args:
        context: the tools.
        selection: which ones.
        roots: folders, resolved, under which originals may be restored.
        to: restore into this folder instead, resolved; made when it is missing.
    """
    chosen, missing = _choose(context, selection)
    for path in missing:
        try:
            if (moved := _moved_to(context, path)) is not None:
                chosen.append(moved)
            else:
                yield _failed(0, path, why_nothing(context.ledger, path))
        except NotAnsweringError as error:
            yield _failed(0, path, _in_words(error, path))
    for kept in chosen:
        try:
            if kept.kind in ("output", "beside"):
                where = kept.root, kept.result.parent
                yield in_time(partial(remove_result, context, kept), _PATIENCE, *where)
            else:
                where = to or kept.root, context.originals.vault(kept.vault).path
                yield in_time(partial(restore, context, kept, roots, to), _PATIENCE, *where)
        except (OSError, StoreError) as error:
            yield _failed(kept.entry, kept.source, _in_words(error, kept.source))


def _failed(entry: int, path: Path, reason: str) -> UndoOutcome:
    return UndoOutcome(id=entry, path=str(path), outcome="failed", reason=reason)


def _in_words(error: OSError | StoreError, path: Path) -> str:
    if isinstance(error, NotAnsweringError):
        return blocking.refused(error.filename, error.since)
    if isinstance(error, OSError):
        where = error.filename if isinstance(error.filename, str | bytes) else path
        return with_name(error, printable(where))
    return str(error)


def _choose(context: StoreContext, selection: UndoSelection) -> tuple[list[Kept], list[Path]]:
    """The entries of a selection, and the named paths that have none."""
    conditions: list[str] = []
    values: list[object] = []
    if selection.since is not None:
        conditions.append("time >= ?")
        values.append(selection.since)
    if selection.folder is not None:
        conditions.append("((path >= ? AND path < ?) OR (result_path >= ? AND result_path < ?))")
        values += paths_under(os.fsencode(selection.folder)) * 2
    if not (selection.paths or selection.entries):
        condition = " AND ".join(conditions) or "1"
        return undoable_entries(context.ledger, condition, tuple(values), selection.last or -1), []
    named = naming(
        selection.paths, selection.entries, "path = ? OR result_path = ?", lambda path: (path, path)
    )
    found = merged(
        undoable_entries(context.ledger, " AND ".join([each, *conditions]), (*of_it, *values), -1)
        for each, of_it in named
    )
    found = found[: selection.last or None]
    return _newest_of_each(found, selection) if selection.paths else (found, [])


def _newest_of_each(found: list[Kept], selection: UndoSelection) -> tuple[list[Kept], list[Path]]:
    """Of a named path with several results only one is meant: the last that has this name, or replaced it.

    A result of it elsewhere is meant only where there is no such result: who names a picture wants it back.
    """
    named = set(selection.paths)
    meant: dict[Path, Kept] = {}
    for kept in found:
        for path in named & {kept.source, kept.result}:
            if path not in meant or (_lies_elsewhere(meant[path], path) and not _lies_elsewhere(kept, path)):
                meant[path] = kept
    wanted = {*selection.entries, *(kept.entry for kept in meant.values())}
    return [kept for kept in found if kept.entry in wanted], sorted(named - meant.keys())


def _lies_elsewhere(kept: Kept, path: Path) -> bool:
    """Whether a result leaves the file of this name alone: it was written from it to another place."""
    return kept.kind in ("output", "beside") and kept.result != path


def _moved_to(context: StoreContext, path: Path) -> Kept | None:
    """The result that was moved to a path since, recognised by its content: its original belongs there now.

    A copy is none: while a result is still where it was made, its original stays with it. Unless both paths
    are one name, where a file system does not tell capital letters from small ones.
    """
    sha256 = _sha256_at(context, path)
    if not sha256:
        return None
    for kept in undoable_entries(context.ledger, "after_sha256 = ? AND kind = 'replace'", (sha256,), -1):
        if _sha256_at(context, kept.source) != sha256:
            return replace(kept, source=path, result=path, root=path.parent)
        if (spelled := _other_spelling(context, path, kept.source)) is not None:
            return replace(kept, source=spelled, result=spelled)
    return None


def _other_spelling(context: StoreContext, path: Path, other: Path) -> Path | None:
    """The path as its folder spells it, if the file system takes both for the same; both are there."""
    if path.parent != other.parent:
        return None
    with opened_folder(context.fs, path.parent) as folder:
        spelled = name_there(context.fs, folder, path.name)
        return path.parent / spelled if spelled == name_there(context.fs, folder, other.name) else None


def _sha256_at(context: StoreContext, path: Path) -> str:
    """Of the file under a path; empty when there is none, or no way to it without links.

    Raises:
        NotAnsweringError: its disk hangs.
    """
    blocking.ask(path.parent, partial(os.path.lexists, path.parent))
    with contextlib.suppress(OSError), opened_folder(context.fs, path.parent) as folder:
        if (found := look(context.fs, folder, path.name)) is not None:
            return found.sha256
    return ""


def restore(context: StoreContext, kept: Kept, roots: Sequence[Path], to: Path | None) -> UndoOutcome:
    """Bring an original back and note it.

    Args:
        context: the tools.
        kept: its history entry.
        roots: folders, resolved, under which originals may be restored. Where our own records say that we
            replaced it, the folder that was named then counts as well; a sidecar's word does not.
        to: restore into this folder instead, resolved.

    Raises:
        CannotUndo: its place is under no such folder, or the stored original is gone or damaged.
        DriveAway: the drive of its folder is away.
        Refusal: an attribute cannot be given back.
        Busy: a program has the result open for writing, or changes it just now.
        OSError: the system refused a step. In every case nothing was changed.
    """
    path = kept.source
    if to is None:
        _check_place(kept, roots)
    place = to or path.parent
    context.drives.check(place)
    _check_vault(context, kept)
    with context.drives.held(place), opened_folder(context.fs, place, create=True) as folder:
        context.drives.confirm(folder)
        here = None if to else look(context.fs, folder, path.name)
        name = _free_name(context, folder, kept, here, elsewhere=to is not None)
        in_place = here if name == path.name else None
        plan = kept.plan("undo", place / name, _metadata(context, kept))
        if carry_out(Restore(context, plan, kept, in_place), folder) is not JobOutcome.FINISHED:
            raise Busy(f"{printable(plan.target)}: somebody changes it just now; try again")
    beside = not to and plan.result != path
    stays = "" if to else _result_that_stays(kept)
    return UndoOutcome(
        id=kept.entry,
        path=str(path),
        outcome="beside" if beside else "restored",
        restored_to=str(plan.result),
        reason="its name is taken by another file" if beside else stays,
    )


def _check_place(kept: Kept, roots: Sequence[Path]) -> None:
    path, named = kept.source, [] if kept.adopted else [kept.root]
    inside = any(path.is_relative_to(root) for root in (*roots, *named))
    if not inside or not path.is_absolute() or ".." in path.parts:
        raise CannotUndo(
            "only its sidecar says where it belongs, and that is not under a configured folder: "
            "name it, add its folder, or say where it shall go with --to DIR"
        )


def _check_vault(context: StoreContext, kept: Kept) -> None:
    """That the original can be had, before a folder is made for it."""
    vault = context.originals.vault(kept.vault)
    if context.drives.absence(vault.path) is None and vault.path.is_dir():
        return
    raise CannotUndo(f"{printable(vault.path)}, where its original is, is away; connect its disk")


def _free_name(
    context: StoreContext, folder: Folder, kept: Kept, here: FileState | None, *, elsewhere: bool
) -> str:
    """The name that the original gets: its own, unless something else has it."""
    own = kept.source.name
    if not elsewhere and (here is None or _makes_way(context, kept, here)):
        return own
    if elsewhere and context.fs.windows_names(folder):
        own = fitting(own)
    for name in (*([own] if elsewhere else []), *original_names(own)):
        if look(context.fs, folder, name) is None:
            return name
    raise CannotUndo(f"a thousand names for it are taken in {printable(folder.path)}")


def _makes_way(context: StoreContext, kept: Kept, here: FileState) -> bool:
    """Whether what has the original's name is the original itself, or the result that is undone.

    A conversion's result has another name: a file under this one that equals it is somebody's own. And
    where the picture was replaced again since, even an equal result belongs to the later original.
    """
    if here.sha256 == kept.before_sha256:
        return True
    if kept.kind == "convert" or here.sha256 != kept.after_sha256:
        return False
    return not history.is_taken_since(context.ledger, kept.entry, kept.result)


def _metadata(context: StoreContext, kept: Kept) -> Metadata:
    """From the sidecar; from the stored file itself where the sidecar is damaged or gone."""
    try:
        return context.originals.vault(kept.vault).plan(kept.stored_name).metadata
    except (FileNotFoundError, ValueError):
        with _stored(context, kept) as (_, fd):
            return staging.capture_attributes(context.fs, fd)


@contextlib.contextmanager
def _stored(context: StoreContext, kept: Kept) -> Iterator[tuple[Folder, int]]:
    """The stored original, open."""
    place = context.originals.vault(kept.vault)
    with contextlib.ExitStack() as stack:
        try:
            vault = stack.enter_context(place.opened())
            fd = stack.enter_context(opened_file(context.fs, vault, kept.stored_name))
        except FileNotFoundError:
            _check_vault(context, kept)
            raise CannotUndo(f"its original is not in {printable(place.path)} any more") from None
        yield vault, fd


def _result_that_stays(kept: Kept) -> str:
    """For a conversion: where its result is when it was edited since."""
    if kept.kind == "convert" and kept.result.exists():
        return f"its result was edited since and stays: {printable(kept.result)}"
    return ""


@dataclass(frozen=True, slots=True)
class Restore(Operation):
    """An original on its way back.

    Attributes:
        kept: its history entry.
        here: what has the name that it gets: the original itself, or the result that makes way for it.
    """

    kept: Kept
    here: FileState | None

    @override
    def stage(self, folder: Folder) -> None:
        with _stored(self.context, self.kept) as (vault, fd):
            if sha256_of(self.context.fs, fd) != self.plan.source_sha256:
                where = printable(self.context.originals.vault(self.kept.vault).path)
                raise CannotUndo(f"its original is damaged; it stays in {where} as {self.kept.stored_name}")
            self._stage(vault, fd, folder)

    def _stage(self, vault: Folder, fd: int, folder: Folder) -> None:
        """The very file by a second name, else a copy."""
        fs, plan, temp = self.context.fs, self.plan, self.plan.temp_name
        staged = None
        if fs.finishes_what_it_reads():
            with contextlib.suppress(Unsupported, OSError):
                fs.link(vault, self.kept.stored_name, folder, temp)
                staged = self._same_as(fd, folder, temp)
        if staged is None:
            with contextlib.suppress(FileNotFoundError):
                fs.unlink(folder, temp)
            staged = fs.create_file(folder, temp)
            write_whole(fs, staged, read_whole(fs, fd))
        try:
            staging.apply_attributes(fs, staged, plan.metadata, str(plan))
            fs.sync(staged)
            if sha256_of(fs, staged) != plan.source_sha256:
                raise CannotUndo("its original reads back differently; check the disk")
        finally:
            fs.close(staged)

    def _same_as(self, fd: int, folder: Folder, name: str) -> int | None:
        """A descriptor of the stored original by its second name; None where the name has another file.

        The owner of the folder can put another file there at any moment, one that is not his; owner, mode
        and attributes would go to it. Where inode numbers are made up, the original is copied instead.
        """
        fs = self.context.fs
        staged = fs.open_file(folder, name)
        one, other = fs.stat(fd), fs.stat(staged)
        if (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino):
            return staged
        fs.close(staged)
        return None

    @override
    def switch(self, folder: Folder) -> None:
        if self.here is None:
            rename_noreplace(self.context.fs, folder, self.plan.temp_name, self.plan.result.name)
        elif self.here.sha256 != self.plan.source_sha256:
            self._exchange(folder)
        self.context.fs.sync_folder(folder)

    def _exchange(self, folder: Folder) -> None:
        """The original takes the name of the result, which must still be what it was."""
        fs, plan, name = self.context.fs, self.plan, self.plan.result.name
        with opened_file(fs, folder, name) as fd, leased(fs, fd) as has_lease:
            try:
                try:
                    fs.exchange(folder, plan.temp_name, name)
                    aside = plan.temp_name
                except Unsupported:
                    aside = plan.old_name
                    move_away(fs, folder, name, aside)
                ours = holds(fs, folder, aside, plan.result_sha256)
                if not ours or (has_lease and not fs.lease_whole(fd)):
                    self._return(folder, aside)
                    raise Busy(f"{printable(plan.target)}: somebody changes it just now; try again")
                if aside != plan.temp_name:
                    rename_noreplace(fs, folder, plan.temp_name, name)
            except FileExistsError:
                raise Busy(f"{printable(plan.target)}: somebody saved it just now; try again") from None

    def _return(self, folder: Folder, aside: str) -> None:
        """What left the name, and is open here, takes it again."""
        fs, plan, name = self.context.fs, self.plan, self.plan.result.name
        if aside == plan.temp_name and fs.exchanges_open_files():
            fs.exchange(folder, aside, name)
            return
        if aside == plan.temp_name:
            if not holds(fs, folder, name, plan.source_sha256):
                return  # saved once more: the newest one keeps the name
            move_away(fs, folder, name, plan.old_name)
            if not holds(fs, folder, plan.old_name, plan.source_sha256):
                aside = plan.old_name  # saved at this very instant
        rename_noreplace(fs, folder, aside, name)

    @override
    @staticmethod
    def settle(context: StoreContext, folder: Folder, plan: JobPlan) -> JobOutcome:
        fs = context.fs
        ready = journal.state_of(context.ledger, plan.job) == journal.READY
        if ready:
            fill_emptied(fs, folder, plan, plan.result.name, plan.source_sha256)
        restored = look(fs, folder, plan.result.name)
        done = ready and restored is not None and restored.sha256 == plan.source_sha256
        vault = context.originals.vault(plan.vault)
        if not done and not vault.path.is_dir():
            return JobOutcome.PENDING
        for name in (plan.temp_name, plan.old_name):
            _clear(context, folder, plan, name, done)
        fs.sync_folder(folder)
        if not done or restored is None:
            journal.abandon(context.ledger, plan)
            return JobOutcome.ROLLED_BACK
        converted = _take_conversion_away(context, plan)
        image = digest_of_image(fs, folder, plan.result.name)
        with journal.ending(context.ledger, plan) as tx:
            history.note_undone(context.ledger, tx, plan, image)
            known_files.note(context.ledger, tx, plan.result, restored.mark)
            if converted is not None:
                known_files.drop(context.ledger, tx, converted)
        with contextlib.suppress(FileNotFoundError):
            vault.remove(_stored_name(context, plan))  # the original is where it belongs
        return JobOutcome.FINISHED


def _clear(context: StoreContext, folder: Folder, plan: JobPlan, name: str, done: bool) -> None:
    """Remove what was staged or exchanged; what is neither is kept for its owner."""
    fs = context.fs
    found = look(fs, folder, name)
    if found is None:
        return
    spare = done or _is_stored(context, plan)
    if found.sha256 == plan.result_sha256 or (found.sha256 == plan.source_sha256 and spare):
        fs.unlink(folder, name)
    elif journal.state_of(context.ledger, plan.job) == journal.STARTED and spare:
        fs.unlink(folder, name)  # a copy that was being written
    else:
        quarantine(context, folder, name, plan.source.name)


def _take_conversion_away(context: StoreContext, plan: JobPlan) -> Path | None:
    """For a source that came back beside its conversion: the result goes, unless it was edited; its path."""
    rows = context.ledger.query("SELECT kind, result_path FROM history WHERE id = ?", (plan.entry,))
    if not rows or rows[0][0] != "convert" or plan.result.parent != plan.source.parent:
        return None
    result, fs = Path(os.fsdecode(rows[0][1])), context.fs
    if history.is_taken_since(context.ledger, plan.entry, result):
        return None  # another picture's result, that happens to be equal
    with opened_folder(fs, result.parent) as folder:
        if not holds(fs, folder, result.name, plan.result_sha256):
            return None
        remove_ours(context, folder, result.name, plan.old_name, plan.result_sha256)
    return result


def _stored_name(context: StoreContext, plan: JobPlan) -> str:
    """The name in the vault: it was given by the job that replaced the picture."""
    rows = context.ledger.query("SELECT job FROM history WHERE id = ?", (plan.entry,))
    return f"{plan.source_sha256}-{rows[0][0]}" if rows else ""


def _is_stored(context: StoreContext, plan: JobPlan) -> bool:
    """Whether the original is in its vault, whole."""
    found = context.originals.vault(plan.vault).look(_stored_name(context, plan))
    return found is not None and found.sha256 == plan.source_sha256
