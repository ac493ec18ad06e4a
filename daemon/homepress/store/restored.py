"""The end of an undo, also after a crash: the original is in place, or everything is as before it."""

import contextlib
import os
from pathlib import Path

from homepress.store import entries, journal, memory
from homepress.store.fingerprints import digest_of
from homepress.store.kernel import Folder, opened_folder, place_new
from homepress.store.names import old_name, temp_name
from homepress.store.operation import JobOutcome
from homepress.store.plan import Plan
from homepress.store.receipt import OriginalState, Role
from homepress.store.workshop import Workshop, keep_unknown, look, remove_ours


def settle_restoring(workshop: Workshop, folder: Folder, plan: Plan) -> JobOutcome:
    """`Restore.settle`."""
    kernel = workshop.kernel
    ready = journal.state_of(workshop.ledger, plan.job) == journal.READY
    if ready:
        _fill_name(workshop, folder, plan)
    restored = look(kernel, folder, plan.result.name)
    done = ready and restored is not None and restored.sha256 == plan.source_sha256
    if not done and not workshop.originals.vault(plan.vault).path.is_dir():
        return JobOutcome.PENDING
    for name in (temp_name(plan.job), old_name(plan.job)):
        _clear(workshop, folder, plan, name, done)
    kernel.sync_folder(folder)
    if not done or restored is None:
        journal.abandon(workshop.ledger, plan)
        return JobOutcome.ROLLED_BACK
    converted = _take_conversion_away(workshop, plan)
    image = digest_of(kernel, folder, plan.result.name)
    with journal.ending(workshop.ledger, plan) as tx:
        entries.set_original(workshop.ledger, tx, plan.entry, OriginalState.RESTORED)
        memory.learn(workshop.ledger, tx, plan.source_sha256, Role.KEPT)
        if image:
            memory.learn(workshop.ledger, tx, image, Role.KEPT)
        memory.note(workshop.ledger, tx, plan.result, restored.mark)
        if converted is not None:
            memory.drop(workshop.ledger, tx, converted)
    _let_go(workshop, plan)
    return JobOutcome.FINISHED


def _fill_name(workshop: Workshop, folder: Folder, plan: Plan) -> None:
    """A name that was emptied on the way gets what it should have: never nothing.

    What left it and is not our result was saved at that very instant and returns; else the original comes.
    """
    kernel, name = workshop.kernel, plan.result.name
    if look(kernel, folder, name) is not None:
        return
    old, new = look(kernel, folder, old_name(plan.job)), look(kernel, folder, temp_name(plan.job))
    theirs = old is not None and old.sha256 != plan.result_sha256
    if new is not None and new.sha256 == plan.source_sha256 and not theirs:
        place_new(kernel, folder, temp_name(plan.job), name)
    elif old is not None:
        place_new(kernel, folder, old_name(plan.job), name)


def _clear(workshop: Workshop, folder: Folder, plan: Plan, name: str, done: bool) -> None:
    """Remove what was staged or exchanged; what is neither is kept for its owner."""
    kernel = workshop.kernel
    found = look(kernel, folder, name)
    if found is None:
        return
    spare = done or _is_stored(workshop, plan)
    if found.sha256 == plan.result_sha256 or (found.sha256 == plan.source_sha256 and spare):
        kernel.unlink(folder, name)
    elif journal.state_of(workshop.ledger, plan.job) == journal.STARTED and spare:
        kernel.unlink(folder, name)  # a copy that was being written
    else:
        keep_unknown(workshop, folder, name, plan.source.name)


def _take_conversion_away(workshop: Workshop, plan: Plan) -> Path | None:
    """For a source that came back beside its conversion: the result goes, unless it was edited; its path."""
    rows = workshop.ledger.query("SELECT kind, result_path FROM history WHERE id = ?", (plan.entry,))
    if not rows or rows[0][0] != "convert" or plan.result.parent != plan.source.parent:
        return None
    result, kernel = Path(os.fsdecode(rows[0][1])), workshop.kernel
    if entries.is_taken_since(workshop.ledger, plan.entry, os.fsencode(result)):
        return None  # another picture's result, that happens to be equal
    with opened_folder(kernel, result.parent) as folder:
        found = look(kernel, folder, result.name)
        if found is None or found.sha256 != plan.result_sha256:
            return None
        remove_ours(workshop, folder, result.name, old_name(plan.job), plan.result_sha256)
    return result


def _stored_name(workshop: Workshop, plan: Plan) -> str:
    """The name in the vault: it was given by the job that replaced the picture."""
    rows = workshop.ledger.query("SELECT job FROM history WHERE id = ?", (plan.entry,))
    return f"{plan.source_sha256}-{rows[0][0]}" if rows else ""


def _is_stored(workshop: Workshop, plan: Plan) -> bool:
    """Whether the original is in its vault, whole."""
    with contextlib.suppress(FileNotFoundError), workshop.originals.vault(plan.vault).opened() as vault:
        found = look(workshop.kernel, vault, _stored_name(workshop, plan))
        return found is not None and found.sha256 == plan.source_sha256
    return False


def _let_go(workshop: Workshop, plan: Plan) -> None:
    """The original is where it belongs: its place in the vault is free."""
    with contextlib.suppress(FileNotFoundError):
        workshop.originals.vault(plan.vault).remove(_stored_name(workshop, plan))
