"""Late writers: a program had an original open before it was replaced, and wrote to it afterwards.

Its bytes landed in what is kept as the original. Without us they would be under the picture's name, so that
is where they go, if nothing but our untouched result is there; otherwise beside it under a name that says so.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from homepress.store import journal, memory
from homepress.store.entries import Kept, kept_entries, set_original
from homepress.store.errors import CannotUndo, Unsupported, shown
from homepress.store.kernel import Folder, move_away, opened_folder, place_new, read_whole, write_whole
from homepress.store.names import new_job, old_name, temp_name
from homepress.store.plan import Metadata, Plan
from homepress.store.receipt import OriginalState
from homepress.store.settlement import Settled
from homepress.store.vault import Vault
from homepress.store.workshop import Workshop, keep_unknown, look

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
    vault = workshop.originals.vault(kept.vault)
    try:
        with opened_folder(workshop.kernel, Path(os.fsdecode(kept.path)).parent) as folder:
            plan = _plan(kept, edit)
            with _settled(workshop, folder, plan):
                _move_out(workshop, vault, kept, folder, plan)
                _give_name(workshop, folder, plan)
    except (FileNotFoundError, NotADirectoryError):
        raise CannotUndo(
            f"a program wrote to its original, and its folder is gone; the edit stays in {shown(vault.path)}"
        ) from None
    return True


def write_edit_back(workshop: Workshop, job: str, data: bytes) -> None:
    """Give an edit of an original that has no name any more to its owner.

    Args:
        workshop: the tools.
        job: the replacement that took its name.
        data: what the program wrote.
    """
    for kept in kept_entries(workshop.ledger, "job = ?", (job,)):
        if (edit := hashlib.sha256(data).hexdigest()) == kept.before_sha256:
            continue
        plan = _plan(kept, edit)
        with (
            opened_folder(workshop.kernel, plan.source.parent, create=True) as folder,
            _settled(workshop, folder, plan),
        ):
            _write_out(workshop, data, folder, plan)
            _give_name(workshop, folder, plan)


def settle_edit(workshop: Workshop, folder: Folder, plan: Plan) -> Settled:
    """End the giving back of an edit, also after a crash: what is left under a temp name is the user's."""
    kernel = workshop.kernel
    here = look(kernel, folder, plan.source.name)
    if here is None:
        _fill_name(workshop, folder, plan)
    for name in (old_name(plan.job), temp_name(plan.job)):
        if (found := look(kernel, folder, name)) is None:
            continue
        in_place = here is not None and here.sha256 == found.sha256
        if found.sha256 == plan.result_sha256 and (in_place or found.sha256 != plan.edit_sha256):
            kernel.unlink(folder, name)
        else:
            keep_unknown(workshop, folder, name, plan.source.name)
    kernel.sync_folder(folder)
    kept = kept_entries(workshop.ledger, "id = ?", (plan.entry,))
    gone = [entry for entry in kept if not _is_stored(workshop, entry)]
    with workshop.ledger.transaction() as tx:
        for entry in gone:
            set_original(workshop.ledger, tx, entry.entry, OriginalState.NONE)
            tx.execute("UPDATE history SET reason = ? WHERE id = ?", (_EDITED, entry.entry))
        memory.drop(workshop.ledger, tx, plan.source)
        tx.execute("DELETE FROM job WHERE id = ?", (plan.job,))
    for entry in gone:
        workshop.originals.vault(entry.vault).remove(entry.stored_name)
    return Settled.FINISHED


@contextlib.contextmanager
def _settled(workshop: Workshop, folder: Folder, plan: Plan) -> Iterator[None]:
    """Journal what happens in the block, and settle it however the block ends."""
    with workshop.live(plan.job):
        journal.begin(workshop.ledger, plan)
        try:
            yield
        finally:
            settle_edit(workshop, folder, plan)
    workshop.notes.tell(plan.path, _EDITED)


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


def _fill_name(workshop: Workshop, folder: Folder, plan: Plan) -> None:
    """A name that was emptied on the way to give it the edit gets back what it had, or else the edit."""
    kernel, old, temp = workshop.kernel, old_name(plan.job), temp_name(plan.job)
    left, edit = look(kernel, folder, old), look(kernel, folder, temp)
    theirs = left is not None and left.sha256 != plan.result_sha256
    if edit is not None and edit.sha256 == plan.edit_sha256 and not theirs:
        place_new(kernel, folder, temp, plan.source.name)
    elif left is not None:
        place_new(kernel, folder, old, plan.source.name)


def _move_out(workshop: Workshop, vault: Vault, kept: Kept, folder: Folder, plan: Plan) -> None:
    """The very file, so that a program that still writes to it writes to what has the name."""
    kernel = workshop.kernel
    with vault.opened() as store:
        try:
            kernel.move(store, kept.stored_name, folder, temp_name(plan.job))
        except (Unsupported, OSError):
            fd = kernel.open_file(store, kept.stored_name)
            try:
                data = read_whole(kernel, fd)
            finally:
                kernel.close(fd)
            _write_out(workshop, data, folder, plan)
            kernel.unlink(store, kept.stored_name)
        kernel.sync_folder(folder)
        kernel.sync_folder(store)


def _write_out(workshop: Workshop, data: bytes, folder: Folder, plan: Plan) -> None:
    kernel = workshop.kernel
    fd = kernel.create_file(folder, temp_name(plan.job))
    try:
        write_whole(kernel, fd, data)
        kernel.sync(fd)
    except BaseException:
        kernel.unlink(folder, temp_name(plan.job))  # a part of it; all of it is where it came from
        raise
    finally:
        kernel.close(fd)


def _give_name(workshop: Workshop, folder: Folder, plan: Plan) -> None:
    """The edit takes the picture's name if it is free or has our untouched result."""
    kernel, temp, name = workshop.kernel, temp_name(plan.job), plan.source.name
    here = look(kernel, folder, name)
    if here is None:
        with contextlib.suppress(FileExistsError):
            place_new(kernel, folder, temp, name)
    elif here.sha256 == plan.result_sha256:
        try:
            kernel.exchange(folder, temp, name)
        except Unsupported:
            _give_name_by_moving(workshop, folder, plan)
            return
        out = look(kernel, folder, temp)
        if out is None or out.sha256 != plan.result_sha256:
            kernel.exchange(folder, temp, name)


def _give_name_by_moving(workshop: Workshop, folder: Folder, plan: Plan) -> None:
    """As `_give_name`, where names cannot be exchanged: the result leaves first, and is looked at."""
    kernel, old, name = workshop.kernel, old_name(plan.job), plan.source.name
    move_away(kernel, folder, name, old)
    out = look(kernel, folder, old)
    ours = out is not None and out.sha256 == plan.result_sha256
    with contextlib.suppress(FileExistsError):
        place_new(kernel, folder, temp_name(plan.job) if ours else old, name)


def _is_stored(workshop: Workshop, kept: Kept) -> bool:
    with contextlib.suppress(FileNotFoundError), workshop.originals.vault(kept.vault).opened() as vault:
        return look(workshop.kernel, vault, kept.stored_name) is not None
    return False
