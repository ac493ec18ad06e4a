"""The order of work: fresh pictures first, large imports take turns, nobody starves."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path

from homepress.daemon.pipeline.job import Job
from homepress.daemon.state import confined

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

    @property
    def tries(self) -> bool:
        """Whether any is let out at all before the folder is released."""
        return self.every < math.inf


@confined
class FairQueue:
    """A queue in which each path stands at most once; it belongs to the state thread.

    Asked-for pictures do not wait for the others, and have a limit of their own (`Job.at_once`), since
    somebody waits for them. Of the others, fresh ones go first, then those of large imports; the places where
    fresh ones turned up take turns, and so do the watched folders of imports. What was taken out is in
    progress until `done`.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, on_change: Callable[[], None] = lambda: None
    ) -> None:
        """Nothing waits yet.

        Args:
            clock: monotonic seconds.
            on_change: called when another job may be begun now.
        """
        self._clock = clock
        self._on_change = on_change
        self._most = math.inf
        self._explicit: deque[Job] = deque()
        self._fresh = Turns(lambda job: job.path.parent)
        self._bulk = Turns(lambda job: job.plan.root)
        self._holds: dict[Path | None, _Hold] = {}
        self._paths: set[Path] = set()
        self._under_way: list[Job] = []
        self._stuck: list[Job] = []
        self._silent: dict[Path, deque[Job]] = {}
        self._turn = 0
        self._paused = False
        self._closed = False

    def put(self, job: Job) -> bool:
        """Add a job; False when its path waits already or the queue is closed."""
        if self._closed or (job.path in self._paths and not job.explicit):
            return False
        if job.explicit:
            self._explicit.append(job)
        else:
            self._paths.add(job.path)
            self._line_up(job)
        self._on_change()
        return True

    def take(self) -> Job | None:
        """The job that is to be begun next, which is in progress from now on; None when none may be."""
        if self._closed:
            return None
        job = self._pop_asked() or self._pop_found()
        if job is not None:
            self._under_way.append(job)
        return job

    def has_room(self) -> bool:
        """Whether a picture that is found now would be begun at once."""
        return not (self._closed or self._paused or self._is_full())

    def next_try(self) -> float:
        """Monotonic second at which a held picture is to be tried; infinite while none is."""
        now = self._clock()
        dues = [hold.due for hold in self._holds.values() if hold.jobs and hold.due > now]
        return math.inf if self._paused or self._closed else min(dues, default=math.inf)

    def done(self, job: Job) -> None:
        """A job that `get` gave is over."""
        self._under_way = [other for other in self._under_way if other is not job]
        if any(other is job for other in self._stuck):
            self._stuck = [other for other in self._stuck if other is not job]
            self._let_back(job.plan.root)
        self._on_change()

    def stuck(self, job: Job) -> bool:
        """A disk does not answer the thread of this job: another may be taken out in its place.

        What is found in its folder is kept back until it is `done`.

        Returns:
            False when it is done by now.
        """
        if all(other is not job for other in self._under_way):
            return False
        self._under_way = [other for other in self._under_way if other is not job]
        self._stuck.append(job)
        root = job.plan.root
        if root is not None and not job.explicit and root not in self._silent:
            self._silent[root] = deque(self._fresh.take(root) + self._bulk.take(root))
        self._on_change()
        return True

    def _let_back(self, root: Path | None) -> None:
        """Let go what was kept back of a folder, if nothing hangs there any more."""
        if root is not None and all(job.plan.root != root or job.explicit for job in self._stuck):
            for job in self._silent.pop(root, ()):
                self._line_up(job)

    def set_limit(self, most: int) -> None:
        """Let at most that many jobs be in progress at a time that nobody asked for by name."""
        self._most = most
        self._on_change()

    def pause(self, paused: bool) -> None:
        """Hold back everything nobody asked for by name, or stop holding it back."""
        self._paused = paused
        self._on_change()

    def suspend(self, place: Path, every: float = math.inf) -> None:
        """Keep back what waits and what comes of a folder.

        Args:
            place: a watched folder, or one inside it of which only its own pictures are meant.
            every: after that many seconds, and again and again, one picture is let out to try. If infinite,
                none is before the folder is released, nor of a folder inside it.
        """
        if place not in self._holds:
            self._holds[place] = _Hold(jobs=deque(self._take(place)))
        hold = self._holds[place]
        hold.every, hold.due = every, self._clock() + every
        self._on_change()

    def try_now(self, place: Path) -> None:
        """Let one picture of a held folder out at once, if any is let out to try."""
        hold = self._holds.get(place)
        if hold is not None and hold.tries:
            hold.due = self._clock()
            self._on_change()

    def release(self, place: Path) -> bool:
        """Keep nothing of a folder back any more; whether anything was held there."""
        hold = self._holds.pop(place, None)
        for job in hold.jobs if hold else ():
            self._line_up(job)
        self._on_change()
        return hold is not None

    def held(self, place: Path) -> int | None:
        """How many pictures of a folder are kept back; None when it is not held."""
        kept = [hold.jobs for hold in (self._holds.get(place),) if hold is not None]
        kept += [self._silent[place]] if place in self._silent else []
        return sum(map(len, kept)) if kept else None

    def moving(self) -> int:
        """How many pictures wait that are not kept back, or are in progress."""
        kept_back = sum(len(hold.jobs) for hold in self._holds.values())
        kept_back += sum(map(len, self._silent.values()))
        return len(self) - kept_back + len(self._under_way)

    def load(self) -> Load:
        """What waits and what is in progress now."""
        return Load(len(self) + len(self._stuck), len(self._under_way))

    def drop(self, root: Path) -> None:
        """Forget what waits of a folder that is no longer watched."""
        gone = self._fresh.take(root) + self._bulk.take(root)
        for place in [p for p in self._holds if p == root or (p and root in p.parents)]:
            gone += self._holds.pop(place).jobs
        gone += self._silent.pop(root, ())
        self._paths -= {job.path for job in gone}

    def close(self) -> list[Job]:
        """Give nothing out from now on; the jobs that were asked for and will not be done."""
        self._closed = True
        dropped = list(self._explicit)
        self._explicit.clear()
        return dropped

    def holds(self, path: Path) -> bool:
        """Whether a path waits."""
        return path in self._paths

    def has(self, path: Path, *, explicit: bool = True) -> bool:
        """Whether a path waits or is in progress; without `explicit`, only because it was found."""
        return path in self._paths or any(
            job.path == path for job in (*self._under_way, *self._stuck) if explicit or not job.explicit
        )

    def __len__(self) -> int:
        return len(self._explicit) + len(self._paths)

    def waiting(self, root: Path) -> int:
        """How many pictures of one folder wait."""
        held = sum(job.plan.root == root for hold in self._holds.values() for job in hold.jobs)
        held += len(self._silent.get(root, ())) + sum(job.plan.root == root for job in self._stuck)
        return self._fresh.count(root) + self._bulk.count(root) + held

    def is_full(self, root: Path, path: Path, most: int) -> bool:
        """Whether a picture would be kept back where so many are already: a scan finds it again."""
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
        """Whether there is one to try: its watched folder may have none tried, or a disk that hangs."""
        if not hold.jobs:
            return False
        root = hold.jobs[0].plan.root
        whole = self._holds.get(root)
        return root not in self._silent and (whole is None or whole.tries)

    def _is_full(self) -> bool:
        return sum(not job.explicit for job in self._under_way) >= self._most

    def _pop_asked(self) -> Job | None:
        at_work = sum(job.explicit for job in self._under_way)
        if self._explicit and at_work < self._explicit[0].at_once:
            return self._explicit.popleft()
        return None

    def _pop_found(self) -> Job | None:
        if self._paused or self._is_full():
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


class Turns:
    """Jobs in lines, one after the other within a line, line after line from one job to the next."""

    def __init__(self, line_of: Callable[[Job], Hashable]) -> None:
        """`line_of` tells which line a job joins."""
        self._line_of = line_of
        self._lines: OrderedDict[Hashable, deque[Job]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, job: Job) -> None:
        """Add a job to the end of its line."""
        self._lines.setdefault(self._line_of(job), deque()).append(job)
        self._length += 1

    def pop(self) -> Job:
        """The first job of the line whose turn it is; there has to be one."""
        line, jobs = self._lines.popitem(last=False)
        job = jobs.popleft()
        if jobs:
            self._lines[line] = jobs
        self._length -= 1
        return job

    def take(self, root: Path) -> list[Job]:
        """Remove the jobs of a watched folder and give them, in order of their lines."""
        return self._take(lambda job: job.plan.root == root)

    def take_in(self, place: Path) -> list[Job]:
        """The same; if `place` is a folder inside a watched one, those of its own pictures."""
        return self._take(lambda job: place in (job.plan.root, job.path.parent))

    def _take(self, wanted: Callable[[Job], bool]) -> list[Job]:
        taken = []
        for line, jobs in list(self._lines.items()):
            taken += [job for job in jobs if wanted(job)]
            left = deque(job for job in jobs if not wanted(job))
            if left:
                self._lines[line] = left
            else:
                del self._lines[line]
        self._length -= len(taken)
        return taken

    def count(self, root: Path) -> int:
        """How many jobs of a watched folder wait."""
        return sum(job.plan.root == root for jobs in self._lines.values() for job in jobs)
