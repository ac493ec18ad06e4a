"""What the store wants done now and then: late writers looked for, old originals let go, backups made."""

import logging
import threading
from collections.abc import Callable

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


class Caretaker:
    """A thread that sleeps until there was work, or for an hour."""

    def __init__(
        self, store: Store, tell: Callable[[RecoveryNote], None], look: Callable[[], object] = lambda: None
    ) -> None:
        """Do nothing yet.

        Args:
            store: what is looked after.
            tell: gets each note about something that was found, such as an edit that came late.
            look: called every few minutes too.
        """
        self._store = store
        self._tell = tell
        self._look = look
        self._worked = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        """Begin; the first look comes at once."""
        self._thread.start()

    def worked(self) -> None:
        """A picture was replaced just now."""
        self._worked.set()

    def stop(self) -> None:
        """End, after the look that is under way; one that waits for a disk is left behind."""
        self._stopping.set()
        self._worked.set()
        self._thread.join(_LAST_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._tend()
            if self._idle():
                # Cleared before the pause, so that work during it is followed by a look of its own.
                self._worked.clear()
                self._stopping.wait(_AFTER_WORK)

    def _idle(self) -> bool:
        """Wait for work, at most for an hour; whether there was any."""
        for _ in range(round(_WHILE_IDLE / _COUNT)):
            if self._worked.wait(_COUNT):
                return True
            self._store.count_time()
            self._look()
        return False

    def _tend(self) -> None:
        try:
            for note in self._store.tend():
                self._tell(note)
        except (OSError, StoreError) as error:
            _log.warning("originals could not be looked after: %s", error)
        except Exception:  # noqa: BLE001 - the boundary: whatever it was, the next look comes
            _log.exception("originals could not be looked after")
