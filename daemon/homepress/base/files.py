"""Files, for every room: what tells one, as it is now, from any other; and writing a small one safely."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

Mark = tuple[int, int, int]
"""What is remembered of a file that was handled: size in bytes, mtime_ns, inode."""

NOT_A_FILE = "it is not a regular file"
READ_ONLY = "it is read-only"
HARD_LINKED = "it has more than one name (hard links); replacing it would break the link"
"""Why a file is left alone, said alike by who finds it and by who would have to replace it."""


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

    def same_state(self, other: Self | None) -> bool:
        """Whether nothing touched a file between two looks at its name; never without another.

        The device does not count: overlay file systems tell another one of an open file.
        """
        return other is not None and replace(self, device=other.device) == other

    def matches(self, mark: Mark | None) -> bool:
        """Whether a file is still the one that a mark was made of; never without a mark.

        The inode does not count: it changes with each copy, and on FAT and exFAT with each mount.
        """
        return mark is not None and mark[:2] == (self.size, self.mtime_ns)


def entry_status(entry: "os.DirEntry[bytes]") -> os.stat_result:
    """The status of a name that a folder was listed with, a link itself included.

    Windows' listings have neither inode number nor number of links; there the file is asked.

    Raises:
        OSError: it is gone, or cannot be looked at.
    """
    status = entry.stat(follow_symlinks=False)
    return status if status.st_ino else os.lstat(entry.path)


def walk(root: str | Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """As `os.walk` from the top, but not through junctions of Windows, which may lead in a circle.

    Before Python 3.12 they look like folders. Names that the caller takes out of the second list are not
    entered.
    """
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not _leads_elsewhere(folder, name)]
        yield folder, folders, names


def _leads_elsewhere(folder: str, name: str) -> bool:
    """Whether a folder is a reparse point, which only Windows has."""
    if not hasattr(os.stat_result, "st_file_attributes"):
        return False
    try:
        attributes: int = getattr(os.lstat(os.path.join(folder, name)), "st_file_attributes", 0)
    except OSError:
        return True  # gone, or not to be looked at
    return bool(attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)


def paths_under(folder: bytes) -> tuple[bytes, bytes]:
    """The range of paths (first, first after) that lie under a folder."""
    separator = os.fsencode(os.sep)
    base = folder.rstrip(separator)
    return base + separator, base + bytes([separator[0] + 1])


def file_uri(path: Path) -> str:
    """The file URI of any path, also one that is no UTF-8 (RFC 8089)."""
    return Path(os.path.abspath(path)).as_uri()


def write_atomically(file: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write a small file so that it is the old or the new one at every instant, even after a power cut.

    Args:
        file: its name, in a folder that is there. A link is replaced, not followed.
        data: the whole content.
        mode: permission bits; None keeps those of the old file, and makes a new one for the user alone.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    new = file.with_name(f".{secrets.token_hex(8)}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            with contextlib.suppress(FileNotFoundError):
                os.chmod(new, stat.S_IMODE(file.stat().st_mode) if mode is None else mode)
            os.fsync(stream.fileno())
        os.replace(new, file)
    except BaseException:
        os.unlink(new)
        raise
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last; Windows cannot open a folder, and does not need it."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
