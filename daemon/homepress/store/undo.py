"""Undo: which results, bringing their originals back, and removing what was written elsewhere."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.override import override
from homepress.base.results import UndoOutcome
from homepress.base.system_errors import printable, with_name
from homepress.store import staging
from homepress.store.context import StoreContext, digest_of_image, in_time, quarantine, remove_ours
from homepress.store.fs.base import (
    FileState,
    Folder,
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
from homepress.store.ledger.known_files import paths_under
from homepress.store.model import (
    Busy,
    CannotUndo,
    JobPlan,
    Metadata,
    OriginalState,
    Role,
    StoreError,
    UndoSelection,
    Unsupported,
    new_job,
)
from homepress.store.names import fitting, original_names
from homepress.store.operation import JobOutcome, Operation, carry_out

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
            moved = _moved_to(context, path)
        except NotAnsweringError as error:
            yield _outcome(0, path, "failed", blocking.refused(error.filename, error.since))
            continue
        if moved is not None:
            chosen.append(moved)
        else:
            yield _outcome(0, path, "failed", why_nothing(context.ledger, os.fsencode(path)))
    for kept in chosen:
        path = Path(os.fsdecode(kept.path))
        root = Path(os.fsdecode(kept.root)) if kept.root else path.parent
        try:
            if kept.kind in ("output", "beside"):
                result = Path(os.fsdecode(kept.target)).parent
                yield in_time(partial(remove_result, context, kept), _PATIENCE, root, result)
            else:
                vault = context.originals.vault(kept.vault).path
                yield in_time(partial(restore, context, kept, roots, to), _PATIENCE, to or root, vault)
        except StoreError as error:
            yield _outcome(kept.entry, path, "failed", str(error))
        except NotAnsweringError as error:
            yield _outcome(kept.entry, path, "failed", blocking.refused(error.filename, error.since))
        except OSError as error:
            where = error.filename if isinstance(error.filename, str | bytes) else path
            yield _outcome(kept.entry, path, "failed", with_name(error, printable(where)))


def _outcome(
    entry: int,
    path: Path,
    outcome: Literal["restored", "beside", "removed", "failed"],
    reason: str,
    restored_to: str | Path = "",
) -> UndoOutcome:
    return UndoOutcome(
        id=entry, path=str(path), outcome=outcome, reason=reason, restored_to=str(restored_to or "")
    )


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


def _moved_to(context: StoreContext, path: Path) -> Kept | None:
    """The result that was moved to a path since, recognised by its content: its original belongs there now.

    A copy is none: while a result is still where it was made, its original stays with it.
    """
    sha256 = _sha256_at(context, path)
    if not sha256:
        return None
    for kept in undoable_entries(context.ledger, "after_sha256 = ? AND kind = 'replace'", (sha256,), -1):
        if _sha256_at(context, Path(os.fsdecode(kept.path))) != sha256:
            return replace(kept, path=os.fsencode(path), target=os.fsencode(path))
    return None


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
    path = Path(os.fsdecode(kept.path))
    if to is None:
        _check_place(kept, path, roots)
    place = to or path.parent
    context.places.check(place)
    _check_vault(context, kept)
    with (
        context.places.held(place),
        opened_folder(context.fs, place, create=True) as folder,
    ):
        context.places.confirm(folder)
        here = None if to else look(context.fs, folder, path.name)
        name = _free_name(context, folder, kept, here, elsewhere=to is not None)
        in_place = here if name == path.name else None
        plan = _plan(context, kept, place / name)
        if carry_out(Restore(context, plan, kept, in_place), folder) is not JobOutcome.FINISHED:
            raise Busy(f"{printable(plan.target)}: somebody changes it just now; try again")
    if not to and plan.result != path:
        return _outcome(kept.entry, path, "beside", "its name is taken by another file", plan.result)
    return _outcome(kept.entry, path, "restored", "" if to else _result_that_stays(kept), plan.result)


def _check_place(kept: Kept, path: Path, roots: Sequence[Path]) -> None:
    named = [] if kept.adopted else [Path(os.fsdecode(kept.root)) if kept.root else path.parent]
    inside = any(path.is_relative_to(root) for root in (*roots, *named))
    if not inside or not path.is_absolute() or ".." in path.parts:
        raise CannotUndo(
            "only its sidecar says where it belongs, and that is not under a configured folder: "
            "name it, add its folder, or say where it shall go with --to DIR"
        )


def _check_vault(context: StoreContext, kept: Kept) -> None:
    """That the original can be had, before a folder is made for it."""
    vault = context.originals.vault(kept.vault)
    if context.places.absence(vault.path) is None and vault.path.is_dir():
        return
    raise CannotUndo(f"{printable(vault.path)}, where its original is, is away; connect its disk")


def _free_name(
    context: StoreContext, folder: Folder, kept: Kept, here: FileState | None, *, elsewhere: bool
) -> str:
    """The name that the original gets: its own, unless something else has it."""
    own = Path(os.fsdecode(kept.path)).name
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
    return not history.is_taken_since(context.ledger, kept.entry, kept.target)


def _plan(context: StoreContext, kept: Kept, target: Path) -> JobPlan:
    return JobPlan(
        job=new_job(),
        kind="undo",
        time=time.time(),
        path=kept.path,
        target=os.fsencode(target),
        vault=kept.vault,
        source_sha256=kept.before_sha256,
        source_size=kept.before_bytes,
        source_inode=0,
        metadata=_metadata(context, kept),
        result_sha256=kept.after_sha256,
        result_size=0,
        entry=kept.entry,
    )


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
    result = Path(os.fsdecode(kept.target))
    if kept.kind == "convert" and result.exists():
        return f"its result was edited since and stays: {printable(result)}"
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
        try:
            fs.link(vault, self.kept.stored_name, folder, temp)
            staged = self._same_as(fd, folder, temp)
        except (Unsupported, OSError):
            staged = None
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
        temp = plan.temp_name
        with opened_file(fs, folder, name) as fd:
            leased = fs.take_lease(fd)
            try:
                try:
                    fs.exchange(folder, temp, name)
                    aside = temp
                except Unsupported:
                    aside = plan.old_name
                    move_away(fs, folder, name, aside)
                out = look(fs, folder, aside)
                written = leased and not fs.lease_whole(fd)
                if out is None or out.sha256 != plan.result_sha256 or written:
                    if aside == temp:
                        fs.exchange(folder, temp, name)
                    else:
                        rename_noreplace(fs, folder, aside, name)
                    raise Busy(f"{printable(plan.target)}: somebody changes it just now; try again")
                if aside != temp:
                    rename_noreplace(fs, folder, temp, name)
            except FileExistsError:
                raise Busy(f"{printable(plan.target)}: somebody saved it just now; try again") from None
            finally:
                if leased:
                    fs.drop_lease(fd)

    @override
    @staticmethod
    def settle(context: StoreContext, folder: Folder, plan: JobPlan) -> JobOutcome:
        fs = context.fs
        ready = journal.state_of(context.ledger, plan.job) == journal.READY
        if ready:
            _fill_name(context, folder, plan)
        restored = look(fs, folder, plan.result.name)
        done = ready and restored is not None and restored.sha256 == plan.source_sha256
        if not done and not context.originals.vault(plan.vault).path.is_dir():
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
            history.set_original(context.ledger, tx, plan.entry, OriginalState.RESTORED)
            known_files.learn(context.ledger, tx, plan.source_sha256, Role.KEPT)
            if image:
                known_files.learn(context.ledger, tx, image, Role.KEPT)
            known_files.note(context.ledger, tx, plan.result, restored.mark)
            if converted is not None:
                known_files.drop(context.ledger, tx, converted)
        _let_go(context, plan)
        return JobOutcome.FINISHED


def _fill_name(context: StoreContext, folder: Folder, plan: JobPlan) -> None:
    """A name that was emptied on the way gets what it should have: never nothing.

    What left it and is not our result was saved at that very instant and returns; else the original comes.
    """
    fs, name = context.fs, plan.result.name
    if look(fs, folder, name) is not None:
        return
    old, new = look(fs, folder, plan.old_name), look(fs, folder, plan.temp_name)
    theirs = old is not None and old.sha256 != plan.result_sha256
    if new is not None and new.sha256 == plan.source_sha256 and not theirs:
        rename_noreplace(fs, folder, plan.temp_name, name)
    elif old is not None:
        rename_noreplace(fs, folder, plan.old_name, name)


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
    if history.is_taken_since(context.ledger, plan.entry, os.fsencode(result)):
        return None  # another picture's result, that happens to be equal
    with opened_folder(fs, result.parent) as folder:
        found = look(fs, folder, result.name)
        if found is None or found.sha256 != plan.result_sha256:
            return None
        remove_ours(context, folder, result.name, plan.old_name, plan.result_sha256)
    return result


def _stored_name(context: StoreContext, plan: JobPlan) -> str:
    """The name in the vault: it was given by the job that replaced the picture."""
    rows = context.ledger.query("SELECT job FROM history WHERE id = ?", (plan.entry,))
    return f"{plan.source_sha256}-{rows[0][0]}" if rows else ""


def _is_stored(context: StoreContext, plan: JobPlan) -> bool:
    """Whether the original is in its vault, whole."""
    with contextlib.suppress(FileNotFoundError), context.originals.vault(plan.vault).opened() as vault:
        found = look(context.fs, vault, _stored_name(context, plan))
        return found is not None and found.sha256 == plan.source_sha256
    return False


def _let_go(context: StoreContext, plan: JobPlan) -> None:
    """The original is where it belongs: its place in the vault is free."""
    with contextlib.suppress(FileNotFoundError):
        context.originals.vault(plan.vault).remove(_stored_name(context, plan))


def remove_result(context: StoreContext, kept: Kept) -> UndoOutcome:
    """Take a result away, if it is still ours and its source still whole.

    Raises:
        CannotUndo: the source or the result is not what it was.
        DriveAway: the drive of one of them is away.
        Busy: a program has the result open for writing.
        OSError: the system refused a step.
    """
    fs, source = context.fs, Path(os.fsdecode(kept.path))
    result = Path(os.fsdecode(kept.target))
    for path in (source, result):
        context.places.check(path)
    with opened_folder(fs, source.parent) as folder:
        found = look(fs, folder, source.name)
    if found is None or found.sha256 != kept.before_sha256:
        raise CannotUndo("its source is not what it was any more, so the result stays")
    with opened_folder(fs, result.parent) as folder:
        there = look(fs, folder, result.name)
        if there is None or there.sha256 != kept.after_sha256:
            raise CannotUndo(f"the result was changed or moved since and stays: {printable(result)}")
        outcome = _remove(RemoveResult(context, _removal_plan(kept, found, there)), folder)
    if outcome is not JobOutcome.FINISHED:
        raise CannotUndo(f"the result was changed just now and stays: {printable(result)}")
    return _outcome(kept.entry, source, "removed", f"its result is gone from {printable(result)}")


def _removal_plan(kept: Kept, source: FileState, result: FileState) -> JobPlan:
    return JobPlan(
        job=new_job(),
        kind="remove",
        time=time.time(),
        path=kept.path,
        target=kept.target,
        source_sha256=kept.before_sha256,
        source_size=kept.before_bytes,
        source_inode=source.inode,
        metadata=Metadata(mode=0, uid=0, gid=0, atime_ns=0, mtime_ns=0),
        result_sha256=kept.after_sha256,
        result_size=result.mark[0],
        entry=kept.entry,
    )


def _remove(operation: Operation, folder: Folder) -> JobOutcome:
    """Carry it out while no program can open the result for writing."""
    fs = operation.context.fs
    with opened_file(fs, folder, operation.plan.result.name) as fd:
        leased = fs.take_lease(fd)
        try:
            return carry_out(operation, folder)
        finally:
            if leased:
                fs.drop_lease(fd)


class RemoveResult(Operation):
    """Removing a result that was written elsewhere."""

    __slots__ = ()

    @override
    def stage(self, folder: Folder) -> None:
        pass

    @override
    def switch(self, folder: Folder) -> None:
        # Out of its name first: what somebody saves there in this instant is not what is deleted.
        move_away(self.context.fs, folder, self.plan.result.name, self.plan.old_name)

    @override
    @staticmethod
    def settle(context: StoreContext, folder: Folder, plan: JobPlan) -> JobOutcome:
        fs, old = context.fs, plan.old_name
        found = look(fs, folder, old)
        if found is not None and found.sha256 != plan.result_sha256:
            with contextlib.suppress(FileExistsError):
                rename_noreplace(fs, folder, old, plan.result.name)
            if look(fs, folder, old) is not None:
                quarantine(context, folder, old, plan.result.name)
        elif found is not None:
            fs.unlink(folder, old)
        fs.sync_folder(folder)
        if look(fs, folder, plan.result.name) is not None:
            journal.abandon(context.ledger, plan)
            return JobOutcome.ROLLED_BACK
        image = _image_of_source(context, plan)
        with journal.ending(context.ledger, plan) as tx:
            history.set_original(context.ledger, tx, plan.entry, OriginalState.RESTORED)
            known_files.learn(context.ledger, tx, plan.source_sha256, Role.KEPT)
            if image:
                known_files.learn(context.ledger, tx, image, Role.KEPT)
            known_files.drop(context.ledger, tx, plan.result)
        return JobOutcome.FINISHED


def _image_of_source(context: StoreContext, plan: JobPlan) -> str:
    """The digest of the coded image of a source that stayed in place; empty where it cannot be read."""
    with contextlib.suppress(OSError), opened_folder(context.fs, plan.source.parent) as folder:
        return digest_of_image(context.fs, folder, plan.source.name)
    return ""
