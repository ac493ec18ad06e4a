"""The threads that work, one a worker slot, and which of them a disk keeps from coming back.

A thread that hangs in a disk cannot be ended. It is left where it is, its slot goes to another thread, and
when the disk answers it finishes its picture.
"""

import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from homepress.pipeline.job import Job
from homepress.pipeline.state import confined
from homepress.workers import Slot

MOST_STUCK = 8
"""So many threads may hang and have another in their place; with more, work has to wait for the disks."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """What a thread is asked to do besides jobs: start its worker."""


@dataclass(eq=False)
class Seat:
    """A thread and its slot. The state thread writes what several read; the thread itself takes its tasks.

    Attributes:
        slot: its worker.
        tasks: what it is to do, one after the other; None to end.
        thread: the thread.
        job: what it works on; None while it waits for work.
        preparing: whether it starts its worker ahead of work.
        since: monotonic second from which on it has been doing something other than compressing.
        stuck: whether it hangs, so that another thread works in its place.
        place: what does not answer, for a person; empty until that is known.
        stays_until: monotonic second before which it does not end, though it is idle.
    """

    slot: Slot
    tasks: queue.SimpleQueue[Job | Prepare | None] = field(default_factory=queue.SimpleQueue)
    thread: threading.Thread | None = None
    job: Job | None = None
    preparing: bool = False
    since: float = 0.0
    stuck: bool = False
    place: str = ""
    stays_until: float = -math.inf

    @property
    def silent_since(self) -> float:
        """When the disk that it waits for was asked, seconds since 1970."""
        return time.time() - (time.monotonic() - self.since)

    @property
    def ready(self) -> bool:
        """Whether it can begin at once, or soon."""
        return self.preparing or self.slot.pid is not None


@confined
class Seats:
    """All seats; they belong to the state thread. A thread begins when there is work and ends when idle."""

    def __init__(self, patience: float, make: Callable[[], Slot], serve: Callable[[Seat], None]) -> None:
        """Begin with none.

        Args:
            patience: seconds that a disk may take for one step before its thread counts as stuck.
            make: makes a slot for a thread.
            serve: what each thread does.
        """
        self._patience = patience
        self._make = make
        self._serve = serve
        self._all: list[Seat] = []
        self._wanted = 0
        self._number = 0

    def want(self, number: int) -> None:
        """Have at most so many threads that do not hang."""
        self._wanted = number

    def all(self) -> list[Seat]:
        """Every seat."""
        return list(self._all)

    def free(self) -> list[Seat]:
        """Those that have no work, the ones first that can begin soonest."""
        free = (seat for seat in self._all if seat.job is None)
        return sorted(free, key=lambda seat: not seat.ready)

    def take(self) -> Seat:
        """A seat that has no work: the one that can begin soonest, else a new one."""
        return next(iter(self.free()), None) or self._add()

    def fill(self) -> list[Seat]:
        """All seats that do not hang, as many as are wanted, which stay until `let_go`."""
        while sum(not seat.stuck for seat in self._all) < self._wanted:
            self._add()
        filled = [seat for seat in self._all if not seat.stuck]
        for seat in filled:
            seat.stays_until = math.inf
        return filled

    def let_go(self, seats: list[Seat], seconds: float) -> None:
        """Let seats end when they are idle, after so many seconds."""
        for seat in seats:
            seat.stays_until = time.monotonic() + seconds

    def _add(self) -> Seat:
        seat = Seat(self._make())
        # A daemon thread: the end of the program does not wait for a disk. A replacement that is cut
        # off is settled at the next start, and `Pipeline.close` ends the worker process before.
        name = f"slot-{self._number}"
        seat.thread = threading.Thread(target=self._serve, args=(seat,), name=name, daemon=True)
        self._number += 1
        self._all.append(seat)
        seat.thread.start()
        return seat

    def begin(self, seat: Seat, job: Job) -> None:
        """Give a job to a seat that has none."""
        seat.job, seat.since = job, time.monotonic()
        seat.tasks.put(job)

    def prepare(self) -> None:
        """Have one start its worker, if none is ready."""
        free = self.free()
        if not any(seat.ready for seat in free):
            seat = free[0] if free else self._add()
            seat.preparing = True
            seat.tasks.put(Prepare())

    def at_work(self) -> bool:
        """Whether any has a job and does not hang."""
        return any(seat.job is not None and not seat.stuck for seat in self._all)

    def newly_stuck(self, checking: bool) -> list[Seat]:
        """Those that have been waiting for a disk for too long since this was last asked.

        Args:
            checking: whether a result is being looked at, which they may be waiting for.
        """
        now, found = time.monotonic(), list[Seat]()
        free = MOST_STUCK - sum(seat.stuck for seat in self._all)
        for seat in self._all:
            if seat.job is None or seat.stuck:
                continue
            if seat.slot.busy or checking:
                seat.since = now
            elif now - max(seat.since, seat.job.ready_at) > self._patience and len(found) < free:
                seat.stuck = True
                found.append(seat)
        return found

    def stuck(self) -> list[Seat]:
        """Those that hang, the longest first."""
        return sorted((seat for seat in self._all if seat.stuck), key=lambda seat: seat.since)

    def done(self, seat: Seat) -> None:
        """A thread has ended its job; one that hung may be one too many now, and ends."""
        seat.job = None
        if seat.stuck:
            seat.stuck, seat.place = False, ""
            if sum(not each.stuck for each in self._all) > self._wanted:
                self._all.remove(seat)
                seat.tasks.put(None)

    def leave(self, seat: Seat) -> bool:
        """Whether a thread that has been idle for a while may end; then it is none of ours any more."""
        busy = seat.job is not None or seat.preparing or not seat.tasks.empty()
        if busy or time.monotonic() < seat.stays_until:
            return False
        if seat in self._all:
            self._all.remove(seat)
        return True

    def end(self) -> list[Seat]:
        """Have all threads end after what they do; all of them."""
        for seat in self._all:
            seat.tasks.put(None)
        return list(self._all)
