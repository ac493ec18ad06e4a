"""The order of work: fresh pictures first, large imports take turns, nobody starves."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from homepress.pipeline.job import Job
from homepress.pipeline.turns import Turns

_BULK_TURN = 4
"""Every so many pictures one of a large import goes, however many fresh ones wait."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much there is to do: pictures that wait, and pictures being compressed."""

    waiting: int
    working: int


@dataclass(slots=True)
class _Hold:
    """What is kept back of one folder; at monotonic second `due` one picture is let out, to try."""

    every: float = math.inf
    due: float = math.inf
    jobs: deque[Job] = field(default_factory=deque)


class FairQueue:
    """A thread-safe queue in which each path stands at most once.

    Asked-for pictures go first, then fresh ones, then those of large imports; the places where fresh ones
    turned up take turns, and so do the watched folders of imports. What was taken out is under way until
    `done`, so that at no moment a picture seems to be neither.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._most = math.inf
        self._ready = threading.Condition()
        self._asked: deque[Job] = deque()
        self._fresh = Turns(lambda job: job.path.parent)
        self._bulk = Turns(lambda job: job.plan.root)
        self._holds: dict[Path | None, _Hold] = {}
        self._paths: set[Path] = set()
        self._under_way: list[Job] = []
        self._stuck: list[Job] = []
        self._silent: dict[Path, deque[Job]] = {}
        self._turn = 0
        self._warm = 0
        self._expected = False
        self._paused = False
        self._closed = False

    def put(self, job: Job) -> bool:
        """Add a job; False when its path waits already or the queue is closed."""
        with self._ready:
            if self._closed or (job.path in self._paths and not job.asked):
                return False
            if job.asked:
                self._asked.append(job)
            else:
                self._paths.add(job.path)
                self._line_up(job)
            self._ready.notify_all()
            return True

    def expect(self) -> None:
        """A job may come soon: one `get` that is not `warm` returns None, unless a warm one waits."""
        with self._ready:
            if not (self._warm or self._paused or len(self._under_way) >= self._most):
                self._expected = True
                self._ready.notify_all()

    def get(self, timeout: float | None = None, *, warm: bool = True) -> Job | None:
        """The next job.

        Args:
            timeout: seconds to wait.
            warm: whether the caller could begin at once; others leave their work to those who can.

        Returns:
            None when none came in time, when the queue is closed, or when it is time to get warm.
        """
        end = math.inf if timeout is None else self._clock() + timeout
        with self._ready:
            self._warm += warm
            try:
                return self._wait(end, warm)
            finally:
                self._warm -= warm
                if self._has_work():
                    self._ready.notify_all()

    def _wait(self, end: float, warm: bool) -> Job | None:
        while not (self._closed or self._may_take(warm)):
            now = self._clock()
            if now >= end:
                return None
            if self._expected and not warm:
                self._expected = False
                return None
            # Whoever may take what is due already is woken when that changes.
            dues = (hold.due for hold in self._holds.values() if hold.jobs and hold.due > now)
            next_try = min(dues, default=math.inf)
            wait = min(end, math.inf if self._paused else next_try) - now
            self._ready.wait(None if wait == math.inf else wait)
        self._expected = False
        job = None if self._closed else self._pop()
        if job is not None:
            self._under_way.append(job)
        return job

    def done(self, job: Job) -> None:
        """A job that `get` gave is over."""
        with self._ready:
            self._under_way = [other for other in self._under_way if other is not job]
            if any(other is job for other in self._stuck):
                self._stuck = [other for other in self._stuck if other is not job]
                self._let_back(job.plan.root)
            self._ready.notify_all()

    def stuck(self, job: Job) -> bool:
        """A disk does not answer whoever has this job: another may be taken out in its place.

        What is found in its folder is kept back until it is `done`.

        Returns:
            False when it is done by now.
        """
        with self._ready:
            if all(other is not job for other in self._under_way):
                return False
            self._under_way = [other for other in self._under_way if other is not job]
            self._stuck.append(job)
            root = job.plan.root
            if root is not None and not job.asked and root not in self._silent:
                self._silent[root] = deque(self._fresh.take(root) + self._bulk.take(root))
            self._ready.notify_all()
            return True

    def _let_back(self, root: Path | None) -> None:
        """Let go what was kept back of a folder, if nothing hangs there any more."""
        if root is not None and all(job.plan.root != root or job.asked for job in self._stuck):
            for job in self._silent.pop(root, ()):
                self._line_up(job)

    def allow(self, most: int) -> None:
        """Let at most so many jobs be under way at a time."""
        with self._ready:
            self._most = most
            self._ready.notify_all()

    def pause(self, paused: bool) -> None:
        """Hold back everything nobody asked for by name, or stop holding it back."""
        with self._ready:
            self._paused = paused
            self._ready.notify_all()

    def hold(self, place: Path, every: float = math.inf) -> None:
        """Keep back what waits and what comes of a folder.

        Args:
            place: a watched folder, or one inside it of which only its own pictures are meant.
            every: after so many seconds, and again and again, one picture is let out to try.
        """
        with self._ready:
            if place not in self._holds:
                self._holds[place] = _Hold(jobs=deque(self._take(place)))
            hold = self._holds[place]
            hold.every, hold.due = every, self._clock() + every
            self._ready.notify_all()

    def try_now(self, place: Path) -> None:
        """Let one picture of a held folder out at once."""
        with self._ready:
            if place in self._holds:
                self._holds[place].due = self._clock()
                self._ready.notify_all()

    def release(self, place: Path) -> bool:
        """Keep nothing of a folder back any more; whether anything was held there."""
        with self._ready:
            hold = self._holds.pop(place, None)
            for job in hold.jobs if hold else ():
                self._line_up(job)
            self._ready.notify_all()
            return hold is not None

    def held(self, place: Path) -> int | None:
        """How many pictures of a folder are kept back; None when it is not held."""
        with self._ready:
            kept = [hold.jobs for hold in (self._holds.get(place),) if hold is not None]
            kept += [self._silent[place]] if place in self._silent else []
            return sum(map(len, kept)) if kept else None

    def moving(self) -> int:
        """How many pictures wait that are not kept back, or are under way."""
        with self._ready:
            kept_back = sum(len(hold.jobs) for hold in self._holds.values())
            kept_back += sum(map(len, self._silent.values()))
            return len(self) - kept_back + len(self._under_way)

    def load(self) -> Load:
        """What waits and what is under way now."""
        with self._ready:
            return Load(len(self) + len(self._stuck), len(self._under_way))

    def drop(self, root: Path) -> None:
        """Forget what waits of a folder that is no longer watched."""
        with self._ready:
            gone = self._fresh.take(root) + self._bulk.take(root)
            for place in [p for p in self._holds if p == root or (p and root in p.parents)]:
                gone += self._holds.pop(place).jobs
            gone += self._silent.pop(root, ())
            self._paths -= {job.path for job in gone}

    def close(self) -> list[Job]:
        """Let every `get` return None from now on; the jobs that were asked for and will not be done."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
            dropped = list(self._asked)
            self._asked.clear()
            return dropped

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def holds(self, path: Path) -> bool:
        """Whether a path waits."""
        with self._ready:
            return path in self._paths

    def has(self, path: Path, *, asked: bool = True) -> bool:
        """Whether a path waits or is under way; without `asked`, only because it was found."""
        with self._ready:
            return path in self._paths or any(
                job.path == path for job in (*self._under_way, *self._stuck) if asked or not job.asked
            )

    def __len__(self) -> int:
        with self._ready:
            return len(self._asked) + len(self._paths)

    def waiting(self, root: Path) -> int:
        """How many pictures of one folder wait."""
        with self._ready:
            held = sum(job.plan.root == root for hold in self._holds.values() for job in hold.jobs)
            held += len(self._silent.get(root, ())) + sum(job.plan.root == root for job in self._stuck)
            return self._fresh.count(root) + self._bulk.count(root) + held

    def is_full(self, root: Path, path: Path, most: int) -> bool:
        """Whether a picture would be kept back where so many are already: a scan finds it again."""
        with self._ready:
            holds = (self._holds.get(root), self._holds.get(path.parent))
            kept = [hold.jobs for hold in holds if hold is not None] + [self._silent.get(root, ())]
            return any(len(jobs) >= most for jobs in kept)

    def _line_up(self, job: Job) -> None:
        hold = self._holds.get(job.plan.root) or self._holds.get(job.path.parent)
        if job.plan.root in self._silent:
            self._silent[job.plan.root].append(job)
        elif hold is not None:
            hold.jobs.append(job)
        elif job.fresh:
            self._fresh.put(job)
        else:
            self._bulk.put(job)

    def _take(self, place: Path) -> list[Job]:
        """What waits of a folder, out of its line."""
        return self._fresh.take_in(place) + self._bulk.take_in(place)

    def _due(self) -> _Hold | None:
        """A folder of which one picture is to be tried now."""
        now = self._clock()
        return next((hold for hold in self._holds.values() if hold.due <= now and self._has_next(hold)), None)

    def _has_next(self, hold: _Hold) -> bool:
        """Whether there is one to try: what is kept back belongs to one folder, whose disk has to answer."""
        return bool(hold.jobs) and hold.jobs[0].plan.root not in self._silent

    def _has_work(self) -> bool:
        if self._asked:
            return True
        return not self._paused and bool(self._fresh or self._bulk or self._due())

    def _may_take(self, warm: bool) -> bool:
        """Whether there is work that nobody who waits could begin sooner."""
        if not self._has_work() or len(self._under_way) >= self._most:
            return False
        jobs = len(self._asked) + len(self._fresh) + len(self._bulk)
        return warm or self._warm < jobs + (self._due() is not None)

    def _pop(self) -> Job | None:
        if self._asked:
            return self._asked.popleft()
        if self._paused:
            return None
        self._turn += 1
        if (hold := self._due()) is not None:
            hold.due = self._clock() + hold.every
            job = hold.jobs.popleft()
        elif not (self._fresh or self._bulk):
            return None
        elif self._fresh and not (self._bulk and self._turn % _BULK_TURN == 0):
            job = self._fresh.pop()
        else:
            job = self._bulk.pop()
        self._paths.discard(job.path)
        return job
