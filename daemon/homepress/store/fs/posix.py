"""What Linux and macOS have in common: folders as descriptors, names looked up in them."""

import contextlib
import errno
import os
from pathlib import Path

from homepress.base.override import override
from homepress.store.fs.base import DescriptorCalls, Folder
from homepress.store.model import Unsupported

UNKNOWN_OPERATION = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
"""How file systems say that they do not know a rename flag."""

_CANNOT_LINK = UNKNOWN_OPERATION | {errno.EPERM, errno.EMLINK}
"""How file systems say that they have no hard links (link(2): EPERM), or no more of them."""

_QUIETLY = getattr(os, "O_NOATIME", 0)
"""Reading leaves no trace in the access time; refused (EPERM) for files of other users."""

_WALK = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class PosixFileSystem(DescriptorCalls):
    """The part of `FileSystem` that POSIX systems share."""

    @override
    def open_folder(self, path: Path, *, create: bool = False) -> Folder:
        if not path.is_absolute() or ".." in path.parts:
            raise OSError(errno.EINVAL, "not an absolute path without '..'", str(path))
        # O_PATH needs no right to read the folders on the way, only to enter them.
        walk = _WALK | getattr(os, "O_PATH", os.O_RDONLY)
        fd = os.open(path.anchor, walk)
        try:
            for part in path.parts[1:]:
                fd = self._step(fd, part, walk, create)
            readable = os.open(".", os.O_RDONLY | _WALK, dir_fd=fd)
        except OSError as error:
            raise _named(error, path) from None
        finally:
            os.close(fd)
        return Folder(path, readable)

    def _step(self, fd: int, part: str, flags: int, create: bool) -> int:
        """One component deeper; on success `fd` is closed in exchange."""
        try:
            deeper = os.open(part, flags, dir_fd=fd)
        except FileNotFoundError:
            if not create:
                raise
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=fd)
            deeper = os.open(part, flags, dir_fd=fd)
        os.close(fd)
        return deeper

    @override
    def close_folder(self, folder: Folder) -> None:
        os.close(folder.fd)

    @override
    def sync_folder(self, folder: Folder) -> None:
        try:
            os.fsync(folder.fd)
        except OSError as error:
            # Some network file systems have nothing to flush for a folder and say so with EINVAL.
            if error.errno != errno.EINVAL:
                raise _named(error, folder.path) from None

    @override
    def list_folder(self, folder: Folder) -> list[str]:
        return os.listdir(folder.fd)

    @override
    def same_mount(self, one: Folder, other: Folder) -> bool:
        return os.fstat(one.fd).st_dev == os.fstat(other.fd).st_dev

    @override
    def make_private_folder(self, path: Path) -> None:
        os.mkdir(path, 0o700)

    @override
    def open_file(self, folder: Folder, name: str) -> int:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with contextlib.suppress(PermissionError):
                return os.open(name, flags | _QUIETLY, dir_fd=folder.fd)
            return os.open(name, flags, dir_fd=folder.fd)
        except OSError as error:
            raise _named(error, folder.path / name) from None

    @override
    def create_file(self, folder: Folder, name: str) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC | _QUIETLY
        try:
            return os.open(name, flags, 0o600, dir_fd=folder.fd)
        except OSError as error:
            raise _named(error, folder.path / name) from None

    @override
    def stat_name(self, folder: Folder, name: str) -> os.stat_result:
        return os.stat(name, dir_fd=folder.fd, follow_symlinks=False)

    @override
    def link(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        try:
            os.link(name, new, src_dir_fd=folder.fd, dst_dir_fd=to.fd, follow_symlinks=False)
        except OSError as error:
            if error.errno in _CANNOT_LINK:
                raise Unsupported(str(error)) from None
            raise _named(error, to.path / new) from None

    @override
    def overwrite(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        os.rename(name, new, src_dir_fd=folder.fd, dst_dir_fd=to.fd)

    @override
    def unlink(self, folder: Folder, name: str) -> None:
        os.unlink(name, dir_fd=folder.fd)

    @override
    def set_owner(self, fd: int, uid: int, gid: int) -> None:
        os.fchown(fd, uid, gid)

    @override
    def set_mode(self, fd: int, mode: int) -> None:
        os.fchmod(fd, mode)

    @override
    def set_times(self, fd: int, atime_ns: int, mtime_ns: int) -> None:
        os.utime(fd, ns=(atime_ns, mtime_ns))


def _named(error: OSError, path: Path) -> OSError:
    """The same error with the whole path, which calls by descriptor do not know."""
    return OSError(error.errno, error.strerror, str(path))
