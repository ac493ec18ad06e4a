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
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from homepress.base.override import override
from homepress.store.context import Workshop, keep_unknown, look
from homepress.store.fs.base import (
    Folder,
    Kernel,
    move_away,
    opened_file,
    opened_folder,
    place_new,
    read_whole,
    write_whole,
)
from homepress.store.ledger import journal, known_files
from homepress.store.ledger.history import Kept, kept_entries, set_original
from homepress.store.model import CannotUndo, Metadata, OriginalState, Plan, StoreError, Unsupported, shown
from homepress.store.names import new_job, old_name, temp_name
from homepress.store.operation import JobOutcome, Operation, carry_out

_EDITED = "a program that had it open wrote to it after it was replaced; the edit was put back"


def was_written_to(workshop: Workshop, kept: Kept) -> bool:
    """Whether a stored original was changed by a write: its size or time differ, and its content does."""
    return bool(_edit_of(workshop, kept))


def _edit_of(workshop: Workshop, kept: Kept) -> str:
    """The digest of what a stored original was changed to by a write; empty where it is whole or gone."""
    vault = workshop.originals.vault(kept.vault)
    try:
        mtime_ns = vault.plan(kept.stored_name).metadata.mtime_ns
    except (OSError, ValueError):
        mtime_ns = None
    try:
        with vault.opened() as folder:
            facts = workshop.kernel.stat_name(folder, kept.stored_name)
            if (facts.st_size, facts.st_mtime_ns) == (kept.before_bytes, mtime_ns):
                return ""
            found = look(workshop.kernel, folder, kept.stored_name)
    except FileNotFoundError:
        return ""
    return found.sha256 if found is not None and found.sha256 != kept.before_sha256 else ""


def put_edit_back(workshop: Workshop, kept: Kept) -> bool:
    """Give an edit that landed in the vault to its owner; False when there is none.

    Raises:
        CannotUndo: the picture's folder is not there, so the edit stays in the vault.
        OSError: the system refused a step.
    """
    if not (edit := _edit_of(workshop, kept)):
        return False
    try:
        with opened_folder(workshop.kernel, Path(os.fsdecode(kept.path)).parent) as folder:
            _give_back(GiveEditBack(workshop, _plan(kept, edit), kept), folder)
    except (FileNotFoundError, NotADirectoryError):
        vault = shown(workshop.originals.vault(kept.vault).path)
        raise CannotUndo(
            f"a program wrote to its original, and its folder is gone; the edit stays in {vault}"
        ) from None
    return True


def write_edit_back(workshop: Workshop, job: str, data: bytes) -> None:
    """Give an edit of an original that has no name any more to its owner.

    Args:
        workshop: the tools.
        job: the replacement that took its name.
        data: what the program wrote.

    Raises:
        OSError: the system refused a step.
    """
    for kept in kept_entries(workshop.ledger, "job = ?", (job,)):
        if (edit := hashlib.sha256(data).hexdigest()) == kept.before_sha256:
            continue
        plan = _plan(kept, edit)
        with opened_folder(workshop.kernel, plan.folder, create=True) as folder:
            _give_back(GiveEditBack(workshop, plan, kept, data), folder)


def _give_back(operation: Operation, folder: Folder) -> None:
    carry_out(operation, folder)
    operation.workshop.notes.tell(operation.plan.path, _EDITED)


@dataclass(frozen=True, slots=True)
class GiveEditBack(Operation):
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
        kernel, name = self.workshop.kernel, self.kept.stored_name
        with self.workshop.originals.vault(self.kept.vault).opened() as vault:
            try:
                kernel.move(vault, name, folder, temp_name(self.plan.job))
            except (Unsupported, OSError):
                with opened_file(kernel, vault, name) as fd:
                    data = read_whole(kernel, fd)
                self._write_out(folder, data)
                kernel.unlink(vault, name)
            kernel.sync_folder(folder)
            kernel.sync_folder(vault)

    def _write_out(self, folder: Folder, data: bytes) -> None:
        kernel, temp = self.workshop.kernel, temp_name(self.plan.job)
        fd = kernel.create_file(folder, temp)
        try:
            write_whole(kernel, fd, data)
            kernel.sync(fd)
        except BaseException:
            kernel.unlink(folder, temp)  # a part of it; all of it is where it came from
            raise
        finally:
            kernel.close(fd)

    @override
    def switch(self, folder: Folder) -> None:
        """The edit takes the picture's name if it is free or has our untouched result."""
        kernel, temp, name = self.workshop.kernel, temp_name(self.plan.job), self.plan.source.name
        here = look(kernel, folder, name)
        if here is None:
            with contextlib.suppress(FileExistsError):
                place_new(kernel, folder, temp, name)
        elif here.sha256 == self.plan.result_sha256:
            try:
                kernel.exchange(folder, temp, name)
            except Unsupported:
                self._switch_by_moving(folder)
                return
            out = look(kernel, folder, temp)
            if out is None or out.sha256 != self.plan.result_sha256:
                kernel.exchange(folder, temp, name)

    def _switch_by_moving(self, folder: Folder) -> None:
        """Where names cannot be exchanged: the result leaves first, and is looked at."""
        kernel, old, name = self.workshop.kernel, old_name(self.plan.job), self.plan.source.name
        move_away(kernel, folder, name, old)
        out = look(kernel, folder, old)
        ours = out is not None and out.sha256 == self.plan.result_sha256
        with contextlib.suppress(FileExistsError):
            place_new(kernel, folder, temp_name(self.plan.job) if ours else old, name)

    @override
    @staticmethod
    def settle(workshop: Workshop, folder: Folder, plan: Plan) -> JobOutcome:
        """What is left under a temp name is the user's: nothing is ever rolled back into the vault."""
        kernel = workshop.kernel
        staged = journal.state_of(workshop.ledger, plan.job) == journal.READY
        here = look(kernel, folder, plan.source.name)
        if here is None:
            _fill_name(workshop, folder, plan)
        moved = False
        for name in (old_name(plan.job), temp_name(plan.job)):
            if (found := look(kernel, folder, name)) is None:
                continue
            in_place = here is not None and here.sha256 == found.sha256
            if found.sha256 == plan.result_sha256 and (in_place or found.sha256 != plan.edit_sha256):
                kernel.unlink(folder, name)
            else:
                keep_unknown(workshop, folder, name, plan.source.name)
                moved = moved or found.sha256 == plan.edit_sha256
        kernel.sync_folder(folder)
        kept = kept_entries(workshop.ledger, "id = ?", (plan.entry,))
        gone = [entry for entry in kept if not _is_stored(workshop, entry)]
        with journal.ending(workshop.ledger, plan) as tx:
            for entry in gone:
                set_original(workshop.ledger, tx, entry.entry, OriginalState.NONE)
                tx.execute("UPDATE history SET reason = ? WHERE id = ?", (_EDITED, entry.entry))
            known_files.drop(workshop.ledger, tx, plan.source)
        for entry in gone:
            workshop.originals.vault(entry.vault).remove(entry.stored_name)
        return JobOutcome.FINISHED if staged or (gone and moved) else JobOutcome.ROLLED_BACK


def _fill_name(workshop: Workshop, folder: Folder, plan: Plan) -> None:
    """A name that was emptied on the way to give it the edit gets back what it had, or else the edit."""
    kernel, old, temp = workshop.kernel, old_name(plan.job), temp_name(plan.job)
    left, edit = look(kernel, folder, old), look(kernel, folder, temp)
    theirs = left is not None and left.sha256 != plan.result_sha256
    if edit is not None and edit.sha256 == plan.edit_sha256 and not theirs:
        place_new(kernel, folder, temp, plan.source.name)
    elif left is not None:
        place_new(kernel, folder, old, plan.source.name)


def _is_stored(workshop: Workshop, kept: Kept) -> bool:
    with contextlib.suppress(FileNotFoundError), workshop.originals.vault(kept.vault).opened() as vault:
        return look(workshop.kernel, vault, kept.stored_name) is not None
    return False


def _plan(kept: Kept, edit: str) -> Plan:
    return Plan(
        job=new_job(),
        kind="edit",
        time=time.time(),
        path=kept.path,
        target=kept.path,
        vault=kept.vault,
        source_sha256=kept.before_sha256,
        source_size=kept.before_bytes,
        source_inode=0,
        metadata=Metadata(mode=0, uid=0, gid=0, atime_ns=0, mtime_ns=0),
        result_sha256=kept.after_sha256,
        result_size=0,
        entry=kept.entry,
        edit_sha256=edit,
    )


SETTLE_SECONDS = 5.0
"""How long after a replacement a program that already had the file open gets to write."""


_MOST_HELD = 64
"""Descriptors held at a time; beyond that the oldest are looked at early."""


@dataclass(frozen=True, slots=True)
class _Held:
    plan: Plan
    fd: int
    modified: tuple[int, int]
    since: float


class HeldOriginals:
    """Open descriptors of originals that have no name any more."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._lock = threading.Lock()
        self._held: list[_Held] = []

    def hold(self, fd: int, plan: Plan) -> None:
        """Hold one more; `fd` stays the caller's."""
        # As it was read, not as it is: it may have been written to since it was last looked at.
        modified = (plan.source_size, plan.metadata.mtime_ns)
        with self._lock:
            self._held.append(_Held(plan, os.dup(fd), modified, time.monotonic()))

    def give_back(self, write: Callable[[Plan, bytes], None], *, everything: bool = False) -> None:
        """Have what was written to them written elsewhere; those that came to rest are let go.

        Args:
            write: gets the plan of the replacement and the content. If it raises `OSError` or `StoreError`
                the descriptor is held on to, and it is asked again the next time.
            everything: do not wait for the rest of the seconds: the program ends.
        """
        for held in self._take_ripe(everything):
            try:
                facts = self._kernel.stat(held.fd)
                if (facts.st_size, facts.st_mtime_ns) != held.modified:
                    write(held.plan, read_whole(self._kernel, held.fd))
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
