"""Threads that take jobs from the queue, one a worker slot, and the state that people see of it."""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from homepress.pipeline.backoff import Retries
from homepress.pipeline.carry import Carrier
from homepress.pipeline.job import Destination, Job, Told
from homepress.pipeline.queue import FairQueue, Load
from homepress.pipeline.trouble import trouble
from homepress.privacy import Attempt
from homepress.store.errors import StoreError
from homepress.workers import Checker, Limits, Slot, WorkerDied

_log = logging.getLogger(__name__)

RETRY_ERROR = 600.0
"""Seconds until the first try of a picture that met an error of our own."""

STOPPING = "Homepress is stopping; try again when it runs"
"""What is told of a picture that somebody asked for and that is not begun any more."""

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
        self._slots: list[Slot] = []
        self._threads: list[threading.Thread] = []
        self.allow(slots)

    def allow(self, slots: int) -> None:
        """Carry so many pictures at a time from now on. What is under way is finished; slots that have no
        work any more rest, which costs nothing.
        """
        self.queue.allow(slots)
        while len(self._slots) < slots:
            slot = Slot(self._limits)
            # Not daemon threads: a worker process must not outlive the thread that started it (its death
            # signal is tied to that thread), and a replacement under way is always finished.
            thread = threading.Thread(target=self._serve, args=(slot,), name=f"slot-{len(self._slots)}")
            self._slots.append(slot)
            self._threads.append(thread)
            thread.start()

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
        for number, slot in enumerate(self._slots, 1):
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

    def close(self, grace: float = 5.0) -> None:
        """Finish what ends within `grace` seconds, drop the rest, end all processes and threads."""
        dropped = self.queue.close()
        self._carrier.stop()
        end = time.monotonic() + grace
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        for slot in self._slots:
            slot.close()
        if self._checker is not None:
            self._checker.close()
        for thread in self._threads:
            thread.join()
        for job in dropped:
            job.tell(Told(job.path, "failed", STOPPING))

    def _serve(self, slot: Slot) -> None:
        """The life of one thread."""
        try:
            while not self.queue.closed:
                warm = slot.pid is not None
                job = self.queue.get(IDLE_SECONDS if warm else None, warm=warm)
                if job is not None:
                    self._work(job, slot)
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

    def _work(self, job: Job, slot: Slot) -> None:
        try:
            told = self._carry(job, slot)
            self._tell(job, told)
            if job.plan.destination is not Destination.NOWHERE:
                _log.info("%s: %s", ascii(str(job.path)), told)
        finally:
            # Only now: whoever sees that no picture is worked on any more also knows what came of the last.
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
