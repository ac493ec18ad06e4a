"""The one seam between the store and the operating system.

Every step that the outside world can see goes through a `FileSystem`: that is what makes it possible to
prove, by failing or dying at each single one, that nothing is ever lost. Names are looked up in an open
folder and never through a symbolic link.
"""

import contextlib
import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from homepress.base.files import FileId, Mark
from homepress.base.override import override
from homepress.store.model import Unsupported

CHUNK = 1 << 20
"""Bytes read or written at a time: small enough to notice a waiting writer quickly."""


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder. `fd` is -1 where the system has no descriptors of folders (Windows)."""

    path: Path
    fd: int


class FileSystem(Protocol):
    """What the store asks of the operating system. Everything may raise `OSError` with `filename` set.

    Descriptors are plain integers; sizes are bytes, times nanoseconds since 1970.
    """

    def open_folder(self, path: Path, *, create: bool = False) -> Folder:
        """Open an absolute path component by component, following no link; `create` makes what is missing."""

    def close_folder(self, folder: Folder) -> None:
        """Close it."""

    def sync_folder(self, folder: Folder) -> None:
        """Make the names in it durable."""

    def list_folder(self, folder: Folder) -> list[str]:
        """The names in it."""

    def same_mount(self, one: Folder, other: Folder) -> bool:
        """Whether a file can most likely be renamed from one to the other."""

    def windows_names(self, folder: Folder) -> bool:
        """Whether its file system has the names of Windows: no `<>:"|?*`, no dot or space at the end."""

    def make_private_folder(self, path: Path) -> None:
        """Make one folder that only its owner may enter."""

    def open_file(self, folder: Folder, name: str) -> int:
        """Open for reading, without following a link and without waiting on a FIFO or device."""

    def create_file(self, folder: Folder, name: str) -> int:
        """Make a file that was not there, private to its owner, open for reading and writing."""

    def close(self, fd: int) -> None:
        """Close a descriptor."""

    def read(self, fd: int, size: int) -> bytes:
        """Up to `size` bytes from where the descriptor is."""

    def write(self, fd: int, data: memoryview) -> int:
        """Write some of `data`; how many bytes."""

    def rewind(self, fd: int) -> None:
        """Back to the start of the file."""

    def sync(self, fd: int) -> None:
        """Make the file durable, and forget what memory holds of it so that reading asks the disk."""

    def stat(self, fd: int) -> os.stat_result:
        """Of an open file."""

    def stat_name(self, folder: Folder, name: str) -> os.stat_result:
        """Of a name, a link itself included."""

    def exchange(self, folder: Folder, one: str, other: str) -> None:
        """Swap two names in one step.

        Raises:
            Unsupported: this file system cannot.
        """

    def exchanges_open_files(self) -> bool:
        """Whether a file that is open here can take a name by `exchange`; else it can only be moved to it."""

    def move(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        """Rename, never over something: `FileExistsError` then. `OSError(EXDEV)` between file systems."""

    def link(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        """Give a file one more name.

        Raises:
            Unsupported: this file system cannot.
        """

    def overwrite(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        """Rename over `new`, for files that are the store's own."""

    def unlink(self, folder: Folder, name: str) -> None:
        """Remove a name."""

    def flags(self, fd: int) -> int:
        """Inode flags that the system can keep; 0 where there are none."""

    def set_flags(self, fd: int, flags: int) -> None:
        """Set what `flags` gave."""

    def is_locked(self, fd: int) -> bool:
        """Whether the file is immutable or append-only."""

    def attributes(self, fd: int) -> dict[bytes, bytes]:
        """Extended attributes, ACLs included."""

    def set_attribute(self, fd: int, name: bytes, value: bytes) -> None:
        """Set one."""

    def remove_attribute(self, fd: int, name: bytes) -> None:
        """Remove one."""

    def set_owner(self, fd: int, uid: int, gid: int) -> None:
        """Change owner and group."""

    def set_mode(self, fd: int, mode: int) -> None:
        """Change the permission bits."""

    def set_times(self, fd: int, atime_ns: int, mtime_ns: int) -> None:
        """Set the times of access and change."""

    def finishes_what_it_reads(self) -> bool:
        """Whether a file that was opened for reading can get its times and be made durable."""

    def take_lease(self, fd: int) -> bool:
        """Ask to be asked before anyone opens the file for writing; False where there are no leases.

        Raises:
            Busy: somebody has it open for writing already.
        """

    def lease_whole(self, fd: int) -> bool:
        """Whether nobody is waiting to write since `take_lease`."""

    def drop_lease(self, fd: int) -> None:
        """Let writers through."""

    def release_cache(self, fd: int) -> None:
        """What was read of a file is not needed again: memory need not hold it."""

    def give_way(self) -> None:
        """From now on, reading by the calling thread waits for everybody else's, where that can be had."""

    def commit(self, connection: sqlite3.Connection) -> None:
        """Commit the open transaction of the ledger."""


@contextlib.contextmanager
def opened_folder(fs: FileSystem, path: Path, *, create: bool = False) -> Iterator[Folder]:
    """An open folder for the length of a `with` block."""
    folder = fs.open_folder(path, create=create)
    try:
        yield folder
    finally:
        fs.close_folder(folder)


@contextlib.contextmanager
def opened_file(fs: FileSystem, folder: Folder, name: str) -> Iterator[int]:
    """A file open for reading for the length of a `with` block."""
    fd = fs.open_file(folder, name)
    try:
        yield fd
    finally:
        fs.close(fd)


@contextlib.contextmanager
def leased(fs: FileSystem, fd: int) -> Iterator[bool]:
    """For the length of a `with` block, no program begins to write to a file unnoticed.

    Gives False where there are no leases.

    Raises:
        Busy: somebody has it open for writing already.
    """
    taken = fs.take_lease(fd)
    try:
        yield taken
    finally:
        if taken:
            fs.drop_lease(fd)


def untouched(fs: FileSystem, fd: int, identity: FileId, sha256: str) -> bool:
    """Whether an open file is what was read, down to its times.

    Another inode number alone proves nothing where a file system makes them up: then the content decides.
    """
    facts = FileId.of(fs.stat(fd))
    if facts == identity:
        return True
    return replace(facts, inode=identity.inode) == identity and sha256_of(fs, fd) == sha256


def same_file(facts: os.stat_result, identity: FileId) -> bool:
    """Whether this is the very file, content untouched. Not ctime: renaming and linking change it."""
    return (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns) == (
        identity.device,
        identity.inode,
        identity.size,
        identity.mtime_ns,
    )


def sha256_of(fs: FileSystem, fd: int) -> str:
    """Hex digest of the whole content behind a descriptor."""
    digest = hashlib.sha256()
    fs.rewind(fd)
    while chunk := fs.read(fd, CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def read_whole(fs: FileSystem, fd: int) -> bytes:
    """The whole content behind a descriptor."""
    fs.rewind(fd)
    chunks = []
    while chunk := fs.read(fd, CHUNK):
        chunks.append(chunk)
    return b"".join(chunks)


def write_whole(fs: FileSystem, fd: int, data: bytes) -> None:
    """Write all of `data`."""
    rest = memoryview(data)
    while rest:
        rest = rest[fs.write(fd, rest[:CHUNK]) :]


@dataclass(frozen=True, slots=True)
class FileState:
    """What is under a name.

    Attributes:
        sha256: of the content, empty for what is no regular file.
        mark: as the ledger remembers a file.
    """

    sha256: str
    mark: Mark

    @property
    def inode(self) -> int:
        """Its number, which tells nothing where a file system makes numbers up."""
        return self.mark[2]


def look(fs: FileSystem, folder: Folder, name: str) -> FileState | None:
    """What is under a name now, None when nothing is. Links are not followed."""
    try:
        facts = fs.stat_name(folder, name)
        if not stat.S_ISREG(facts.st_mode):
            return FileState("", FileId.of(facts).mark)
        with opened_file(fs, folder, name) as fd:
            facts = fs.stat(fd)
            digest = sha256_of(fs, fd) if stat.S_ISREG(facts.st_mode) else ""
            return FileState(digest, FileId.of(facts).mark)
    except FileNotFoundError:
        return None


def holds(fs: FileSystem, folder: Folder, name: str, sha256: str) -> bool:
    """Whether a name has a file of this content, by its hex digest."""
    found = look(fs, folder, name)
    return found is not None and found.sha256 == sha256


def exists(fs: FileSystem, folder: Folder, name: str) -> bool:
    """Whether a name is there, whatever it is."""
    try:
        fs.stat_name(folder, name)
    except FileNotFoundError:
        return False
    return True


def move_away(fs: FileSystem, folder: Folder, name: str, aside: str, to: Folder | None = None) -> None:
    """Take whatever has a name at this instant out of it, to a name of our own that nobody else has.

    Args:
        fs: the file system.
        folder: in which the name is.
        name: of the file.
        aside: where it goes.
        to: the folder in which that is; None for the same one.

    Raises:
        FileNotFoundError: nothing has the name.
    """
    try:
        fs.move(folder, name, to or folder, aside)
    except Unsupported:
        fs.overwrite(folder, name, to or folder, aside)  # no other file ever has this name


def rename_noreplace(fs: FileSystem, folder: Folder, temp: str, name: str) -> None:
    """Give the finished `temp` its final name without ever overwriting anything.

    Where renaming without overwriting is not known: a second name, then the first removed. Where that is
    not known either (FAT): an empty file claims the name in one step and is then renamed over.

    Raises:
        FileExistsError: the name is taken.
    """
    try:
        fs.move(folder, temp, folder, name)
        return
    except Unsupported:
        pass
    try:
        fs.link(folder, temp, folder, name)
    except Unsupported:
        fs.close(fs.create_file(folder, name))
        fs.overwrite(folder, temp, folder, name)
    else:
        fs.unlink(folder, temp)


class DescriptorCalls(FileSystem, Protocol):
    """Reading and writing behind a descriptor, and the commit of the ledger."""

    @override
    def close(self, fd: int) -> None:
        os.close(fd)

    @override
    def read(self, fd: int, size: int) -> bytes:
        return os.read(fd, size)

    @override
    def write(self, fd: int, data: memoryview) -> int:
        return os.write(fd, data)

    @override
    def rewind(self, fd: int) -> None:
        os.lseek(fd, 0, os.SEEK_SET)

    @override
    def sync(self, fd: int) -> None:
        os.fsync(fd)

    @override
    def stat(self, fd: int) -> os.stat_result:
        return os.fstat(fd)

    @override
    def finishes_what_it_reads(self) -> bool:
        return True

    @override
    def exchanges_open_files(self) -> bool:
        return True

    @override
    def release_cache(self, fd: int) -> None:
        """Where the system takes no advice, it finds out by itself."""
        return

    @override
    def give_way(self) -> None:
        """Where a thread has no priority of its own for reading, nothing changes."""
        return

    @override
    def commit(self, connection: sqlite3.Connection) -> None:
        connection.execute("COMMIT")
