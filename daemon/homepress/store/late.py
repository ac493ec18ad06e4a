"""Late writers: programs that had an original open before it was replaced and wrote to it afterwards.

Their bytes land in what is kept as the original. They are found by looking again after some seconds, and once
more before an original is let go.
"""

import contextlib
import os
import threading
import time
from dataclasses import dataclass

from homepress.store.kernel import Kernel, sha256_of
from homepress.store.plan import Plan

SETTLE_SECONDS = 5.0
"""How long after a replacement a program that already had the file open gets to write."""

_MOST_HELD = 64
"""Descriptors held at a time; beyond that the oldest is looked at early."""


@dataclass(frozen=True, slots=True)
class Held:
    """The open descriptor of an original whose name is gone: its content was copied into a vault."""

    plan: Plan
    fd: int
    since: float


class LateWriters:
    """Holds what would otherwise be freed, until it is sure that nobody wrote to it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._lock = threading.Lock()
        self._held: list[Held] = []

    def hold(self, fd: int, plan: Plan) -> None:
        """Keep one more descriptor of the original; `fd` stays the caller's."""
        with self._lock:
            self._held.append(Held(plan, os.dup(fd), time.monotonic()))

    def due(self) -> list[tuple[Plan, bytes]]:
        """Originals that were written to meanwhile, with what is in them now; the others are let go."""
        with self._lock:
            limit = time.monotonic() - SETTLE_SECONDS
            over = len(self._held) - _MOST_HELD
            ripe = [h for i, h in enumerate(self._held) if h.since <= limit or i < over]
            self._held = [h for h in self._held if h not in ripe]
        found = []
        for held in ripe:
            with contextlib.closing(_Descriptor(self._kernel, held.fd)):
                if sha256_of(self._kernel, held.fd) != held.plan.source_sha256:
                    self._kernel.rewind(held.fd)
                    found.append((held.plan, _rest(self._kernel, held.fd)))
        return found

    def close(self) -> list[tuple[Plan, bytes]]:
        """As `due`, for all that is held."""
        with self._lock:
            self._held = [Held(h.plan, h.fd, 0.0 - SETTLE_SECONDS) for h in self._held]
        return self.due()


class _Descriptor:
    def __init__(self, kernel: Kernel, fd: int) -> None:
        self._kernel, self._fd = kernel, fd

    def close(self) -> None:
        self._kernel.close(self._fd)


def _rest(kernel: Kernel, fd: int) -> bytes:
    chunks = []
    while chunk := kernel.read(fd, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)
