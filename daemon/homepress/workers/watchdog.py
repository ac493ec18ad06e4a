"""Ends a process that is at its task for too long."""

import threading
import time
from collections.abc import Callable
from types import TracebackType

from homepress.workers.host import host

_BASE_SECONDS = 120.0
_SECONDS_PER_BYTE = 6.0 / 1_000_000
_LONGEST_SECONDS = 3600.0
_SHORTEST_WAIT = 0.05


def deadline_for(source_bytes: int) -> float:
    """Seconds that a picture may take: far more than any took, so that only what hangs is ended."""
    return min(_BASE_SECONDS + source_bytes * _SECONDS_PER_BYTE, _LONGEST_SECONDS)


class Watchdog:
    """Calls `bite` when the seconds are over, unless the block it guards has ended.

    Seconds in which the process was ready to run but others had the processors do not count: a worker runs at
    idle priority, so on a busy computer it may stand still for long without being at fault.

    Attributes:
        bitten: whether it did.
    """

    def __init__(self, pid: int, seconds: float, bite: Callable[[], None]) -> None:
        self.bitten = False
        self._pid = pid
        self._seconds = seconds
        self._bite = bite
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> "Watchdog":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        begin, waited_before = time.monotonic(), host.waited_seconds(self._pid)
        left = self._seconds
        while not self._over.wait(max(left, _SHORTEST_WAIT)):
            waited = host.waited_seconds(self._pid) - waited_before
            left = self._seconds - max(0.0, time.monotonic() - begin - waited)
            if left <= 0:
                self.bitten = True
                self._bite()
                return
