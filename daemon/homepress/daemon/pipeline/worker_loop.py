"""Gives jobs of the queue to threads, one a worker slot, and sees to those that a disk keeps.

A thread that hangs in a disk cannot be ended. It is left where it is, its slot goes to another thread, and
when the disk answers it finishes its picture.
"""

import contextlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from homepress.base.blocking import answers, silent
from homepress.base.results import ProbeAttempt
from homepress.base.system_errors import in_log, quoted
from homepress.daemon.pipeline.carry import Carrier
from homepress.daemon.pipeline.job import Destination, Job, JobResult
from homepress.daemon.pipeline.queue import FairQueue, Load
from homepress.daemon.pipeline.retry import Retries, trouble
from homepress.daemon.state import StateClosedError, StateThread, Timer, confined
from homepress.settings import usable_cores
from homepress.store.model import StoreError
from homepress.workers import UNNOTICED_BYTES, Checker, Limits, MemoryBudget, Slot, WorkerDied

_log = logging.getLogger(__name__)


MOST_STUCK = 8
"""So many threads may hang and have another in their place; with more, work has to wait for the disks."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """What a thread is asked to do besides jobs: start its worker."""


@dataclass(eq=False)
class SlotRunner:
    """A thread and its slot. The state thread writes what several read; the thread itself takes its tasks.

    Attributes:
        slot: its worker.
        foreground: whether it does what somebody waits for, at normal priority.
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
    foreground: bool = False
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
class SlotRunners:
    """All seats; they belong to the state thread. A thread begins when there is work and ends when idle.

    What somebody waits for has seats of its own, whose workers run at normal priority.
    """

    def __init__(
        self, patience: float, make: Callable[[bool], Slot], serve: Callable[[SlotRunner], None]
    ) -> None:
        """Begin with none.

        Args:
            patience: seconds that a disk may take for one step before its thread counts as stuck.
            make: makes a slot for a thread; asked with whether it runs in the background.
            serve: what each thread does.
        """
        self._patience = patience
        self._make = make
        self._serve = serve
        self._all: list[SlotRunner] = []
        self._wanted = 0
        self._number = 0

    def want(self, number: int) -> None:
        """Have at most that many threads that do not hang, but for those of the foreground."""
        self._wanted = number

    def all(self) -> list[SlotRunner]:
        """Every seat."""
        return list(self._all)

    def free(self) -> list[SlotRunner]:
        """Those of the background that have no work, the ones first that can begin soonest."""
        return self._free(foreground=False)

    def _free(self, *, foreground: bool) -> list[SlotRunner]:
        free = (runner for runner in self._all if runner.job is None and runner.foreground is foreground)
        return sorted(free, key=lambda runner: not runner.ready)

    def take(self, *, foreground: bool = False) -> SlotRunner:
        """A seat that has no work: the one that can begin soonest, else a new one."""
        return next(iter(self._free(foreground=foreground)), None) or self._add(foreground=foreground)

    def fill(self) -> list[SlotRunner]:
        """All seats that do not hang, as many as are wanted, which stay until `let_go`."""
        while self._in_background() < self._wanted:
            self._add()
        filled = [runner for runner in self._all if not runner.stuck]
        for runner in filled:
            runner.stays_until = math.inf
        return filled

    def let_go(self, runners: list[SlotRunner], seconds: float) -> None:
        """Let seats end when they are idle, after that many seconds."""
        for runner in runners:
            runner.stays_until = time.monotonic() + seconds

    def _in_background(self) -> int:
        return sum(not (runner.stuck or runner.foreground) for runner in self._all)

    def _add(self, *, foreground: bool = False) -> SlotRunner:
        runner = SlotRunner(self._make(not foreground), foreground)
        # A daemon thread: the end of the program does not wait for a disk. A replacement that is cut
        # off is settled at the next start, and `Pipeline.close` ends the worker process before.
        name = f"slot-{self._number}"
        runner.thread = threading.Thread(target=self._serve, args=(runner,), name=name, daemon=True)
        self._number += 1
        self._all.append(runner)
        runner.thread.start()
        return runner

    def begin(self, runner: SlotRunner, job: Job) -> None:
        """Give a job to a seat that has none."""
        runner.job, runner.since = job, time.monotonic()
        runner.tasks.put(job)

    def prepare(self) -> None:
        """Have one start its worker, if none is ready."""
        free = self.free()
        if not any(runner.ready for runner in free):
            runner = free[0] if free else self._add()
            runner.preparing = True
            runner.tasks.put(Prepare())

    def at_work(self) -> bool:
        """Whether any has a job and does not hang."""
        return any(runner.job is not None and not runner.stuck for runner in self._all)

    def newly_stuck(self, checking: bool) -> list[SlotRunner]:
        """Those that have been waiting for a disk for too long since this was last asked.

        Args:
            checking: whether a result is being looked at, which they may be waiting for.
        """
        now, found = time.monotonic(), list[SlotRunner]()
        free = MOST_STUCK - sum(runner.stuck for runner in self._all)
        for runner in self._all:
            if runner.job is None or runner.stuck:
                continue
            if runner.slot.busy or checking:
                runner.since = now
            elif now - max(runner.since, runner.job.ready_at) > self._patience and len(found) < free:
                runner.stuck = True
                found.append(runner)
        return found

    def stuck(self) -> list[SlotRunner]:
        """Those that hang, the longest first."""
        return sorted((runner for runner in self._all if runner.stuck), key=lambda runner: runner.since)

    def done(self, runner: SlotRunner) -> None:
        """A thread has ended its job; one that hung may be one too many now, and ends."""
        runner.job = None
        if runner.stuck:
            runner.stuck, runner.place = False, ""
            if not runner.foreground and self._in_background() > self._wanted:
                self._all.remove(runner)
                runner.tasks.put(None)

    def leave(self, runner: SlotRunner) -> bool:
        """Whether a thread that has been idle for a while may end; then it is none of ours any more."""
        busy = runner.job is not None or runner.preparing or not runner.tasks.empty()
        if busy or time.monotonic() < runner.stays_until:
            return False
        if runner in self._all:
            self._all.remove(runner)
        return True

    def end(self) -> list[SlotRunner]:
        """Have all threads end after what they do; all of them."""
        for runner in self._all:
            runner.tasks.put(None)
        return list(self._all)


RETRY_ERROR = 600.0
"""Seconds until the first try of a picture that met an error of our own."""

STOPPING = "Homepress is stopping; try again when it runs"
"""The result for a picture that was asked for and is not begun any more."""

SILENT_SECONDS = 10.0
"""After so long a disk counts as one that does not answer, and another thread works in place of that one."""

LAST_SECONDS = 10.0
"""So long after its grace a thread that is no longer compressing may go on at the end: it is storing."""

_LOOK_SECONDS = 1.0

IDLE_SECONDS = 20.0
"""After so long without work a slot ends its process, gives its memory back, and ends its thread."""


class Pipeline:
    """Carries jobs from the queue through the rooms; its methods may be called from any thread.

    Attributes:
        queue: what waits; it belongs to the state thread.
    """

    def __init__(
        self,
        state: StateThread,
        carrier: Carrier,
        slots: int,
        limits: Limits,
        changed: Callable[[], None],
        checker: Checker | None = None,
        memory: MemoryBudget | None = None,
    ) -> None:
        """Begin with nothing to do.

        Args:
            state: owns the queue and says who does what.
            carrier: does the work of one job.
            slots: how many pictures at a time, but for those that somebody asked for.
            limits: of each worker process.
            changed: called whenever `load` changes.
            checker: what the carrier has look at results; it is probed and closed with the rest.
            memory: what large pictures may take together; the checker's are among them.
        """
        self._state = state
        self._carrier = carrier
        self._changed = changed
        self._checker = checker
        self.queue = FairQueue(on_change=self._dispatch_soon)
        self._retries = Retries()
        self._memory = budget = memory or MemoryBudget()
        self._runners = SlotRunners(
            SILENT_SECONDS,
            lambda background: Slot(limits, memory=budget, background=background),
            self._serve,
        )
        self._dispatching = False
        self._watching = False
        self._next_try: Timer | None = None
        self.set_limit(slots)

    def set_limit(self, slots: int) -> None:
        """Carry so many pictures at a time that nobody asked for. What is in progress is finished."""

        def allow() -> None:
            self.queue.set_limit(slots)
            self._runners.want(slots)

        self._state.ask(allow)

    def at_once(self) -> int:
        """How many pictures that somebody waits for to carry at a time: all cores but one have work.

        And no more than there is memory for.
        """
        free = self._memory.free
        room = free // UNNOTICED_BYTES if free else math.inf
        return int(max(1, min(usable_cores() - 1, room)))

    def submit(self, job: Job) -> bool:
        """Queue a job; False when its path waits already, or nothing is begun any more."""
        taken = self._state.ask(partial(self.queue.put, job))
        if taken:
            self._changed()
        return taken

    def prewarm(self) -> None:
        """A picture may come soon: have a worker ready for it."""
        self._state.post(lambda: self._runners.prepare() if self.queue.has_room() else None)

    def load(self) -> Load:
        """What waits and what is in progress now."""
        return self._state.ask(self.queue.load)

    def holds(self, path: Path) -> bool:
        """Whether a picture waits or is in progress, for whatever reason."""
        return self._state.ask(partial(self.queue.has, path))

    def probe(self, other: int = 0) -> list[tuple[str, int, tuple[ProbeAttempt, ...]]]:
        """Have every worker, and what looks at results, try the ways out. Starts those that rest.

        Args:
            other: an ordinary process of this user, whose memory they try to open; 0 for none.

        Returns:
            Name, process id and attempts of each.

        Raises:
            WorkerDied: one could not be started.
        """
        found = []
        runners = self._state.ask(self._runners.fill)
        try:
            for number, runner in enumerate(runners, 1):
                attempts = runner.slot.probe(other)
                found.append((f"worker {number}", runner.slot.pid or 0, attempts))
            if self._checker is not None:
                attempts = self._checker.probe(other)
                found.append(("checker", self._checker.pid or 0, attempts))
        finally:
            # They live on for a while, so that the caller can look at them from outside.
            self._state.post(partial(self._runners.let_go, runners, IDLE_SECONDS))
        return found

    def forgive(self) -> None:
        """The user says so: pauses begin anew, and what was given up for now is tried."""
        self._state.ask(self._retries.clear)
        self._carrier.attempts.clear()

    def silent(self, root: Path) -> str:
        """What does not answer while pictures of a folder are worked on, in whole sentences; else empty."""
        for runner in self._state.ask(self._runners.stuck):
            if runner.place and runner.job is not None and runner.job.plan.root == root:
                return silent(runner.place, runner.silent_since)
        return ""

    def close(self, grace: float = 5.0) -> bool:
        """Finish what ends within `grace` seconds, drop the rest, end all processes and threads.

        Returns:
            Whether all have ended: False where a disk does not answer. Its threads are left behind, and what
            they do is settled at the next start like all that was cut off.
        """
        dropped = self._state.ask(self.queue.close)
        self._carrier.stop()
        runners = self._state.ask(self._runners.end)
        _join(runners, grace)
        for runner in runners:
            runner.slot.close()
        if self._checker is not None:
            self._checker.close()
        _join(runners, LAST_SECONDS)
        for job in dropped:
            job.on_result(JobResult(job.picture, "failed", STOPPING))
        left = [runner for runner in runners if runner.thread is not None and runner.thread.is_alive()]
        for runner in left:
            _log.warning("its disk does not answer, so it is left behind: %s", _name_of(runner))
        return not left

    # -- on the state thread

    def _dispatch_soon(self) -> None:
        """Something may be begun: see to it when the present step is over."""
        if not self._dispatching:
            self._dispatching = True
            self._state.post(self._dispatch)

    def _dispatch(self) -> None:
        """Give out all work that may be begun."""
        self._dispatching = False
        while (job := self.queue.take()) is not None:
            self._runners.begin(self._runners.take(foreground=job.explicit), job)
            self._changed()
        self._watch_over()
        if self._next_try is not None:
            self._next_try.cancel()
        due = self.queue.next_try()
        if due < math.inf:
            self._next_try = self._state.call_later(due - time.monotonic(), self._dispatch)

    def _watch_over(self) -> None:
        """While pictures are worked on, look every second whether a disk keeps a thread."""
        if not self._watching and self._runners.at_work():
            self._watching = True
            self._state.call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._watching = False
        checking = self._checker is not None and self._checker.busy
        for runner in self._runners.newly_stuck(checking):
            if (job := runner.job) is not None and self.queue.stuck(job):
                threading.Thread(
                    target=self._find_out, args=(runner, job), name="silent", daemon=True
                ).start()
        self._watch_over()

    def _done(self, runner: SlotRunner, job: Job) -> None:
        self._runners.done(runner)
        self.queue.done(job)
        self._changed()

    # -- on threads that may wait

    def _find_out(self, runner: SlotRunner, job: Job) -> None:
        """A disk keeps a thread: end its worker, and see which disk it is."""
        runner.slot.rest()
        places = (str(place) for place in self._carrier.places(job) if not answers(place))
        place = next(places, str(job.path))

        def tell() -> None:
            if runner.job is job:
                runner.place = place
                _log.warning("%s", silent(place, runner.silent_since))
                self._changed()

        self._state.post(tell)

    def _serve(self, runner: SlotRunner) -> None:
        """The life of one thread: until it has had nothing to do for a while."""
        try:
            while (task := self._next(runner)) is not None:
                if isinstance(task, Job):
                    self._work(task, runner)
                else:
                    self._prepare(runner)
        except StateClosedError:
            _log.debug("a disk answered after the end: %s", runner.thread)
        finally:
            runner.slot.close()
            with contextlib.suppress(StateClosedError):
                if self._checker is not None and not self._state.ask(self._runners.all):
                    self._checker.rest()

    def _next(self, runner: SlotRunner) -> Job | Prepare | None:
        while True:
            try:
                return runner.tasks.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                if self._state.ask(partial(self._runners.leave, runner)):
                    return None

    def _prepare(self, runner: SlotRunner) -> None:
        """Start the worker before there is work; if it will not start, the next picture says so."""
        try:
            self._carrier.prepare(runner.slot)
        except WorkerDied as died:
            _log.debug("no worker ahead of time: %s", died)
        finally:
            self._state.post(partial(setattr, runner, "preparing", False))

    def _work(self, job: Job, runner: SlotRunner) -> None:
        try:
            result = self._carry(job, runner.slot)
            self._report(job, result)
            if job.plan.destination is not Destination.NOWHERE:
                _log.info("%s: %s", quoted(job.path), result)
        finally:
            # Only now: when no picture is in progress any more, the result of the last one is known too.
            self._state.post(partial(self._done, runner, job))

    def _carry(self, job: Job, slot: Slot) -> JobResult:
        result = self._try(job, slot)
        if result.retry_after is None or job.explicit:
            self._state.post(partial(self._retries.over, job.path))
            return result
        pause = self._state.ask(partial(self._retries.pause, job.path, job.identity, result.retry_after))
        return msgspec.structs.replace(result, retry_after=pause)

    def _try(self, job: Job, slot: Slot) -> JobResult:
        try:
            return self._carrier.carry(job, slot)
        except OSError as error:
            _log.warning("while working on %s: %s", quoted(job.path), in_log(error))
            return trouble(job, 0, error)
        except Exception:  # noqa: BLE001 - the boundary: whatever one file brings about, the others go on
            _log.exception("while working on %s", quoted(job.path))
            reason = "an error in Homepress; its log says more"
            return JobResult(
                str(job.path), "failed", reason, retry_after=None if job.explicit else RETRY_ERROR
            )

    def _report(self, job: Job, result: JobResult) -> None:
        try:
            job.on_result(result)
        except (OSError, StoreError) as error:
            _log.warning("while telling of %s: %s", quoted(job.path), in_log(error))
        except Exception:  # noqa: BLE001 - likewise: whatever it is must not end this thread
            _log.exception("while telling of %s", quoted(job.path))


def _join(runners: Sequence[SlotRunner], seconds: float) -> None:
    """Wait for threads to end, but not for those that hang."""
    end = time.monotonic() + seconds
    for runner in runners:
        if runner.thread is not None and not runner.stuck:
            runner.thread.join(max(0.0, end - time.monotonic()))


def _name_of(runner: SlotRunner) -> str:
    job = runner.job
    return quoted(job.path) if job is not None else "a worker"
