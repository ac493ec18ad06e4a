"""When a picture is tried again: pauses that double, and what stands against it in words."""

import errno
import os
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from homepress.base.files import FileId
from homepress.base.system_errors import Retry, Scope, explain, in_words, printable, with_name
from homepress.daemon.pipeline.job import Job, JobResult
from homepress.daemon.state import confined
from homepress.store.model import (
    Degraded,
    DriveAway,
    Source,
    StoreError,
    StoreFull,
    VerifyFailed,
)
from homepress.workers import MemoryBudget, NoRoomError, WorkerDied

# -- pauses between tries: each doubles the one before, up to an hour, until something changes

LONGEST = 3600.0
"""Seconds: no pause is longer."""

_DOUBLINGS = 32
_MOST_REMEMBERED = 20_000
"""Pictures whose pauses are remembered; one that was forgotten begins with its first pause again."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next try.

    Attributes:
        first: seconds before the first try.
        tries: pauses that were waited for nothing.
    """

    first: float
    tries: int = 0

    @property
    def pause(self) -> float:
        """Seconds until the next try."""
        return min(self.first * float(1 << min(self.tries, _DOUBLINGS)), max(LONGEST, self.first))

    def again(self) -> "Backoff":
        """After one more try for nothing."""
        return replace(self, tries=self.tries + 1)


@confined
class Retries:
    """The pauses of single pictures; they belong to the state thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[Path, tuple[Hashable, Backoff]] = OrderedDict()

    def pause(self, path: Path, state: Hashable, first: float) -> float:
        """Seconds until the next try of a picture that has to wait.

        Args:
            path: of the picture.
            state: what it looked like; when that is another than at the last try, pauses begin anew.
            first: seconds of the first pause for the present reason.
        """
        before = self._known.pop(path, None)
        backoff = Backoff(first)
        if before is not None and before[0] == state and before[1].first == first:
            backoff = before[1].again()
        self._known[path] = (state, backoff)
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return backoff.pause

    def over(self, path: Path) -> None:
        """A picture does not wait any more."""
        self._known.pop(path, None)

    def clear(self) -> None:
        """Something was done that may help all of them."""
        self._known.clear()


# -- pictures compressed in vain, since no result could be stored: not tried again and again

MOST = 2
"""So often the same content is compressed for the same settings without a result that could be stored."""


Key = tuple[str, str, str]
"""Hash of the content, settings in words, destination."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of a picture that was compressed for nothing.

    Attributes:
        count: how often.
        conditions: what storing depended on at the last time.
        result: how that ended.
    """

    count: int
    conditions: Hashable
    result: JobResult


class Attempts:
    """Counts for each content and its settings; each thread counts what it carries, in single steps."""

    def __init__(self) -> None:
        self._known: OrderedDict[Key, Attempt] = OrderedDict()

    def get(self, key: Key) -> Attempt | None:
        """What is known of a picture; None when its result was never refused."""
        return self._known.get(key)

    def failed(self, key: Key, conditions: Hashable, result: JobResult) -> Attempt:
        """A result could not be stored."""
        before = self._known.pop(key, None)
        again = before is not None and before.conditions == conditions
        attempt = Attempt(before.count + 1 if before and again else 1, conditions, result)
        self._known[key] = attempt
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return attempt

    def over(self, key: Key) -> None:
        """A result was stored, or none is wanted any more."""
        self._known.pop(key, None)

    def clear(self) -> None:
        """The user wants everything tried anew."""
        self._known.clear()


# -- errors of disk, store and installation: their words, and the next try

RETRY_SOON = 5.0
"""Seconds until the first try after trouble that usually ends within seconds."""

RETRY_SYSTEM = 60.0
"""Seconds until the first try with a full or read-only disk."""

RETRY_FULL = 600.0
"""Seconds until the first try of a picture that has to wait for a decision of the user's."""

_WIDE = {Scope.DISK, Scope.ORIGINALS, Scope.COMPUTER}
"""What stands against every picture of a watched folder."""

_FOUND_ELSEWHERE = {Scope.ORIGINALS, Scope.FOLDER}
"""What is not about the picture: the sentence names what the error names."""


def trouble(job: Job, size: int, error: OSError | StoreError) -> JobResult:
    """Not the picture but the disk or the store: it keeps waiting, and the folder says why."""
    if isinstance(error, OSError):
        return _refused_by_system(job, size, error)
    reason = str(error)
    unverified = isinstance(error, VerifyFailed)
    if job.explicit:
        return JobResult(job.picture, "failed", reason, size, unverified=unverified)
    decision = isinstance(error, StoreFull | Degraded)
    return JobResult(
        path=job.picture,
        outcome="waiting",
        reason=reason,
        before_bytes=size,
        retry_after=RETRY_FULL if decision else RETRY_SYSTEM,
        problem=reason,
        whole_folder=decision,
        unverified=unverified,
        away=isinstance(error, DriveAway),
    )


def _refused_by_system(job: Job, size: int, error: OSError) -> JobResult:
    row = explain(error)
    if row.retry is Retry.CHANGED and _is_about_folder(job, error):
        row = replace(row, scope=Scope.FOLDER)
    elsewhere = row.scope in _FOUND_ELSEWHERE and error.filename
    reason = with_name(error) if elsewhere else f"{printable(job.path)}: {in_words(error)}"
    if job.explicit or row.retry is Retry.NEVER:
        return JobResult(job.picture, "failed", reason, size)
    return JobResult(
        path=job.picture,
        outcome="waiting",
        reason=reason,
        before_bytes=size,
        retry_after=RETRY_SOON if row.retry is Retry.SOON else RETRY_SYSTEM,
        problem=reason,
        whole_folder=row.scope in _WIDE,
        place=_folder_of(job, error) if row.scope is Scope.FOLDER else None,
    )


def _is_about_folder(job: Job, error: OSError) -> bool:
    """Whether permission was refused for a file of ours beside the picture, which no look had shown."""
    named = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
    beside = named is not None and named != job.path and named.parent == job.path.parent
    return beside and error.errno in (errno.EACCES, errno.EPERM)


def _folder_of(job: Job, error: OSError) -> Path:
    """The folder whose pictures all wait; where results go elsewhere, that is the whole watched folder."""
    named = Path(str(error.filename))
    here = job.path.parent in (named, named.parent)
    return job.path.parent if here or job.plan.root is None else job.plan.root


def compressed_for_nothing(result: JobResult) -> JobResult:
    """The result for a picture whose results could not be stored, while nothing was done about that.

    Args:
        result: how that ended last time.
    """
    reason = (
        f"{result.problem}; it was compressed {MOST} times for nothing, and is not again until its folder, "
        "its disk or the settings change, or: homepress resume"
    )
    # It says nothing about the disk now, and so it keeps no other picture waiting.
    return msgspec.structs.replace(
        result,
        reason=reason,
        problem=reason,
        retry_after=RETRY_SYSTEM,
        whole_folder=False,
        place=None,
        unverified=False,
    )


def no_compressor(job: Job, source: Source, died: WorkerDied) -> JobResult:
    """Not the picture but the installation, as while it is being updated: every picture waits."""
    reason = f"{died}; no picture can be compressed until that is repaired: see homepress doctor"
    size = len(source.data)
    if job.explicit:
        return JobResult(job.picture, "failed", reason, size)
    return JobResult(
        path=job.picture,
        outcome="waiting",
        reason=reason,
        before_bytes=size,
        retry_after=RETRY_SYSTEM,
        problem=reason,
        whole_folder=True,
    )


# -- pictures for which there is not the memory


class TooLarge:
    """Remembers such pictures, so that the next try need not read them; usable from any thread."""

    def __init__(self, memory: MemoryBudget) -> None:
        """None is known.

        Args:
            memory: what large pictures may take.
        """
        self._memory = memory
        self._known: OrderedDict[Path, tuple[FileId, str, int, int]] = OrderedDict()

    def found(self, job: Job, source: Source, error: NoRoomError) -> JobResult:
        """The result for a picture that needs more than there is. The ledger remembers nothing of it."""
        if not job.explicit:
            known = (source.identity, job.plan.settings, len(source.data), error.needed)
            self._known[job.path] = known
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return _no_memory(job, len(source.data), error)

    def again(self, job: Job) -> JobResult | None:
        """The result for a picture for which there is still not the memory; None for all others."""
        known = self._known.pop(job.path, None)
        if known is None or job.explicit or job.identity is None:
            return None
        identity, settings, size, needed = known
        if settings != job.plan.settings or not identity.same_state(job.identity):
            return None
        try:
            self._memory.check(needed)
        except NoRoomError as error:
            self._known[job.path] = known
            return _no_memory(job, size, error)
        return None


def _no_memory(job: Job, size: int, error: NoRoomError) -> JobResult:
    reason = str(error)
    if job.explicit:
        return JobResult(job.picture, "failed", reason, size, size)
    return JobResult(
        path=job.picture,
        outcome="waiting",
        reason=reason,
        before_bytes=size,
        retry_after=RETRY_SYSTEM if error.passing else RETRY_FULL,
        problem="" if error.passing else f"{printable(job.path)}: {reason}",
    )
