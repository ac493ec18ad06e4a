"""Every job that was begun is brought to an end, and ledger and originals are brought together.

A vault describes itself: when the ledger was lost, its originals are entered again from their sidecars, and
so are results by their hashes, so that nothing is compressed twice. What a sidecar says of a path is not
trusted beyond showing it: `undo` restores such an original only under a configured folder.
"""

import os
from functools import partial

import msgspec

from homepress.base import blocking
from homepress.store.context import StoreContext
from homepress.store.fs.base import opened_folder
from homepress.store.late_writes import ReturnEdit
from homepress.store.ledger import history, journal, known_files
from homepress.store.model import JobPlan, Kind, OriginalState, RecoveryNote, Role, StoreError
from homepress.store.operation import JobOutcome, Operation
from homepress.store.originals import OriginalsDir
from homepress.store.outputs import RemoveResult, WriteOutput
from homepress.store.replace import Replace
from homepress.store.undo import Restore

OPERATION_OF_KIND: dict[Kind, type[Operation]] = {
    "replace": Replace,
    "convert": Replace,
    "output": WriteOutput,
    "beside": WriteOutput,
    "copy": WriteOutput,
    "undo": Restore,
    "remove": RemoveResult,
    "edit": ReturnEdit,
}
"""Which operation a job of each kind is: whatever changes a user's file is here, and in the fault tests."""


_PATIENCE = 30 * 86_400.0
"""Seconds, as the ledger saw them pass, after which a job whose folder never came back is given up."""


_SETTLE_SECONDS = 60.0
"""So long others wait for the disk of one job that answered at first."""


class Recovery:
    """Settles jobs."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def recover(self) -> list[RecoveryNote]:
        """Settle every job that a crash or a failing disk left open; harmless when there is none."""
        notes = self._context.notes
        for plan, _ in journal.open_jobs(self._context.ledger):
            # In this order: a job that was in progress when the list was made may have ended meanwhile.
            if plan.job in self._context.jobs or not journal.state_of(self._context.ledger, plan.job):
                continue
            try:
                settled = self._settle_in_time(plan)
            except (OSError, StoreError) as error:
                notes.add(plan.path, f"could not be repaired yet ({error}); it is tried again", routine=True)
                continue
            if settled is not JobOutcome.PENDING:
                notes.add(plan.path, f"work that was cut off was {settled.value}", routine=True)
            elif self._nothing_waits(plan) and journal.age_of(self._context.ledger, plan.job) > _PATIENCE:
                journal.abandon(self._context.ledger, plan)
                notes.add(
                    plan.path, "its folder did not come back for 30 days; the work begun there is given up"
                )
        return notes.take()

    def _settle_in_time(self, plan: JobPlan) -> JobOutcome:
        """Settle a job unless its disk hangs: then it ends by itself, and nobody takes it up meanwhile."""
        at = plan.folder

        def settle() -> JobOutcome:
            with self._context.in_progress(plan.job):
                return self.settle(plan)

        blocking.ask(at, partial(os.path.lexists, at))
        return blocking.ask(at, settle, _SETTLE_SECONDS)

    def _nothing_waits(self, plan: JobPlan) -> bool:
        """Whether a job may be given up: no name on a disk that is away can still wait for what was in it."""
        at = plan.folder
        there = self._context.drives.absence(at) is None and at.is_dir()
        return there or journal.state_of(self._context.ledger, plan.job) != journal.READY

    def settle(self, plan: JobPlan) -> JobOutcome:
        """Bring one job to an end.

        Raises:
            OSError: the system refused a step; see `Operation.settle`.
        """
        if self._context.drives.absence(plan.folder) is not None:
            return JobOutcome.PENDING
        try:
            with opened_folder(self._context.fs, plan.folder) as folder:
                return OPERATION_OF_KIND[plan.kind].settle(self._context, folder, plan)
        except (FileNotFoundError, NotADirectoryError):
            return JobOutcome.PENDING


_LET_GO = (OriginalState.RESTORED, OriginalState.ACCEPTED, OriginalState.EXPIRED)


def sweep(context: StoreContext, recovery: Recovery) -> None:
    """Look through all vaults that can be reached. Only while nothing else is in progress."""
    adopted = 0
    for vault in context.originals.reachable_vaults():
        try:
            adopted += _Sweep(context, recovery, vault).run()
        except (OSError, StoreError) as error:
            context.notes.add(vault.path, f"its originals could not be looked through ({error})")
    if adopted:
        context.notes.add(
            context.originals.main.path,
            f"{adopted} originals that the ledger did not know were entered again",
        )


class _Sweep:
    """One vault."""

    def __init__(self, context: StoreContext, recovery: Recovery, vault: OriginalsDir) -> None:
        self._context = context
        self._ledger = context.ledger
        self._recovery = recovery
        self._vault = vault

    def run(self) -> int:
        """Put it in order; how many originals were entered again."""
        self._vault.remove_parts()
        stored = self._vault.stored()
        unknown = (stored | self._vault.sidecars()) - self._kept() - self._open()
        lost: list[JobPlan] = []
        for name in sorted(unknown):
            state = history.original_of(self._ledger, name[65:])
            if state in _LET_GO or (state is not None and name not in stored):
                self._vault.remove(name)  # the crash came before it was deleted
            elif state is not None:
                self._keep_again(name)
            elif (plan := self._plan(name)) is None:
                continue
            elif name in stored:
                lost.append(plan)
            else:
                self._resume(plan)
        for plan in sorted(lost, key=lambda plan: plan.time):
            self._adopt(plan)
        return len(lost)

    def _kept(self) -> set[str]:
        """Names that the ledger has for this vault."""
        rows = self._ledger.query(
            "SELECT before_sha256 || '-' || job FROM history WHERE original = 'kept' AND vault = ?",
            (self._context.originals.name_of(self._vault),),
        )
        return {name for (name,) in rows}

    def _open(self) -> set[str]:
        """Names of jobs that could not be settled yet."""
        return {plan.stored_name for plan, _ in journal.open_jobs(self._ledger)}

    def _plan(self, name: str) -> JobPlan | None:
        """What the sidecar says, as far as it is to be believed: the vault is the one it lies in."""
        try:
            plan = self._vault.plan(name)
        except (FileNotFoundError, ValueError):
            self._context.notes.add(
                self._vault.path / name, "an original without a description that can be read; it stays here"
            )
            return None
        return msgspec.structs.replace(plan, vault=self._context.originals.name_of(self._vault))

    def _keep_again(self, name: str) -> None:
        """It is here although the history has none: better one too many than one too few."""
        vault = self._context.originals.name_of(self._vault)
        with self._ledger.transaction() as tx:
            history.keep_again(tx, name[65:], vault)

    def _adopt(self, plan: JobPlan) -> None:
        with self._ledger.transaction() as tx:
            history.add_result(tx, plan, self._ledger.elapsed.at_most(), kept=True, adopted=True)
            known_files.learn(self._ledger, tx, plan.result_sha256, Role.RESULT)
            tx.execute("INSERT OR IGNORE INTO vault (path) VALUES (?)", (plan.vault,))

    def _resume(self, plan: JobPlan) -> None:
        """Described but not stored: the crash that lost the ledger came in the middle of a replacement."""
        inside = any(plan.source.is_relative_to(root) for root in self._context.originals.roots)
        if plan.kind not in ("replace", "convert") or not inside or ".." in plan.source.parts:
            return
        journal.begin(self._ledger, plan)
        journal.ready(self._ledger, plan)
        self._recovery.settle(plan)
