"""Every job that was begun is brought to an end: after a failure at once, after a crash at the next start."""

import contextlib
import threading
import time
from collections.abc import Iterator

from homepress.store import journal
from homepress.store.errors import StoreError
from homepress.store.kernel import opened_folder
from homepress.store.output import settle_output
from homepress.store.plan import Plan
from homepress.store.settlement import Settled, Settlement
from homepress.store.workshop import RecoveryNote, Workshop

_PATIENCE = 30 * 86_400.0
"""Seconds after which a job whose folder never came back is given up."""


class Recovery:
    """Settles jobs, and knows which ones are under way in this process."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._lock = threading.Lock()
        self._live: set[str] = set()

    @contextlib.contextmanager
    def live(self, plan: Plan) -> Iterator[None]:
        """Mark a job as under way, so that `recover` leaves it alone."""
        with self._lock:
            self._live.add(plan.job)
        try:
            yield
        finally:
            with self._lock:
                self._live.discard(plan.job)

    def recover(self) -> list[RecoveryNote]:
        """Settle every job that a crash left open. Harmless when there is none, and when done again."""
        notes = self._workshop.notes
        for plan, _ in journal.open_jobs(self._workshop.ledger):
            if plan.job in self._live:
                continue
            try:
                settled = self.settle(plan)
            except (OSError, StoreError) as error:
                notes.tell(
                    plan.path, f"could not be mended yet ({error}); it is tried again at the next start"
                )
                continue
            if settled is not Settled.PENDING:
                notes.tell(plan.path, f"work that was cut off was {settled.value}")
            elif time.time() - plan.time > _PATIENCE:
                journal.abandon(self._workshop.ledger, plan)
                notes.tell(
                    plan.path, "its folder did not come back for 30 days; the work begun there is given up"
                )
        return notes.take()

    def settle(self, plan: Plan) -> Settled:
        """Bring one job to an end.

        Raises:
            OSError: the system refused a step; see `Settlement.settle`.
        """
        elsewhere = plan.kind in ("output", "beside", "copy")
        at = plan.result.parent if elsewhere else plan.source.parent
        try:
            with opened_folder(self._workshop.kernel, at) as folder:
                if elsewhere:
                    return settle_output(self._workshop, folder, plan)
                return Settlement(self._workshop, folder, plan).settle()
        except (FileNotFoundError, NotADirectoryError):
            return Settled.PENDING
