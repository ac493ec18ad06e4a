"""The threads that work, one a worker slot, and which of them a disk keeps from coming back.

A thread that hangs in a disk cannot be ended. It is left where it is, its slot goes to another thread, and
when the disk answers it finishes its picture.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from homepress.pipeline.job import Job
from homepress.workers import Slot

MOST_STUCK = 8
"""So many threads may hang and have another in their place; with more, work has to wait for the disks."""


@dataclass(eq=False)
class Seat:
    """A thread and its slot.

    Attributes:
        slot: its worker.
        thread: the thread, once it runs.
        job: what it works on; None while it waits for work.
        since: monotonic second from which on it has been doing something other than compressing.
        stuck: whether it hangs, so that another thread works in its place.
        place: what does not answer, for a person; empty until that is known.
    """

    slot: Slot
    thread: threading.Thread | None = None
    job: Job | None = None
    since: float = 0.0
    stuck: bool = False
    place: str = ""

    @property
    def silent_since(self) -> float:
        """When the disk that it waits for was asked, seconds since 1970."""
        return time.time() - (time.monotonic() - self.since)


@dataclass
class Seats:
    """All seats. Usable from any thread.

    Attributes:
        patience: seconds that a disk may take for one step before its thread counts as stuck.
    """

    patience: float
    _all: list[Seat] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _wanted: int = 0
    _number: int = 0

    def want(self, number: int, begin: Callable[[Seat], None], slot: Callable[[], Slot]) -> None:
        """Have so many threads that do not hang; those that are too many have no work and cost nothing.

        Args:
            number: how many; 0 for as many as were wanted before.
            begin: what each thread does.
            slot: makes a slot for a thread.
        """
        with self._lock:
            self._wanted = number or self._wanted
            while sum(not seat.stuck for seat in self._all) < self._wanted:
                seat = Seat(slot())
                # A daemon thread: the end of the program does not wait for a disk. A replacement that is cut
                # off is settled at the next start, and `Pipeline.close` ends the worker process before.
                seat.thread = threading.Thread(
                    target=begin, args=(seat,), name=f"slot-{self._number}", daemon=True
                )
                self._number += 1
                self._all.append(seat)
                seat.thread.start()

    def all(self) -> list[Seat]:
        """Every seat."""
        with self._lock:
            return list(self._all)

    def at_work(self) -> bool:
        """Whether any has a job and does not hang."""
        return any(seat.job is not None and not seat.stuck for seat in self.all())

    def newly_stuck(self, checking: bool) -> list[Seat]:
        """Those that have been waiting for a disk for too long since this was last asked.

        Args:
            checking: whether a result is being looked at, which they may be waiting for.
        """
        now, found = time.monotonic(), list[Seat]()
        with self._lock:
            free = MOST_STUCK - sum(seat.stuck for seat in self._all)
            for seat in self._all:
                if seat.job is None or seat.stuck:
                    continue
                if seat.slot.busy or checking:
                    seat.since = now
                elif now - max(seat.since, seat.job.ready_at) > self.patience and len(found) < free:
                    seat.stuck = True
                    found.append(seat)
        return found

    def stuck(self) -> list[Seat]:
        """Those that hang, the longest first."""
        return sorted((seat for seat in self.all() if seat.stuck), key=lambda seat: seat.since)

    def back(self, seat: Seat) -> bool:
        """A thread has ended its job; whether it is one too many now and has to go."""
        with self._lock:
            if not seat.stuck:
                return False
            seat.stuck, seat.place = False, ""
            too_many = sum(not each.stuck for each in self._all) > self._wanted
            if too_many:
                self._all.remove(seat)
            return too_many
