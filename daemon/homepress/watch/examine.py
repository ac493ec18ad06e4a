"""Looking at one file: its directory entry, whether somebody writes to it, whether it is whole."""

import enum
import errno
import os
import stat
from dataclasses import dataclass

from homepress.base.system_errors import in_words
from homepress.watch.arrival import Signature, Skip
from homepress.watch.interface import Openness, System
from homepress.watch.trailer import UNREAD, Verdict, judge

# Never wait for a FIFO's other end, never follow a link, never hand the descriptor to a child.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT"):
    _FLAGS |= getattr(os, _name, 0)

_ANY_WRITE_BIT = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Finding(enum.Enum):
    """What came of an examination."""

    DONE = "examined"
    GONE = "gone"
    CHANGED = "changed"
    SKIPPED = "passed over"
    UNREAD = "the system refused to read it"
    """Its disk or the computer is in trouble, or a sector is broken: that says nothing about the file."""


@dataclass(frozen=True, slots=True)
class Examination:
    """The outcome of opening a file.

    Attributes:
        finding: whether it could be examined; the rest counts only if it could.
        openness: whether somebody has it open for writing.
        verdict: whether it is whole; nothing is read while somebody writes.
        skip: why it is passed over, for `Finding.SKIPPED`.
        refusal: what the system refused and what to do, for `Finding.UNREAD`.
    """

    finding: Finding
    openness: Openness = Openness.UNKNOWN
    verdict: Verdict = UNREAD
    skip: Skip | None = None
    refusal: str = ""


def skip_by_status(status: os.stat_result, system: System, *, stays: bool = False) -> Skip | None:
    """Why a file is passed over, by its directory entry (`lstat`); None when it is a candidate.

    Args:
        status: what `lstat` gave.
        system: knows placeholders.
        stays: it is only read, never replaced.
    """
    if not stat.S_ISREG(status.st_mode):
        return Skip.NOT_A_FILE
    if status.st_size == 0:
        return Skip.EMPTY
    if status.st_nlink > 1 and not stays:
        return Skip.LINKED
    if not status.st_mode & _ANY_WRITE_BIT and not stays:
        return Skip.READ_ONLY
    return Skip.PLACEHOLDER if system.is_placeholder(status) else None


def examine(path: bytes, signature: Signature, system: System, *, stays: bool = False) -> Examination:
    """Open a file that looked like `signature` and judge it, as one that `stays` or is to be replaced.

    Raises nothing that a file can cause.
    """
    try:
        fd = os.open(path, _FLAGS)
    except OSError as error:
        return _unopened(error)
    try:
        status = os.fstat(fd)
        if skip := skip_by_status(status, system, stays=stays):
            return Examination(Finding.SKIPPED, skip=skip)
        if Signature.of(status) != signature:
            return Examination(Finding.CHANGED)
        openness = system.openness(fd, path)
        if openness is Openness.BUSY:
            return Examination(Finding.DONE, openness)
        return Examination(Finding.DONE, openness, judge(fd, status.st_size))
    except OSError as error:
        return Examination(Finding.UNREAD, refusal=in_words(error))
    finally:
        os.close(fd)


def _unopened(error: OSError) -> Examination:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return Examination(Finding.GONE)
        case errno.EWOULDBLOCK | errno.EBUSY | errno.ETXTBSY:
            return Examination(Finding.DONE, Openness.BUSY)
        case errno.EACCES | errno.EPERM:
            return Examination(Finding.SKIPPED, skip=Skip.UNREADABLE)
        case errno.ELOOP | errno.EMLINK:
            return Examination(Finding.SKIPPED, skip=Skip.NOT_A_FILE)
    return Examination(Finding.UNREAD, refusal=in_words(error))
