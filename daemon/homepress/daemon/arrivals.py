"""What watching finds becomes jobs, or a line in the history; and what it asks of ledger and queue."""

import errno
import functools
import logging
import os
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path

from homepress.base.files import Mark
from homepress.base.results import FileOutcome
from homepress.base.system_errors import in_log, quoted
from homepress.daemon.core import Core
from homepress.daemon.folders import Configuration
from homepress.daemon.pipeline.job import Job, JobResult, Plan
from homepress.store.model import RetryPolicy, StoreError
from homepress.watch import Arrival, Skip, Skipped

_log = logging.getLogger(__name__)

STILL_AT_IT = 2.0
"""Seconds until a file is looked at again that arrives while it is being compressed."""

MOST_QUEUED = 1000
"""So many queued pictures are enough to keep the workers busy."""


class ArrivalHandler:
    """The sink of watching (see `homepress.watch.Sink`)."""

    def __init__(
        self,
        core: Core,
        config: Configuration,
        *,
        on_result: Callable[[Plan, JobResult], None],
        hint: Callable[[Path, float], None],
        look_again: Callable[[Path], bool],
        found: Callable[[Path], None],
        changed: Callable[[], None],
    ) -> None:
        """Take in nothing yet.

        Args:
            core: store and pipeline.
            config: the plan of each folder.
            on_result: gets the outcome of each job, with the plan it was queued under.
            hint: asks watching to look at a file again after that many seconds.
            look_again: see `homepress.watch.Sink.look_again`.
            found: gets the root of each folder that is there.
            changed: called when people see something else now.
        """
        self._store = core.store
        self._state = core.state
        self._pipeline = core.pipeline
        self._config = config
        self._on_result = on_result
        self._hint = hint
        self.look_again = look_again
        self._found = found
        self.changed = changed

    def found(self, folder: Path, root: Path) -> None:
        """A folder is there: plan for it before anything in it arrives."""
        self._config.met(folder, root)
        self._found(root)

    def coming(self) -> None:
        """A file turned up: have a worker ready when it has come to rest."""
        self._pipeline.prewarm()

    def arrived(self, arrival: Arrival) -> None:
        """A file came to rest: queue it with the plan of its folder."""
        plan = self._config.plan(arrival.root)
        if plan is not None:  # else a scan finds it again
            self._state.ask(functools.partial(self._take_in, arrival, plan))

    def _take_in(self, arrival: Arrival, plan: Plan) -> None:
        """On the state thread."""
        if self._pipeline.queue.is_full(arrival.root, arrival.path, MOST_QUEUED):
            return  # a scan finds it again
        if self._pipeline.queue.holds(arrival.path):
            return  # its turn comes, and whether it changed is seen then
        if self._pipeline.holds(arrival.path):
            self._hint(arrival.path, STILL_AT_IT)  # it changed while it was compressed
            return
        on_result = functools.partial(self._on_result, plan)
        job = Job(
            arrival.path,
            plan,
            on_result,
            arrival.interactive,
            ready_at=arrival.ready_at,
            identity=arrival.file_id,
        )
        self._pipeline.submit(job)

    def skipped(self, skipped: Skipped) -> None:
        """A file is passed over permanently: say so in the history."""
        reason = f"{skipped.reason}: {skipped.detail}" if skipped.detail else str(skipped.reason)
        plan = self._config.plan(skipped.root)
        if plan is not None:
            until = RetryPolicy.LOOK if skipped.reason.may_end else RetryPolicy.CHANGE
            if skipped.reason in (Skip.TOO_SMALL, Skip.TOO_LARGE):
                until = RetryPolicy.LIMITS
            try:
                left = FileOutcome(str(skipped.path), "unchanged", reason)
                entry = self._store.record_path(left, plan.settings, skipped.root, until)
            except (OSError, StoreError) as error:
                # The next scan finds it again, and by then the ledger may be well.
                _log.warning("%s is not in the history: %s", quoted(skipped.path), in_log(error))
                return
            if entry:
                _log.info("%s: left alone: %s", quoted(skipped.path), reason)

    def room(self) -> bool:
        """Whether a large import may bring more: the rest of it waits on the disk, not in memory."""
        return self._state.ask(self._pipeline.queue.moving) < MOST_QUEUED


class LedgerAndQueue:
    """Ledger and queue behind one interface (see `homepress.watch.KnownFiles`)."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
        """The files of a folder that are done with.

        Raises:
            OSError: the ledger cannot be read.
        """
        try:
            self._core.store.folders.catch_up(directory)
            return self._core.store.known(directory, names)
        except StoreError as error:
            raise OSError(errno.EIO, str(error), str(self._core.paths.ledger)) from error

    def held(self, path: bytes) -> bool:
        """Whether a file that watching handed on waits in the queue or is being compressed.

        Nor need a scan bring what would be kept back with more than enough others.
        """
        return self._core.state.ask(partial(self._held, Path(os.fsdecode(path))))

    def _held(self, file: Path) -> bool:
        """On the state thread."""
        queue = self._core.pipeline.queue
        if queue.has(file, explicit=False):
            return True
        root = next((root for root in file.parents if queue.held(root) is not None), None)
        return root is not None and queue.is_full(root, file, MOST_QUEUED)
