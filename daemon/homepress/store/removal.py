"""Undoing a result that was written elsewhere: it goes, its source was never touched."""

import contextlib
import os
import time
from pathlib import Path

from homepress.base.override import override
from homepress.store import entries, journal, memory
from homepress.store.entries import Kept
from homepress.store.errors import CannotUndo, shown
from homepress.store.fingerprints import digest_of
from homepress.store.kernel import Folder, move_away, opened_file, opened_folder, place_new
from homepress.store.names import new_job, old_name
from homepress.store.operation import JobOutcome, Operation, carry_out
from homepress.store.plan import Metadata, Plan
from homepress.store.receipt import OriginalState, Role, Undone
from homepress.store.workshop import Found, Workshop, keep_unknown, look


def remove_result(workshop: Workshop, kept: Kept) -> Undone:
    """Take a result away, if it is still ours and its source still whole.

    Raises:
        CannotUndo: the source or the result is not what it was.
        DriveAway: the drive of one of them is away.
        Busy: a program has the result open for writing.
        OSError: the system refused a step.
    """
    kernel, source = workshop.kernel, Path(os.fsdecode(kept.path))
    result = Path(os.fsdecode(kept.target))
    for path in (source, result):
        workshop.places.check(path)
    with opened_folder(kernel, source.parent) as folder:
        found = look(kernel, folder, source.name)
    if found is None or found.sha256 != kept.before_sha256:
        raise CannotUndo("its source is not what it was any more, so the result stays")
    with opened_folder(kernel, result.parent) as folder:
        there = look(kernel, folder, result.name)
        if there is None or there.sha256 != kept.after_sha256:
            raise CannotUndo(f"the result was changed or moved since and stays: {shown(result)}")
        outcome = _remove(RemoveResult(workshop, _plan(kept, found, there)), folder)
    if outcome is not JobOutcome.FINISHED:
        raise CannotUndo(f"the result was changed just now and stays: {shown(result)}")
    return Undone(kept.entry, source, "removed", reason=f"its result is gone from {shown(result)}")


class RemoveResult(Operation):
    """Removing a result that was written elsewhere."""

    __slots__ = ()

    @override
    def stage(self, folder: Folder) -> None:
        pass

    @override
    def switch(self, folder: Folder) -> None:
        # Out of its name first: what somebody saves there in this instant is not what is deleted.
        move_away(self.workshop.kernel, folder, self.plan.result.name, old_name(self.plan.job))

    @override
    @staticmethod
    def settle(workshop: Workshop, folder: Folder, plan: Plan) -> JobOutcome:
        kernel, old = workshop.kernel, old_name(plan.job)
        found = look(kernel, folder, old)
        if found is not None and found.sha256 != plan.result_sha256:
            with contextlib.suppress(FileExistsError):
                place_new(kernel, folder, old, plan.result.name)
            if look(kernel, folder, old) is not None:
                keep_unknown(workshop, folder, old, plan.result.name)
        elif found is not None:
            kernel.unlink(folder, old)
        kernel.sync_folder(folder)
        if look(kernel, folder, plan.result.name) is not None:
            journal.abandon(workshop.ledger, plan)
            return JobOutcome.ROLLED_BACK
        image = _image_of_source(workshop, plan)
        with journal.ending(workshop.ledger, plan) as tx:
            entries.set_original(workshop.ledger, tx, plan.entry, OriginalState.RESTORED)
            memory.learn(workshop.ledger, tx, plan.source_sha256, Role.KEPT)
            if image:
                memory.learn(workshop.ledger, tx, image, Role.KEPT)
            memory.drop(workshop.ledger, tx, plan.result)
        return JobOutcome.FINISHED


def _plan(kept: Kept, source: Found, result: Found) -> Plan:
    return Plan(
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
    kernel = operation.workshop.kernel
    with opened_file(kernel, folder, operation.plan.result.name) as fd:
        leased = kernel.take_lease(fd)
        try:
            return carry_out(operation, folder)
        finally:
            if leased:
                kernel.drop_lease(fd)


def _image_of_source(workshop: Workshop, plan: Plan) -> str:
    """The digest of the coded image of a source that stayed in place; empty where it cannot be read."""
    with contextlib.suppress(OSError), opened_folder(workshop.kernel, plan.source.parent) as folder:
        return digest_of(workshop.kernel, folder, plan.source.name)
    return ""
