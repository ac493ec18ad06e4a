"""Windows: ReplaceFileW, MoveFileExW, and files opened so that nobody may write to them meanwhile.

There are no descriptors of folders, so names are whole paths; a reparse point on the way is refused.
ReplaceFileW keeps the ACL, the attributes, the streams and the time of creation of the file that it replaces.
"""

import ctypes
import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from homepress.base.override import override
from homepress.base.ownership import close_to_others
from homepress.base.system_errors import printable
from homepress.store.fs.base import DescriptorCalls, Folder
from homepress.store.model import Busy, Unsupported

# fileapi.h, winbase.h, winnt.h
GENERIC_READ = 0x80000000
GENERIC_WRITE = 0x40000000
FILE_WRITE_ATTRIBUTES = 0x100
FILE_SHARE_READ = 0x1
FILE_SHARE_DELETE = 0x4
CREATE_NEW = 1
OPEN_EXISTING = 3
FILE_FLAG_OPEN_REPARSE_POINT = 0x00200000
MOVEFILE_REPLACE_EXISTING = 0x1
MOVEFILE_WRITE_THROUGH = 0x8

_REPARSE_POINT = 0x400

# winerror.h
_IN_USE = {32, 33, 1175, 1176, 1177}
"""Sharing and lock violation, and ReplaceFileW's three ways to say that a name could not be moved."""
_HALF_REPLACED = 1177
"""The old file has left its name and the new one has not got it: not to be tried again but to be settled."""
_CANNOT_LINK = {1, 17, 50, 1142}  # invalid function, other device, not supported, too many links

_ASIDE = {".tmp": ".old", ".old": ".tmp", ".try": ".was", ".was": ".try"}
_KEPT_ATTRIBUTES = 0x2 | 0x4 | 0x2000
"""Hidden, system, not to be indexed (FILE_ATTRIBUTE_*)."""

PATIENCE = (0.02, 0.05, 0.1, 0.2, 0.3, 0.3)
"""Seconds between tries where a program has a file open: viewers, indexers and virus scanners let go soon."""

_NORMAL = 0x80
"""FILE_ATTRIBUTE_NORMAL: none of the others."""

T = TypeVar("T")

_EPOCH_1601 = 116_444_736_000_000_000
"""FILETIME counts 100 nanoseconds from 1601; this is 1970."""


class Api(Protocol):
    """The calls of the system; each raises `OSError` with `winerror` set."""

    def open(self, path: str, access: int, disposition: int, flags: int) -> int:
        """CreateFileW, shared for reading and deleting, as a descriptor."""

    def move(self, path: str, new: str, flags: int) -> None:
        """MoveFileExW."""

    def replace(self, replaced: str, replacement: str, backup: str) -> None:
        """ReplaceFileW."""

    def set_times(self, fd: int, access: int, write: int) -> None:
        """SetFileTime, in FILETIME units."""

    def set_attributes(self, fd: int, attributes: int) -> None:
        """SetFileInformationByHandle, FILE_ATTRIBUTE_*; 0 takes all away."""

    def close_to_others(self, folder: Path) -> None:
        """Give a folder an access list that lets in nobody but its owner and administrators."""


class WindowsFileSystem(DescriptorCalls):
    """`FileSystem` on Windows."""

    def __init__(self, api: Api | None = None) -> None:
        """`api` is another one for tests."""
        self._api = api or _WindowsApi()

    def _patiently(self, path: str, call: Callable[[], T]) -> T:
        """What a call gives, tried again for a second while another program has the file open.

        Raises:
            Busy: it still has.
            OSError: as the call does.
        """
        for pause in (*PATIENCE, None):
            try:
                return call()
            except OSError as error:
                code = getattr(error, "winerror", 0)
                if code not in _IN_USE:
                    raise
                if pause is None or code == _HALF_REPLACED:
                    raise Busy(f"{printable(path)}: a program has it open") from None
                time.sleep(pause)
        raise AssertionError("the last try has ended it")

    @override
    def open_folder(self, path: Path, *, create: bool = False) -> Folder:
        if not path.is_absolute() or ".." in path.parts:
            raise OSError(errno.EINVAL, "not an absolute path without '..'", str(path))
        if create:
            path.mkdir(parents=True, exist_ok=True)
        for folder in (path, *path.parents):
            facts = folder.lstat()
            if getattr(facts, "st_file_attributes", 0) & _REPARSE_POINT:
                raise OSError(errno.ELOOP, "a link or junction on the way", str(folder))
            if not stat.S_ISDIR(facts.st_mode):
                raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder))
        return Folder(path, -1)

    @override
    def close_folder(self, folder: Folder) -> None:
        pass

    @override
    def sync_folder(self, folder: Folder) -> None:
        pass  # names are made durable by MOVEFILE_WRITE_THROUGH

    @override
    def list_folder(self, folder: Folder) -> list[str]:
        return os.listdir(folder.path)

    @override
    def same_mount(self, one: Folder, other: Folder) -> bool:
        return one.path.stat().st_dev == other.path.stat().st_dev

    @override
    def make_private_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        try:
            self._api.close_to_others(path)
        except OSError:
            path.rmdir()  # else it would be taken for a private one the next time
            raise

    @override
    def open_file(self, folder: Folder, name: str) -> int:
        path = str(folder.path / name)
        if getattr(os.lstat(path), "st_file_attributes", 0) & _REPARSE_POINT:
            raise OSError(errno.ELOOP, "a link", path)
        flags = FILE_FLAG_OPEN_REPARSE_POINT
        return self._patiently(path, lambda: self._api.open(path, GENERIC_READ, OPEN_EXISTING, flags))

    @override
    def create_file(self, folder: Folder, name: str) -> int:
        access = GENERIC_READ | GENERIC_WRITE | FILE_WRITE_ATTRIBUTES
        return self._api.open(str(folder.path / name), access, CREATE_NEW, 0)

    @override
    def stat_name(self, folder: Folder, name: str) -> os.stat_result:
        return os.lstat(folder.path / name)

    @override
    def windows_names(self, folder: Folder) -> bool:
        return True

    @override
    def exchange(self, folder: Folder, one: str, other: str) -> None:
        # What has the name goes to the second of our two temp names, where recovery looks as well.
        aside = one[:-4] + _ASIDE[one[-4:]]
        ours, its, old = (str(folder.path / name) for name in (one, other, aside))
        self._patiently(its, lambda: self._api.replace(its, ours, old))
        self._move(old, ours, MOVEFILE_WRITE_THROUGH)

    @override
    def exchanges_open_files(self) -> bool:
        # ReplaceFileW opens the file that takes the name without sharing it with anybody. A file that goes
        # back to its name needs nothing of the one it replaces: ACL, streams and times are its own.
        return False

    def _move(self, path: str, new: str, flags: int) -> None:
        self._patiently(path, lambda: self._api.move(path, new, flags))

    @override
    def move(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        self._move(str(folder.path / name), str(to.path / new), MOVEFILE_WRITE_THROUGH)

    @override
    def link(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        try:
            os.link(folder.path / name, to.path / new)
        except OSError as error:
            if getattr(error, "winerror", 0) in _CANNOT_LINK:
                raise Unsupported(str(error)) from None
            raise

    @override
    def overwrite(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH
        self._move(str(folder.path / name), str(to.path / new), flags)

    @override
    def unlink(self, folder: Folder, name: str) -> None:
        path = folder.path / name
        self._patiently(str(path), lambda: os.unlink(path))

    @override
    def flags(self, fd: int) -> int:
        return int(getattr(os.fstat(fd), "st_file_attributes", 0)) & _KEPT_ATTRIBUTES

    @override
    def set_flags(self, fd: int, flags: int) -> None:
        others = int(getattr(os.fstat(fd), "st_file_attributes", 0)) & ~_KEPT_ATTRIBUTES
        self._api.set_attributes(fd, others | flags)

    @override
    def is_locked(self, fd: int) -> bool:
        return False

    @override
    def attributes(self, fd: int) -> dict[bytes, bytes]:
        return {}

    @override
    def set_attribute(self, fd: int, name: bytes, value: bytes) -> None:
        pass

    @override
    def remove_attribute(self, fd: int, name: bytes) -> None:
        pass

    @override
    def set_owner(self, fd: int, uid: int, gid: int) -> None:
        pass

    @override
    def set_mode(self, fd: int, mode: int) -> None:
        pass

    @override
    def set_times(self, fd: int, atime_ns: int, mtime_ns: int) -> None:
        self._api.set_times(fd, atime_ns // 100 + _EPOCH_1601, mtime_ns // 100 + _EPOCH_1601)

    @override
    def finishes_what_it_reads(self) -> bool:
        return False  # FlushFileBuffers and SetFileTime want a handle for writing

    @override
    def take_lease(self, fd: int) -> bool:
        return True

    @override
    def lease_whole(self, fd: int) -> bool:
        return True

    @override
    def drop_lease(self, fd: int) -> None:
        pass  # closing does


class _BasicInfo(ctypes.Structure):
    """`FILE_BASIC_INFO`; a time of 0 stays as it is."""

    _fields_ = (("times", ctypes.c_int64 * 4), ("attributes", ctypes.c_uint32))


class _WindowsApi:
    """The real calls; only on Windows do these names exist."""

    def __init__(self) -> None:
        self._kernel32: Any = getattr(ctypes, "WinDLL")("kernel32", use_last_error=True)  # noqa: B009
        self._kernel32.CreateFileW.restype = ctypes.c_void_p

    def open(self, path: str, access: int, disposition: int, flags: int) -> int:
        import msvcrt

        share = FILE_SHARE_READ | FILE_SHARE_DELETE
        handle = self._kernel32.CreateFileW(path, access, share, None, disposition, flags, None)
        if handle in (None, ctypes.c_void_p(-1).value):
            raise self._error(path)
        mode = os.O_RDWR if access & GENERIC_WRITE else os.O_RDONLY
        open_handle: Callable[[int, int], int] = getattr(msvcrt, "open_osfhandle")  # noqa: B009
        return open_handle(handle, mode | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0))

    def move(self, path: str, new: str, flags: int) -> None:
        if not self._kernel32.MoveFileExW(path, new, flags):
            raise self._error(path)

    def replace(self, replaced: str, replacement: str, backup: str) -> None:
        if not self._kernel32.ReplaceFileW(replaced, replacement, backup, 0, None, None):
            raise self._error(replaced)

    def set_times(self, fd: int, access: int, write: int) -> None:
        import msvcrt

        get_handle: Callable[[int], int] = getattr(msvcrt, "get_osfhandle")  # noqa: B009
        times = [ctypes.byref(ctypes.c_ulonglong(value)) for value in (access, write)]
        if not self._kernel32.SetFileTime(ctypes.c_void_p(get_handle(fd)), None, *times):
            raise self._error("")

    def set_attributes(self, fd: int, attributes: int) -> None:
        import msvcrt

        get_handle: Callable[[int], int] = getattr(msvcrt, "get_osfhandle")  # noqa: B009
        facts = _BasicInfo(attributes=attributes or _NORMAL)
        handle, size = ctypes.c_void_p(get_handle(fd)), ctypes.sizeof(facts)
        if not self._kernel32.SetFileInformationByHandle(handle, 0, ctypes.byref(facts), size):
            raise self._error("")

    def close_to_others(self, folder: Path) -> None:
        close_to_others(folder)

    def _error(self, path: str) -> OSError:
        code = int(getattr(ctypes, "get_last_error")())  # noqa: B009
        error: OSError = getattr(ctypes, "WinError")(code)  # noqa: B009
        error.filename = path
        return error
