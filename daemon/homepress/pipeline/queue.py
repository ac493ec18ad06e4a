"""The order of work: fresh pictures first, large imports take turns, nobody starves."""

import threading
from collections import OrderedDict, deque
from pathlib import Path

from homepress.pipeline.job import Job

_BULK_TURN = 4
"""Every so many pictures one of a large import goes, however many fresh ones wait."""


class FairQueue:
    """A thread-safe queue in which each path stands at most once.

    Asked-for pictures go first, then fresh ones, then those of large imports, one folder after the other.
    """

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._asked: deque[Job] = deque()
        self._fresh: deque[Job] = deque()
        self._bulk: OrderedDict[Path | None, deque[Job]] = OrderedDict()
        self._paths: set[Path] = set()
        self._turn = 0
        self._paused = False
        self._closed = False

    def put(self, job: Job) -> bool:
        """Add a job; False when its path waits already or the queue is closed."""
        with self._ready:
            if self._closed or (job.path in self._paths and not job.asked):
                return False
            if job.asked:
                self._asked.append(job)
            elif job.fresh:
                self._paths.add(job.path)
                self._fresh.append(job)
            else:
                self._paths.add(job.path)
                self._bulk.setdefault(job.plan.root, deque()).append(job)
            self._ready.notify()
            return True

    def get(self, timeout: float | None = None) -> Job | None:
        """The next job; None when none came within `timeout` seconds or the queue is closed."""
        with self._ready:
            self._ready.wait_for(lambda: self._closed or self._has_work(), timeout)
            return None if self._closed else self._pop()

    def pause(self, paused: bool) -> None:
        """Hold back everything nobody asked for by name, or stop holding it back."""
        with self._ready:
            self._paused = paused
            self._ready.notify_all()

    def drop(self, root: Path) -> None:
        """Forget what waits of a folder that is no longer watched."""
        with self._ready:
            gone = [job for job in self._fresh if job.plan.root == root]
            gone += self._bulk.pop(root, deque())
            self._fresh = deque(job for job in self._fresh if job.plan.root != root)
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

    def __len__(self) -> int:
        with self._ready:
            return len(self._asked) + len(self._paths)

    def waiting(self, root: Path) -> int:
        """How many pictures of one folder wait."""
        with self._ready:
            return sum(job.plan.root == root for job in self._fresh) + len(self._bulk.get(root, ()))

    def _has_work(self) -> bool:
        return bool(self._asked) or (not self._paused and bool(self._fresh or self._bulk))

    def _pop(self) -> Job | None:
        if self._asked:
            return self._asked.popleft()
        if self._paused or not (self._fresh or self._bulk):
            return None
        self._turn += 1
        if self._fresh and not (self._bulk and self._turn % _BULK_TURN == 0):
            job = self._fresh.popleft()
        else:
            root, jobs = self._bulk.popitem(last=False)
            job = jobs.popleft()
            if jobs:
                self._bulk[root] = jobs
        self._paths.discard(job.path)
        return job
