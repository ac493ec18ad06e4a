"""What disk, store or installation stand in the way of: how it is told, and when it is tried again."""

import errno

from homepress.pipeline.job import Job, Told
from homepress.store import Source
from homepress.store.errors import Degraded, StoreError, StoreFull, VerifyFailed
from homepress.workers import WorkerDied

RETRY_SYSTEM = 60.0
"""Seconds until a full or read-only disk is tried again."""

RETRY_FULL = 600.0
"""Seconds until a picture is tried again that has to wait for a decision of the user's."""

_OF_THE_DISK = {
    errno.ENOSPC: "its disk, or that of the originals, is full; make room there",
    errno.EDQUOT: "your quota on its disk is used up; make room there",
    errno.EROFS: "its disk may only be read now; make it writable again",
}
_OF_THE_SYSTEM = _OF_THE_DISK | {
    errno.EIO: "the disk reports an error and may be failing; save what is on it",
    errno.EACCES: "it may not be read or replaced; to allow it: chmod u+rwX, for its folder too",
    errno.EPERM: "the system does not permit to replace it; its folder may be marked immutable",
    errno.ESTALE: "its server does not know it any more; mount it again",
}
"""What the system may refuse, and what to do, in words that go after the name of the picture."""


def trouble(job: Job, size: int, error: OSError | StoreError) -> Told:
    """Not the picture but the disk or the store: it keeps waiting, and the folder says why.

    Raises:
        OSError: `error` itself, when the system is not known to give this answer.
    """
    if isinstance(error, OSError):
        if error.errno not in _OF_THE_SYSTEM:
            raise error
        reason = f"{job.path}: {_OF_THE_SYSTEM[error.errno]} ({error.strerror})"
    else:
        reason = str(error)
    unverified = isinstance(error, VerifyFailed)
    if job.asked:
        return Told(job.path, "failed", reason, size, unverified=unverified)
    decision = isinstance(error, StoreFull | Degraded)
    return Told(
        path=job.path,
        outcome="waiting",
        reason=reason,
        before_bytes=size,
        retry_after=RETRY_FULL if decision else RETRY_SYSTEM,
        problem=reason,
        whole_folder=decision or (isinstance(error, OSError) and error.errno in _OF_THE_DISK),
        unverified=unverified,
    )


def no_compressor(job: Job, source: Source, died: WorkerDied) -> Told:
    """Not the picture but the installation, as while it is being updated: every picture waits."""
    reason = f"{died}; no picture can be compressed until that is mended: see homepress doctor"
    size = len(source.data)
    if job.asked:
        return Told(job.path, "failed", reason, size)
    return Told(
        path=job.path,
        outcome="waiting",
        reason=reason,
        before_bytes=size,
        retry_after=RETRY_SYSTEM,
        problem=reason,
        whole_folder=True,
    )
