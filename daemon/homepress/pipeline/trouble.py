"""What disk, store or installation stand in the way of: how it is told, and when it is tried again."""

import errno
import os
from dataclasses import replace
from pathlib import Path

from homepress.base.system_errors import Retry, Scope, explain, in_words, printable, with_name
from homepress.pipeline.attempts import MOST
from homepress.pipeline.job import Job, Told
from homepress.store.model import (
    Degraded,
    DriveAway,
    Source,
    StoreError,
    StoreFull,
    VerifyFailed,
)
from homepress.workers import WorkerDied

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


def trouble(job: Job, size: int, error: OSError | StoreError) -> Told:
    """Not the picture but the disk or the store: it keeps waiting, and the folder says why."""
    if isinstance(error, OSError):
        return _refused_by_system(job, size, error)
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
        whole_folder=decision,
        unverified=unverified,
        away=isinstance(error, DriveAway),
    )


def _refused_by_system(job: Job, size: int, error: OSError) -> Told:
    row = explain(error)
    if row.retry is Retry.CHANGED and _is_about_folder(job, error):
        row = replace(row, scope=Scope.FOLDER)
    elsewhere = row.scope in _FOUND_ELSEWHERE and error.filename
    reason = with_name(error) if elsewhere else f"{printable(job.path)}: {in_words(error)}"
    if job.asked or row.retry is Retry.NEVER:
        return Told(job.path, "failed", reason, size)
    return Told(
        path=job.path,
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


def compressed_for_nothing(told: Told) -> Told:
    """What is told of a picture whose results could not be stored, while nothing was done about that.

    Args:
        told: how that ended last time.
    """
    reason = (
        f"{told.problem}; it was compressed {MOST} times for nothing, and is not again until its folder, its "
        "disk or the settings change, or: homepress resume"
    )
    # It says nothing about the disk now, and so it keeps no other picture waiting.
    return replace(
        told,
        reason=reason,
        problem=reason,
        retry_after=RETRY_SYSTEM,
        whole_folder=False,
        place=None,
        unverified=False,
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
