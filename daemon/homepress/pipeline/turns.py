"""Lines that take turns: whoever joins an empty line does not wait behind a long one."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from pathlib import Path

from homepress.pipeline.job import Job


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
