"""Threads that take jobs from the queue, one a worker slot, and the state that people see of it."""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from homepress.base.blocking import answers, silent
from homepress.pipeline.backoff import Retries
from homepress.pipeline.carry import Carrier
from homepress.pipeline.job import Destination, Job, Told
from homepress.pipeline.queue import FairQueue, Load
from homepress.pipeline.seats import Seat, Seats
from homepress.pipeline.trouble import trouble
from homepress.privacy import Attempt
from homepress.store.model import StoreError
from homepress.workers import Checker, Limits, Slot, WorkerDied

_log = logging.getLogger(__name__)

RETRY_ERROR = 600.0
"""Seconds until the first try of a picture that met an error of our own."""

STOPPING = "Homepress is stopping; try again when it runs"
"""What is told of a picture that somebody asked for and that is not begun any more."""

SILENT_SECONDS = 10.0
"""After so long a disk counts as one that does not answer, and another thread works in place of that one."""

LAST_SECONDS = 10.0
"""So long after its grace a thread that is no longer compressing may go on at the end: it is storing."""

_LOOK_SECONDS = 1.0

IDLE_SECONDS = 20.0
"""After so long without work a slot ends its process and gives its memory back."""


class Pipeline:
    """Carries jobs from the queue through the rooms. Threads start at once and end with `close`."""

    def __init__(
        self,
        carrier: Carrier,
        slots: int,
        limits: Limits,
        changed: Callable[[], None],
        checker: Checker | None = None,
    ) -> None:
        """Start the threads.

        Args:
            carrier: does the work of one job.
            slots: how many pictures at a time.
            limits: of each worker process.
            changed: called from any thread whenever `load` changes.
            checker: what the carrier has look at results; it is probed and closed with the rest.
        """
        self._checker = checker
        self.queue = FairQueue()
        self._carrier = carrier
        self._limits = limits
        self._changed = changed
        self._retries = Retries()
        self._seats = Seats(SILENT_SECONDS)
        self._at_work = threading.Event()
        self._closing = threading.Event()
        self.allow(slots)
        threading.Thread(target=self._supervise, name="slots", daemon=True).start()

    def allow(self, slots: int) -> None:
        """Carry so many pictures at a time from now on. What is under way is finished; slots that have no
        work any more rest, which costs nothing.
        """
        self.queue.allow(slots)
        self._seats.want(slots, self._serve, self._slot)

    def _slot(self) -> Slot:
        return Slot(self._limits)

    def submit(self, job: Job) -> bool:
        """Queue a job; False when its path waits already, or nothing is begun any more."""
        taken = self.queue.put(job)
        if taken:
            self._changed()
        return taken

    def expect(self) -> None:
        """A picture may come soon: have a worker ready for it."""
        self.queue.expect()

    def load(self) -> Load:
        """What waits and what is under way now."""
        return self.queue.load()

    def holds(self, path: Path) -> bool:
        """Whether a picture waits or is under way, for whatever reason."""
        return self.queue.has(path)

    def has_taken_in(self, path: Path) -> bool:
        """The same of a picture that was found; what a person asks for, such as a dry run, leaves it new."""
        return self.queue.has(path, asked=False)

    def probe(self) -> list[tuple[str, int, tuple[Attempt, ...]]]:
        """Have every worker, and what looks at results, try the ways out. Starts those that rest.

        Returns:
            Name, process id and attempts of each.

        Raises:
            WorkerDied: one could not be started.
        """
        found = []
        slots = [seat.slot for seat in self._seats.all() if not seat.stuck]
        for number, slot in enumerate(slots, 1):
            attempts = slot.probe()
            found.append((f"worker {number}", slot.pid or 0, attempts))
            # They live on for a while, so that whoever asked can look at them from outside.
            timer = threading.Timer(IDLE_SECONDS, slot.rest)
            timer.daemon = True
            timer.start()
        if self._checker is not None:
            attempts = self._checker.probe()
            found.append(("checker", self._checker.pid or 0, attempts))
        return found

    def forgive(self) -> None:
        """The user says so: pauses begin anew, and what was given up for now is tried."""
        self._retries.clear()
        self._carrier.forgive()

    def silent(self, root: Path) -> str:
        """What does not answer while pictures of a folder are worked on, in whole sentences; else empty."""
        for seat in self._seats.stuck():
            if seat.place and seat.job is not None and seat.job.plan.root == root:
                return silent(seat.place, seat.silent_since)
        return ""

    def close(self, grace: float = 5.0) -> bool:
        """Finish what ends within `grace` seconds, drop the rest, end all processes and threads.

        Returns:
            Whether all have ended: False where a disk does not answer. Its threads are left behind, and what
            they do is settled at the next start like all that was cut off.
        """
        dropped = self.queue.close()
        self._carrier.stop()
        self._closing.set()
        self._at_work.set()
        seats = self._seats.all()
        _join(seats, grace)
        for seat in seats:
            seat.slot.close()
        if self._checker is not None:
            self._checker.close()
        _join(seats, LAST_SECONDS)
        for job in dropped:
            job.tell(Told(job.path, "failed", STOPPING))
        left = [seat for seat in seats if seat.thread is not None and seat.thread.is_alive()]
        for seat in left:
            _log.warning("its disk does not answer, so it is left behind: %s", _name_of(seat))
        return not left

    def _supervise(self) -> None:
        """Let others work in the place of threads that hang; sleeps while nothing is worked on."""
        while True:
            self._at_work.wait()
            if self._closing.wait(_LOOK_SECONDS):
                return
            self._at_work.clear()
            if self._seats.at_work():
                self._at_work.set()
            checking = self._checker is not None and self._checker.busy
            for seat in self._seats.newly_stuck(checking):
                try:
                    self._pass_over(seat)
                except Exception:  # noqa: BLE001 - the boundary: whatever it was, the next one is seen to
                    _log.exception("while working past %s", _name_of(seat))

    def _pass_over(self, seat: Seat) -> None:
        """A disk keeps a thread: its folder waits for it, and another thread works for the others."""
        if (job := seat.job) is None or not self.queue.stuck(job):
            return
        self._seats.want(0, self._serve, self._slot)
        seat.slot.rest()
        places = (str(place) for place in self._carrier.places(job) if not answers(place))
        seat.place = next(places, str(job.path))
        _log.warning("%s", silent(seat.place, seat.silent_since))
        self._changed()

    def _serve(self, seat: Seat) -> None:
        """The life of one thread."""
        slot = seat.slot
        try:
            while not self.queue.closed:
                warm = slot.pid is not None
                job = self.queue.get(IDLE_SECONDS if warm else None, warm=warm)
                if job is not None:
                    self._work(job, seat)
                    if self._seats.back(seat):
                        return
                elif warm:
                    slot.rest()
                elif not self.queue.closed:
                    self._prepare(slot)
        finally:
            slot.close()

    def _prepare(self, slot: Slot) -> None:
        """Start the worker before there is work; if it will not start, the next picture says so."""
        try:
            self._carrier.prepare(slot)
        except WorkerDied as died:
            _log.debug("no worker ahead of time: %s", died)

    def _work(self, job: Job, seat: Seat) -> None:
        seat.since, seat.job = time.monotonic(), job
        self._at_work.set()
        try:
            told = self._carry(job, seat.slot)
            self._tell(job, told)
            if job.plan.destination is not Destination.NOWHERE:
                _log.info("%s: %s", ascii(str(job.path)), told)
        finally:
            # Only now: whoever sees that no picture is worked on any more also knows what came of the last.
            seat.job = None
            self.queue.done(job)
        self._changed()

    def _carry(self, job: Job, slot: Slot) -> Told:
        told = self._try(job, slot)
        if told.retry_after is None or job.asked:
            self._retries.over(job.path)
            return told
        pause = self._retries.pause(job.path, job.identity, told.retry_after)
        return dataclasses.replace(told, retry_after=pause)

    def _try(self, job: Job, slot: Slot) -> Told:
        try:
            return self._carrier.carry(job, slot)
        except OSError as error:
            _log.warning("while working on %s: %s", ascii(str(job.path)), error)
            return trouble(job, 0, error)
        except Exception as error:  # noqa: BLE001 - the boundary: whatever one file brings about, the others go on
            _log.exception("while working on %s", ascii(str(job.path)))
            reason = f"an error in Homepress: {type(error).__name__}: {error}"
            return Told(job.path, "failed", reason, retry_after=None if job.asked else RETRY_ERROR)

    def _tell(self, job: Job, told: Told) -> None:
        try:
            job.tell(told)
        except (OSError, StoreError) as error:
            _log.warning("while telling of %s: %s", ascii(str(job.path)), error)
        except Exception:  # noqa: BLE001 - likewise: whatever it is must not end this thread
            _log.exception("while telling of %s", ascii(str(job.path)))


def _join(seats: Sequence[Seat], seconds: float) -> None:
    """Wait for threads to end, but not for those that hang."""
    end = time.monotonic() + seconds
    for seat in seats:
        if seat.thread is not None and not seat.stuck:
            seat.thread.join(max(0.0, end - time.monotonic()))


def _name_of(seat: Seat) -> str:
    job = seat.job
    return ascii(str(job.path)) if job is not None else "a worker"
