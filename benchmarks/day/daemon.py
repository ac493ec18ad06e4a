"""The daemon without its threads: their turns are taken one after another, by the simulated clock."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import cast
from unittest import mock

from benchmarks.day.clock import CLOCK
from benchmarks.day.pictures import Compressor
from homepress.base.paths import Paths
from homepress.daemon.core import Core
from homepress.daemon.maintenance import Maintenance
from homepress.daemon.pipeline.job import Job, JobResult
from homepress.daemon.pipeline.worker_loop import Pipeline, SlotRunner
from homepress.daemon.service import DaemonService
from homepress.watch import FileWatch
from homepress.watch.folder import FolderWatch
from homepress.workers import Slot

_STEP = 0.05
"""Seconds between two turns of a folder that has more to do."""

_HOUR = 3600.0
_MOST_JOBS = 200
"""Pictures done in one turn: what a quick worker would do meanwhile."""


class Daemon:
    """Watching, pipeline and store as the program joins them.

    Attributes:
        compressor: what stands in for the workers.
        outcomes: how often pictures of each folder came to which end, each try counted.
        turns: how often a folder's thread would have woken up.
    """

    def __init__(self, home: Path, settings: str) -> None:
        os.environ["HOMEPRESS_HOME"] = str(home)
        paths = Paths.from_environment()
        paths.ensure()
        paths.config_file.write_text(settings, encoding="utf-8")
        self.compressor = Compressor()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.turns = 0
        self._tended = 0.0
        self.service = DaemonService(paths, stop=lambda: None)
        for kind in (FolderWatch, FileWatch, Maintenance):
            _patch(kind, "start", lambda _: None)
        _patch(Maintenance, "worked", lambda _: None)
        _patch(Pipeline, "_dispatch_soon", lambda _: None)
        self.core = Core.open(paths, self.service.changed)
        self._runner = SlotRunner(cast(Slot, self.compressor))
        self.core.pipeline._carrier._checker = None  # results of the stub need no look
        carry = self.core.pipeline._carrier.carry

        def counted(job: Job, slot: Compressor) -> JobResult:
            told = carry(job, slot)  # type: ignore[arg-type]
            root = job.plan.root
            self.outcomes[root.name if root else "", told.outcome] += 1
            return told

        _patch(self.core.pipeline._carrier, "carry", counted)
        self.service.begin(self.core)

    def turn(self) -> float:
        """Do what is due now; the moment at which something is due again, seconds since the day began."""
        due = CLOCK.now + _HOUR
        for watch in list(self.service._watch._folders.values()):
            self.turns += 1
            due = min(due, CLOCK.since_start(watch._loop.turn()))
            watch._publish(CLOCK.monotonic())
        if self._work():
            due = CLOCK.now
        if CLOCK.now - self._tended >= _HOUR:
            self._tended = CLOCK.now
            self.service._maintenance._tend()
        dues = [hold.due for hold in self.core.pipeline.queue._holds.values() if hold.jobs]
        return max(CLOCK.now + _STEP, min([due, *map(CLOCK.since_start, dues)]))

    def _work(self) -> bool:
        """Carry what waits; whether there may be more."""
        pipeline = self.core.pipeline
        for _ in range(_MOST_JOBS):
            if (job := self.core.state.ask(pipeline.queue.take)) is None:
                return False
            CLOCK.move_to(CLOCK.since_start(job.ready_at))
            pipeline._work(job, self._runner)
        return True

    def states(self) -> dict[str, str]:
        """The state of each folder, in one word, and its problem without what differs from file to file."""
        return {
            Path(folder.path).name: f"{folder.state}: {_kind(folder.problem)}"
            if folder.problem
            else folder.state
            for folder in self.service.status().folders
        }

    def close(self) -> None:
        """End it."""
        self.service.end()
        self.core.close()


def _patch(thing: object, name: str, instead: Callable[..., object]) -> None:
    mock.patch.object(thing, name, instead).start()


def _kind(problem: str) -> str:
    """What is wrong, without the path before it and the cure behind it."""
    return problem.partition(": ")[2].partition(";")[0]
