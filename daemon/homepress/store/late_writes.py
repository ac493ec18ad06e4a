"""Late writers: a program had an original open before it was replaced, and wrote to it afterwards.

Its bytes landed in what is kept as the original. Without us they would be under the picture's name, so that
is where they go, if nothing but our untouched result is there; otherwise beside it under a name that says
so.

Where an original moves into a vault by a rename, the vault has the very file. Where it had to be copied,
the file itself has no name any more: a program that had it open could still write to it, into nothing. So
it is held open until it is sure that nobody wrote to it.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from homepress.base.override import override
from homepress.base.system_errors import printable
from homepress.store.context import StoreContext, fill_emptied, quarantine
from homepress.store.fs.base import (
    Folder,
    holds,
    look,
    move_away,
    opened_file,
    opened_folder,
    read_whole,
    rename_noreplace,
    write_whole,
)
from homepress.store.ledger import journal, known_files
from homepress.store.ledger.history import Kept, kept_entries, set_original
from homepress.store.model import (
    CannotUndo,
    JobPlan,
    OriginalState,
    StoreError,
    Unsupported,
)
from homepress.store.operation import JobOutcome, Operation, carry_out

_EDITED = "a program that had it open wrote to it after it was replaced; the edit was put back"


def was_written_to(context: StoreContext, kept: Kept) -> bool:
    """Whether a stored original was changed by a write: its size or time differ, and its content does."""
    return bool(_edit_of(context, kept))


def _edit_of(context: StoreContext, kept: Kept) -> str:
    """The digest of what a stored original was changed to by a write; empty where it is whole or gone."""
    vault = context.originals.vault(kept.vault)
    try:
        mtime_ns = vault.plan(kept.stored_name).metadata.mtime_ns
    except (OSError, ValueError):
        mtime_ns = None
    try:
        with vault.opened() as folder:
            facts = context.fs.stat_name(folder, kept.stored_name)
    except FileNotFoundError:
        return ""
    if (facts.st_size, facts.st_mtime_ns) == (kept.before_bytes, mtime_ns):
        return ""
    found = vault.look(kept.stored_name)
    return found.sha256 if found is not None and found.sha256 != kept.before_sha256 else ""


def return_stored_edit(context: StoreContext, kept: Kept) -> bool:
    """Give an edit that landed in the vault to its owner; False when there is none.

    Raises:
        CannotUndo: the picture's folder is not there, so the edit stays in the vault.
        OSError: the system refused a step.
    """
    if not (edit := _edit_of(context, kept)):
        return False
    try:
        with opened_folder(context.fs, kept.source.parent) as folder:
            plan = kept.plan("edit", kept.source, edit_sha256=edit)
            _give_back(ReturnEdit(context, plan, kept), folder)
    except (FileNotFoundError, NotADirectoryError):
        vault = printable(context.originals.vault(kept.vault).path)
        raise CannotUndo(
            f"a program wrote to its original, and its folder is gone; the edit stays in {vault}"
        ) from None
    return True


def return_copied_edit(context: StoreContext, job: str, data: bytes) -> None:
    """Give an edit of an original that has no name any more to its owner.

    Args:
        context: the tools.
        job: the replacement that took its name.
        data: what the program wrote.

    Raises:
        OSError: the system refused a step.
    """
    for kept in kept_entries(context.ledger, "job = ?", (job,)):
        if (edit := hashlib.sha256(data).hexdigest()) == kept.before_sha256:
            continue
        plan = kept.plan("edit", kept.source, edit_sha256=edit)
        with opened_folder(context.fs, plan.folder, create=True) as folder:
            _give_back(ReturnEdit(context, plan, kept, data), folder)


def _give_back(operation: Operation, folder: Folder) -> None:
    carry_out(operation, folder)
    operation.context.notes.add(operation.plan.path, _EDITED)


@dataclass(frozen=True, slots=True)
class ReturnEdit(Operation):
    """An edit on its way back to its owner.

    Attributes:
        kept: the replacement whose original was edited.
        data: the edit; None when it is in the vault, in the file itself.
    """

    kept: Kept
    data: bytes | None = None

    @override
    def stage(self, folder: Folder) -> None:
        if self.data is None:
            self._move_out(folder)
        else:
            self._write_out(folder, self.data)

    def _move_out(self, folder: Folder) -> None:
        """The very file, so that a program that still writes to it writes to what has the name."""
        fs, name = self.context.fs, self.kept.stored_name
        with self.context.originals.vault(self.kept.vault).opened() as vault:
            try:
                fs.move(vault, name, folder, self.plan.temp_name)
            except (Unsupported, OSError):
                with opened_file(fs, vault, name) as fd:
                    data = read_whole(fs, fd)
                self._write_out(folder, data)
                fs.unlink(vault, name)
            fs.sync_folder(folder)
            fs.sync_folder(vault)

    def _write_out(self, folder: Folder, data: bytes) -> None:
        fs, temp = self.context.fs, self.plan.temp_name
        fd = fs.create_file(folder, temp)
        try:
            write_whole(fs, fd, data)
            fs.sync(fd)
        except BaseException:
            fs.unlink(folder, temp)  # a part of it; all of it is where it came from
            raise
        finally:
            fs.close(fd)

    @override
    def switch(self, folder: Folder) -> None:
        """The edit takes the picture's name if it is free or has our untouched result."""
        fs, temp, name = self.context.fs, self.plan.temp_name, self.plan.source.name
        here = look(fs, folder, name)
        if here is None:
            with contextlib.suppress(FileExistsError):
                rename_noreplace(fs, folder, temp, name)
        elif here.sha256 == self.plan.result_sha256:
            try:
                fs.exchange(folder, temp, name)
            except Unsupported:
                self._switch_by_moving(folder)
                return
            if not holds(fs, folder, temp, self.plan.result_sha256):
                fs.exchange(folder, temp, name)

    def _switch_by_moving(self, folder: Folder) -> None:
        """Where names cannot be exchanged: the result leaves first, and is looked at."""
        fs, old, name = self.context.fs, self.plan.old_name, self.plan.source.name
        move_away(fs, folder, name, old)
        ours = holds(fs, folder, old, self.plan.result_sha256)
        with contextlib.suppress(FileExistsError):
            rename_noreplace(fs, folder, self.plan.temp_name if ours else old, name)

    @override
    @staticmethod
    def settle(context: StoreContext, folder: Folder, plan: JobPlan) -> JobOutcome:
        """What is left under a temp name is the user's: nothing is ever rolled back into the vault."""
        fs = context.fs
        staged = journal.state_of(context.ledger, plan.job) == journal.READY
        here = look(fs, folder, plan.source.name)
        fill_emptied(fs, folder, plan, plan.source.name, plan.edit_sha256)
        moved = False
        for name in (plan.old_name, plan.temp_name):
            if (found := look(fs, folder, name)) is None:
                continue
            in_place = here is not None and here.sha256 == found.sha256
            if found.sha256 == plan.result_sha256 and (in_place or found.sha256 != plan.edit_sha256):
                fs.unlink(folder, name)
            else:
                quarantine(context, folder, name, plan.source.name)
                moved = moved or found.sha256 == plan.edit_sha256
        fs.sync_folder(folder)
        kept = kept_entries(context.ledger, "id = ?", (plan.entry,))
        gone = [each for each in kept if context.originals.vault(each.vault).look(each.stored_name) is None]
        with journal.ending(context.ledger, plan) as tx:
            for entry in gone:
                set_original(context.ledger, tx, entry.entry, OriginalState.NONE)
                tx.execute("UPDATE history SET reason = ? WHERE id = ?", (_EDITED, entry.entry))
            known_files.drop(context.ledger, tx, plan.source)
        for entry in gone:
            context.originals.vault(entry.vault).remove(entry.stored_name)
        return JobOutcome.FINISHED if staged or (gone and moved) else JobOutcome.ROLLED_BACK


SETTLE_SECONDS = 5.0
"""How long after a replacement a program that already had the file open gets to write."""


_MOST_HELD = 64
"""Descriptors held at a time; beyond that the oldest are looked at early."""


@dataclass(frozen=True, slots=True)
class _Held:
    plan: JobPlan
    fd: int
    modified: tuple[int, int]
    since: float


class HeldOriginals:
    """Open descriptors of originals that have no name any more."""

    def __init__(self, context: StoreContext) -> None:
        self._fs = context.fs
        self._lock = context.ledger.lock
        self._held: list[_Held] = []

    def hold(self, fd: int, plan: JobPlan) -> None:
        """Hold one more; `fd` stays the caller's."""
        # As it was read, not as it is: it may have been written to since it was last looked at.
        modified = (plan.source_size, plan.metadata.mtime_ns)
        with self._lock:
            self._held.append(_Held(plan, os.dup(fd), modified, time.monotonic()))

    def give_back(self, write: Callable[[JobPlan, bytes], None], *, everything: bool = False) -> None:
        """Have what was written to them written elsewhere; those that came to rest are let go.

        Args:
            write: gets the plan of the replacement and the content. If it raises `OSError` or `StoreError`
                the descriptor is held on to, and it is asked again the next time.
            everything: do not wait for the rest of the seconds: the program ends.
        """
        for held in self._take_ripe(everything):
            try:
                facts = self._fs.stat(held.fd)
                if (facts.st_size, facts.st_mtime_ns) != held.modified:
                    write(held.plan, read_whole(self._fs, held.fd))
            except (OSError, StoreError):
                with self._lock:
                    self._held.append(held)
            else:
                os.close(held.fd)

    def _take_ripe(self, everything: bool) -> list[_Held]:
        limit = time.monotonic() - SETTLE_SECONDS
        with self._lock:
            over = len(self._held) - _MOST_HELD
            ripe = [h for i, h in enumerate(self._held) if everything or h.since <= limit or i < over]
            self._held = [h for h in self._held if h not in ripe]
        return ripe
