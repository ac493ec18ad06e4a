"""The files that were seen and are not at rest yet. Memory only: looking at them is done by `look`."""

import heapq
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from homepress.watch.arrival import Signature, Waiting
from homepress.watch.timing import Timing

NEVER = float("inf")


@dataclass(slots=True, eq=False)
class Pending:
    """One file that is not at rest yet. Times are monotonic seconds.

    Attributes:
        path: absolute path as bytes.
        signature: what it looked like at the last look; None before the first one.
        since: when it was first seen like that.
        need: seconds of quiet that it needs.
        due: when to look again.
        fresh: see `Arrival.fresh`.
        reason: what it is waiting for.
        detail: more about that, in words.
        tries: looks in a row that found the same obstacle.
        asked: whether the ledger was asked about it; until then it may be one of our own results.
        told: whether the sink heard that it stays incomplete.
        ticket: number of its one valid place in the queue.
    """

    path: bytes
    signature: Signature | None
    since: float
    need: float
    due: float
    fresh: bool
    reason: Waiting = Waiting.QUIET
    detail: str = ""
    tries: int = 0
    asked: bool = False
    told: bool = False
    ticket: int = -1


class Settler:
    """All pending files of one folder, in the order in which they have to be looked at."""

    def __init__(self, timing: Timing, need: float) -> None:
        """Keep files that need `need` seconds of quiet, unless something about them asks for more."""
        self._timing = timing
        self._need = need
        self._lock = threading.Lock()
        self._pending: dict[bytes, Pending] = {}
        self._queue: list[tuple[float, int, Pending]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._pending)

    def __contains__(self, path: bytes) -> bool:
        return path in self._pending

    def is_empty(self, path: bytes) -> bool:
        """Whether a file waits that was empty at the last look."""
        pending = self._pending.get(path)
        return pending is not None and pending.signature is not None and not pending.signature.size

    def notice(self, path: bytes, signature: Signature, now: float, fresh: bool) -> None:
        """Take in a file that an event or a scan named, or look sooner at one that waits."""
        pending = self._pending.get(path)
        if pending is None:
            entry = Pending(path, signature, now, self._need, now + self._timing.early, fresh)
            with self._lock:
                self._pending[path] = entry
            self._push(entry)
        elif pending.signature != signature:
            self.restart(pending, signature, now)
        elif pending.reason in (Waiting.WRITER, Waiting.WHOLE):
            pending.tries = 0
            self.put_off(pending, min(pending.due, now + self._timing.early), pending.reason, pending.detail)

    def look_at(self, path: bytes, due: float) -> None:
        """Look at a file at `due`, whatever it looks like by then, and not before."""
        entry = Pending(path, None, due, self._need, due, fresh=True, reason=Waiting.RETRY)
        with self._lock:
            self._pending[path] = entry
        self._push(entry)

    def restart(self, pending: Pending, signature: Signature, now: float) -> None:
        """It changed: its quiet time begins again."""
        pending.signature, pending.since = signature, now
        pending.need, pending.tries, pending.told = self._need, 0, False
        self.put_off(pending, now + self._timing.early, Waiting.QUIET)

    def put_off(self, pending: Pending, due: float, reason: Waiting, detail: str = "") -> None:
        """Look again at `due`; until then it waits for `reason`."""
        pending.due, pending.reason, pending.detail = due, reason, detail
        self._push(pending)

    def drop(self, pending: Pending) -> None:
        """Forget a file."""
        with self._lock:
            if self._pending.get(pending.path) is pending:
                del self._pending[pending.path]

    def take_due(self, now: float, most: int) -> list[Pending]:
        """Up to `most` files to look at now; each has to be put off, restarted or dropped."""
        taken: list[Pending] = []
        while self._queue and len(taken) < most and self._queue[0][0] <= now:
            _, ticket, pending = heapq.heappop(self._queue)
            if self._is_current(ticket, pending):
                pending.ticket = -1
                taken.append(pending)
        return taken

    def next_due(self) -> float:
        """When the next look is due; infinite when none is."""
        while self._queue and not self._is_current(*self._queue[0][1:]):
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else NEVER

    def suspend(self) -> None:
        """Their folder is gone: keep them, look at none."""
        with self._lock:
            self._queue.clear()
            for pending in self._pending.values():
                pending.due, pending.reason, pending.detail = NEVER, Waiting.MISSING, ""

    def resume(self, now: float) -> None:
        """Their folder is back: look at all that `suspend` put by."""
        for pending in list(self._pending.values()):
            if pending.reason is Waiting.MISSING:
                pending.signature = None
                self.put_off(pending, now, Waiting.QUIET)

    def waiting(self) -> Iterator[Pending]:
        """The files that a person would count as waiting: all that the ledger was asked about."""
        with self._lock:
            entries = list(self._pending.values())
        return (entry for entry in entries if entry.asked or entry.reason is not Waiting.QUIET)

    def count(self) -> tuple[int, int]:
        """How many files wait for a person to see, and how many are in their first quiet time."""
        with self._lock:
            entries = self._pending.values()
            return (
                sum(e.asked or e.reason is not Waiting.QUIET for e in entries),
                sum(e.reason is Waiting.QUIET for e in entries),
            )

    def _push(self, pending: Pending) -> None:
        pending.ticket = next(self._order)
        heapq.heappush(self._queue, (pending.due, pending.ticket, pending))
        if len(self._queue) > 2 * len(self._pending) + 1024:
            self._queue = [entry for entry in self._queue if self._is_current(*entry[1:])]
            heapq.heapify(self._queue)

    def _is_current(self, ticket: int, pending: Pending) -> bool:
        return pending.ticket == ticket and self._pending.get(pending.path) is pending
