"""What watching hands on: a file that has come to rest."""

import enum
from dataclasses import dataclass
from pathlib import Path


class Waiting(enum.StrEnum):
    """What a seen file is waiting for."""

    QUIET = "it is still changing"
    WRITER = "a program has it open for writing"
    WHOLE = "it is not complete yet"
    MISSING = "its folder is not there"


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


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is quiet, closed and whole, and that the ledger does not know.

    Attributes:
        path: absolute path, root resolved; may hold surrogates where the name is not UTF-8.
        root: the watched folder it was found in, as resolved.
        signature: the signature that was quiet for the settle time.
        fresh: seen through an event or a small scan, not in a large import; the queue serves these first.
    """

    path: Path
    root: Path
    signature: Signature
    fresh: bool = True
