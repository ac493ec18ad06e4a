"""What watching hands on: a file that has come to rest, or one that is passed over for good."""

import enum
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self


class Waiting(enum.StrEnum):
    """What a seen file is waiting for."""

    QUIET = "waiting until it stays unchanged"
    WRITER = "a program has it open for writing"
    WHOLE = "it is not complete yet"
    CONTENT = "it is empty: not yet written"
    UNREAD = "the system cannot read it at present"
    MISSING = "its folder is not there"
    RETRY = "it is tried again later"


class Skip(enum.StrEnum):
    """Why a file is passed over."""

    NAME = "its name is not an image's"
    TEMPORARY = "its name is that of a temporary or hidden file"
    EXCLUDED = "the folder's patterns leave it out"
    DIRECTORY = "it lies in a folder that is never touched (hidden, an application's own, or left out)"
    WORK_TREE = "it lies in a git work tree"
    NOT_A_FILE = "it is not a regular file"
    EMPTY = "it is empty, and nothing was written to it for a while"
    LINKED = "it has more than one hard link"
    READ_ONLY = "it is read-only"
    PLACEHOLDER = "it is a placeholder whose content is not on this computer"
    UNREADABLE = "it may not be read"
    TOO_SMALL = "it is smaller than the folder's min_size"
    TOO_LARGE = "it is larger than the folder's max_size"
    NOT_AN_IMAGE = "its content is no known image"
    INCOMPLETE = "it stayed incomplete"

    @property
    def may_end(self) -> bool:
        """Whether it may end without a trace in size and time, so that no memory can know the file."""
        return self in (Skip.LINKED, Skip.READ_ONLY, Skip.PLACEHOLDER, Skip.UNREADABLE)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a directory entry says of a file; equal signatures mean that nothing touched it.

    Attributes:
        size: bytes.
        mtime_ns: last change of the content, nanoseconds since 1970.
        ctime_ns: last change of content or attributes; not compared with what the ledger remembers.
        inode: number of the inode (the file index on Windows).
        device: number of the device.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The signature that a `stat` result holds."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)

    @property
    def identity(self) -> tuple[int, int, int]:
        """What the ledger remembers a handled file by: size, mtime_ns, inode."""
        return (self.size, self.mtime_ns, self.inode)

    def is_noted(self, noted: tuple[int, int, int] | None) -> bool:
        """Whether a file is still what the ledger remembers of it (size, mtime_ns, inode).

        The inode does not count: it changes with each copy, and on FAT and exFAT with each mount.
        """
        return noted is not None and noted[:2] == (self.size, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is quiet, closed and whole, and that the ledger does not know.

    Attributes:
        path: absolute path, root resolved; may hold surrogates where the name is not UTF-8.
        root: the watched folder it was found in, as resolved.
        signature: the signature that was quiet for the settle time.
        fresh: seen through an event or a small scan, not in a large import; the queue serves these first.
        ready_at: monotonic second at which its quiet time is over. Work may start at once; the file may be
            replaced only from then on, and only if its signature is still the same. Never in the future
            unless the watch was asked for early arrivals.
    """

    path: Path
    root: Path
    signature: Signature
    fresh: bool = True
    ready_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A quiet file that is left as it is: for its size or content, or because it must not be touched.

    Attributes:
        path: absolute path, root resolved.
        root: the watched folder it was found in, as resolved.
        signature: what it looked like.
        reason: why it is passed over.
        detail: what was missing or wrong, in words; may be empty.
    """

    path: Path
    root: Path
    signature: Signature
    reason: Skip
    detail: str = ""
