"""What tells a file, as it is now, from any other: one type for every room."""

import os
from dataclasses import dataclass
from typing import Self

Mark = tuple[int, int, int]
"""What is remembered of a file that was handled: size in bytes, mtime_ns, inode."""


@dataclass(frozen=True, slots=True)
class FileId:
    """What a directory entry says of a file; equal ones mean that nothing touched it.

    Attributes:
        size: bytes.
        mtime_ns: last change of the content, nanoseconds since 1970.
        ctime_ns: last change of content or attributes; no part of the mark.
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
        """That of the file of which `status` is."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)

    @property
    def mark(self) -> Mark:
        """What is remembered of the file once it was handled."""
        return (self.size, self.mtime_ns, self.inode)

    def matches(self, mark: Mark | None) -> bool:
        """Whether a file is still the one that a mark was made of; never without a mark.

        The inode does not count: it changes with each copy, and on FAT and exFAT with each mount.
        """
        return mark is not None and mark[:2] == (self.size, self.mtime_ns)
