"""Holding on to originals whose content was copied away, until it is sure that nobody wrote to them.

Where an original moves into a vault by a rename, the vault has the very file. Where it had to be copied, the
file itself has no name any more: a program that had it open could still write to it, into nothing.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from homepress.store.errors import StoreError
from homepress.store.kernel import Kernel, read_whole
from homepress.store.plan import Plan

SETTLE_SECONDS = 5.0
"""How long after a replacement a program that already had the file open gets to write."""

_MOST_HELD = 64
"""Descriptors held at a time; beyond that the oldest are looked at early."""


@dataclass(frozen=True, slots=True)
class _Held:
    plan: Plan
    fd: int
    modified: tuple[int, int]
    since: float


class HeldOriginals:
    """Open descriptors of originals that have no name any more."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._lock = threading.Lock()
        self._held: list[_Held] = []

    def hold(self, fd: int, plan: Plan) -> None:
        """Hold one more; `fd` stays the caller's."""
        # As it was read, not as it is: it may have been written to since it was last looked at.
        modified = (plan.source_size, plan.metadata.mtime_ns)
        with self._lock:
            self._held.append(_Held(plan, os.dup(fd), modified, time.monotonic()))

    def give_back(self, write: Callable[[Plan, bytes], None], *, everything: bool = False) -> None:
        """Have what was written to them written elsewhere; those that came to rest are let go.

        Args:
            write: gets the plan of the replacement and the content. If it raises `OSError` or `StoreError`
                the descriptor is held on to, and it is asked again the next time.
            everything: do not wait for the rest of the seconds: the program ends.
        """
        for held in self._take_ripe(everything):
            try:
                facts = self._kernel.stat(held.fd)
                if (facts.st_size, facts.st_mtime_ns) != held.modified:
                    write(held.plan, read_whole(self._kernel, held.fd))
            except (OSError, StoreError):
                with self._lock:
                    self._held.append(held)
            else:
                os.close(held.fd)

    def _take_ripe(self, everything: bool) -> list[_Held]:
        limit = time.monotonic() - SETTLE_SECONDS
        with self._lock:
            over = len(self._held) - _MOST_HELD
            ripe = [h for i, h in enumerate(self._held) if everything or h.since <= limit or i < over]
            self._held = [h for h in self._held if h not in ripe]
        return ripe
