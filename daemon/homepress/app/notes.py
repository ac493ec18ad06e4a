"""What happened of late that the user should know of, though nothing is to be done about it."""

import threading
from collections import deque

from homepress.base.clock import Clock, system_clock
from homepress.store.model import RecoveryNote

_KEPT_SECONDS = 86_400.0
_MOST = 20


class RecentNotes:
    """The last notes of the store, for a day. Usable from any thread."""

    def __init__(self, clock: Clock | None = None) -> None:
        """`clock` is another one for tests."""
        self._clock = clock or system_clock()
        self._lock = threading.Lock()
        self._notes: deque[tuple[float, str]] = deque(maxlen=_MOST)

    def add(self, note: RecoveryNote) -> None:
        """Remember one, unless it is routine; a note that stands already is not repeated."""
        if note.routine:
            return
        with self._lock:
            if str(note) not in (text for _, text in self._notes):
                self._notes.append((self._clock.since_boot(), str(note)))

    def texts(self) -> list[str]:
        """Those of the last day, newest first."""
        since = self._clock.since_boot() - _KEPT_SECONDS
        with self._lock:
            return [text for at, text in reversed(self._notes) if at >= since]
