"""Every job that was begun is brought to an end: after a failure at once, after a crash at the start."""

import os
from functools import partial

from homepress.base import blocking
from homepress.store import journal
from homepress.store.edits import GiveEditBack
from homepress.store.errors import StoreError
from homepress.store.kernel import opened_folder
from homepress.store.operation import JobOutcome, Operation
from homepress.store.output import WriteOutput
from homepress.store.plan import Kind, Plan
from homepress.store.removal import RemoveResult
from homepress.store.replace import Replace
from homepress.store.restore import Restore
from homepress.store.workshop import RecoveryNote, Workshop

RECOVER: dict[Kind, type[Operation]] = {
    "replace": Replace,
    "convert": Replace,
    "output": WriteOutput,
    "beside": WriteOutput,
    "copy": WriteOutput,
    "undo": Restore,
    "remove": RemoveResult,
    "edit": GiveEditBack,
}
"""Which operation a job of each kind is: whatever changes a user's file is here, and in the fault tests."""

_PATIENCE = 30 * 86_400.0
"""Seconds, as the ledger saw them pass, after which a job whose folder never came back is given up."""

_SETTLE_SECONDS = 60.0
"""So long others wait for the disk of one job that answered at first."""


class Recovery:
    """Settles jobs."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def recover(self) -> list[RecoveryNote]:
        """Settle every job that a crash or a failing disk left open; harmless when there is none."""
        notes = self._workshop.notes
        for plan, _ in journal.open_jobs(self._workshop.ledger):
            # In this order: a job that was under way when the list was made may have ended meanwhile.
            if plan.job in self._workshop.under_way or not journal.state_of(self._workshop.ledger, plan.job):
                continue
            try:
                settled = self._settle_in_time(plan)
            except (OSError, StoreError) as error:
                notes.tell(plan.path, f"could not be mended yet ({error}); it is tried again", routine=True)
                continue
            if settled is not JobOutcome.PENDING:
                notes.tell(plan.path, f"work that was cut off was {settled.value}", routine=True)
            elif self._nothing_waits(plan) and journal.age_of(self._workshop.ledger, plan.job) > _PATIENCE:
                journal.abandon(self._workshop.ledger, plan)
                notes.tell(
                    plan.path, "its folder did not come back for 30 days; the work begun there is given up"
                )
        return notes.take()

    def _settle_in_time(self, plan: Plan) -> JobOutcome:
        """Settle a job unless its disk hangs: then it ends by itself, and nobody takes it up meanwhile."""
        at = plan.folder

        def settle() -> JobOutcome:
            with self._workshop.live(plan.job):
                return self.settle(plan)

        blocking.ask(at, partial(os.path.lexists, at))
        return blocking.ask(at, settle, _SETTLE_SECONDS)

    def _nothing_waits(self, plan: Plan) -> bool:
        """Whether a job may be given up: no name on a disk that is away can still wait for what was in it."""
        at = plan.folder
        there = self._workshop.places.absence(at) is None and at.is_dir()
        return there or journal.state_of(self._workshop.ledger, plan.job) != journal.READY

    def settle(self, plan: Plan) -> JobOutcome:
        """Bring one job to an end.

        Raises:
            OSError: the system refused a step; see `Operation.settle`.
        """
        if self._workshop.places.absence(plan.folder) is not None:
            return JobOutcome.PENDING
        try:
            with opened_folder(self._workshop.kernel, plan.folder) as folder:
                return RECOVER[plan.kind].settle(self._workshop, folder, plan)
        except (FileNotFoundError, NotADirectoryError):
            return JobOutcome.PENDING
