"""What the store wants done now and then: late writers looked for, old originals let go, backups made."""

import logging
import threading
from collections.abc import Callable

from homepress.daemon.state import StateThread, Timer
from homepress.store.model import RecoveryNote, StoreError
from homepress.store.store import Store

_log = logging.getLogger(__name__)

_AFTER_WORK = 6.0
"""Seconds after a replacement: a program that had the old file open may still be writing to it."""

_WHILE_IDLE = 3600.0
"""Seconds between two looks while nothing happens; originals are kept for days."""

_COUNT = 300.0
"""Seconds between two looks at the clock, in memory alone: only time that is looked at counts."""

_LAST_SECONDS = 5.0
"""So long the end of the program waits for a look."""


class Maintenance:
    """Looks after the store on a thread that lives as long as a look; the state thread says when."""

    def __init__(
        self,
        state: StateThread,
        store: Store,
        tell: Callable[[RecoveryNote], None],
        glance: Callable[[], object] = lambda: None,
        bring_in: Callable[[], int] = lambda: 0,
    ) -> None:
        """Do nothing yet.

        Args:
            state: says when.
            store: what is looked after.
            tell: gets each note about something that was found, such as an edit that came late.
            glance: called every few minutes too, on the state thread.
            bring_in: likewise, and on the thread of a look: brings in what commands did on ledgers apart; how
                many of those there were.
        """
        self._state = state
        self._store = store
        self._tell = tell
        self._glance = glance
        self._bring_in = bring_in
        self._timer: Timer | None = None
        self._thread: threading.Thread | None = None
        self._expected = False
        self._worked = False
        self._counted = 0.0
        self._stopped = False

    def start(self) -> None:
        """Begin; the first look comes at once."""
        self._state.post(self._look)

    def worked(self) -> None:
        """A picture was replaced just now. To be called on the state thread."""
        if self._expected:
            self._worked = True  # a program may have begun to write since the look that is under way began
        else:
            self._expected = True
            self._later(_AFTER_WORK, self._look)

    def stop(self) -> None:
        """End, after the look that is under way; one that waits for a disk is left behind."""
        self._state.ask(self._stop)
        if self._thread is not None:
            self._thread.join(_LAST_SECONDS)

    # -- on the state thread

    def _look(self) -> None:
        if not self._stopped:
            self._expected = True
            self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)
            self._thread.start()

    def _over(self) -> None:
        self._expected, self._worked = self._worked, False
        self._counted = 0.0
        if self._expected:
            self._later(_AFTER_WORK, self._look)
        else:
            self._later(_COUNT, self._count)

    def _count(self) -> None:
        self._store.count_time()
        self._glance()
        self._counted += _COUNT
        if self._counted >= _WHILE_IDLE:
            self._look()
        else:
            self._thread = threading.Thread(target=self._run_between, name="maintenance", daemon=True)
            self._thread.start()
            self._later(_COUNT, self._count)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._stopped:
            self._timer = self._state.later(seconds, call)

    def _stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    # -- on its own thread

    def _run(self) -> None:
        try:
            self._tend()
        finally:
            self._state.post(self._over)

    def _run_between(self) -> None:
        if self._joined():
            self._state.post(self.worked)  # a look settles what was left open there

    def _joined(self) -> bool:
        """Bring in what commands did on ledgers apart; whether there was anything."""
        try:
            return self._bring_in() > 0
        except Exception:  # noqa: BLE001 - the boundary: the originals are looked after all the same
            _log.exception("what was done apart could not be brought into the ledger")
            return False

    def _tend(self) -> None:
        self._joined()
        try:
            for note in self._store.maintain():
                self._tell(note)
        except (OSError, StoreError) as error:
            _log.warning("originals could not be looked after: %s", error)
        except Exception:  # noqa: BLE001 - the boundary: whatever it was, the next look comes
            _log.exception("originals could not be looked after")
