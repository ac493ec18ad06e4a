"""macOS: renameatx_np, F_FULLFSYNC, extended attributes, ACLs, flags and the time of creation.

macOS has no leases: a program that writes at the same moment is noticed by identity and content, before
and after the exchange.
"""

import ctypes
import errno
import fcntl
import os
from typing import Any

from homepress.base.override import override
from homepress.base.volumes.macos import ATTR_BIT_MAP_COUNT, AttrList
from homepress.store.fs.base import Folder
from homepress.store.fs.posix import UNKNOWN_OPERATION, PosixFileSystem
from homepress.store.model import Unsupported

# sys/stdio.h: renamex_np(2)
RENAME_SWAP = 0x2
RENAME_EXCL = 0x4

# sys/fcntl.h: fsync(2) leaves data in the drive's cache, this does not.
F_FULLFSYNC = 51

_NOT_WRITTEN = {errno.EIO, errno.ENOSPC, errno.EDQUOT}

# sys/stat.h: what a user can set, without what locks the file or is the system's own business.
_UF_KEPT = 0x0001 | 0x0008 | 0x8000  # no dump, opaque, hidden
# User and system, immutable and append-only; system, restricted and not to be unlinked.
_LOCKED = 0x0002 | 0x0004 | 0x00020000 | 0x00040000 | 0x00080000 | 0x00100000

ACL = b"\0acl"
"""An access control list among the attributes, as acl_to_text(3) writes it."""
BIRTH = b"\0birth"
"""The time of creation among the attributes, as `struct timespec`."""

_ACL_TYPE_EXTENDED = 0x100

# sys/attr.h: getattrlist(2)
_ATTR_CMN_CRTIME = 0x200
# sys/mount.h: where `f_fstypename` is in `struct statfs` with 64-bit inode numbers.
_TYPE_NAME = 72
_OF_SYSTEM = {b"com.apple.provenance", b"com.apple.macl", b"com.apple.lastuseddate#PS"}
"""What the system puts on files and lets nobody set or remove, or changes when a file is opened.

To give the first two to a result is refused; nearly every picture that a program saved has them."""
_NO_ATTRIBUTES = {errno.ENOTSUP, errno.EPERM}


class MacFileSystem(PosixFileSystem):
    """`FileSystem` on macOS."""

    def __init__(self, library: Any = None) -> None:
        """`library` replaces the C library in tests."""
        self._libc: Any = library or ctypes.CDLL(None, use_errno=True)

    @override
    def windows_names(self, folder: Folder) -> bool:
        buffer = ctypes.create_string_buffer(4096)
        call = "fstatfs$INODE64" if os.uname().machine == "x86_64" else "fstatfs"
        if getattr(self._libc, call)(folder.fd, buffer) != 0:
            return False
        name = buffer.raw[_TYPE_NAME : _TYPE_NAME + 16].split(b"\0")[0]
        return name in (b"msdos", b"exfat", b"ntfs", b"smbfs")

    @override
    def exchange(self, folder: Folder, one: str, other: str) -> None:
        self._rename(folder, one, folder, other, RENAME_SWAP)

    @override
    def move(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        self._rename(folder, name, to, new, RENAME_EXCL)

    def _rename(self, folder: Folder, name: str, to: Folder, new: str, flags: int) -> None:
        arguments = (folder.fd, os.fsencode(name), to.fd, os.fsencode(new), ctypes.c_uint(flags))
        if self._libc.renameatx_np(*arguments) == 0:
            return
        code = ctypes.get_errno()
        if code in UNKNOWN_OPERATION:
            raise Unsupported(f"renameatx_np: {os.strerror(code)}")
        raise OSError(code, os.strerror(code), str(folder.path / name), None, str(to.path / new))

    @override
    def sync(self, fd: int) -> None:
        try:
            fcntl.fcntl(fd, F_FULLFSYNC)
        except OSError as error:
            if error.errno in _NOT_WRITTEN:
                raise  # told once: another call could say that all is well
            os.fsync(fd)  # file systems that do not know it, above all network ones

    @override
    def flags(self, fd: int) -> int:
        return int(getattr(os.fstat(fd), "st_flags", 0)) & _UF_KEPT

    @override
    def set_flags(self, fd: int, flags: int) -> None:
        present = int(getattr(os.fstat(fd), "st_flags", 0))
        self._check(self._libc.fchflags(fd, ctypes.c_uint(present & ~_UF_KEPT | flags)))

    @override
    def is_locked(self, fd: int) -> bool:
        return bool(int(getattr(os.fstat(fd), "st_flags", 0)) & _LOCKED)

    @override
    def attributes(self, fd: int) -> dict[bytes, bytes]:
        found = {name: self._attribute(fd, name) for name in self._names(fd)}
        if (acl := self._acl(fd)) is not None:
            found[ACL] = acl
        return found | {BIRTH: self._birth(fd)}

    @override
    def set_attribute(self, fd: int, name: bytes, value: bytes) -> None:
        if name == ACL:
            self._set_acl(fd, value)
        elif name == BIRTH:
            self._check(self._libc.fsetattrlist(fd, self._creation(), value, len(value), 0))
        else:
            self._check(self._libc.fsetxattr(fd, name, value, ctypes.c_size_t(len(value)), 0, 0))

    @override
    def remove_attribute(self, fd: int, name: bytes) -> None:
        if name == ACL:
            self._set_acl(fd, b"!#acl 1\n")
        else:
            self._check(self._libc.fremovexattr(fd, name, 0))

    @override
    def take_lease(self, fd: int) -> bool:
        return False

    @override
    def lease_whole(self, fd: int) -> bool:
        return True

    @override
    def drop_lease(self, fd: int) -> None:
        pass

    def _names(self, fd: int) -> list[bytes]:
        size = self._libc.flistxattr(fd, None, ctypes.c_size_t(0), 0)
        if size < 0 and ctypes.get_errno() in _NO_ATTRIBUTES:
            return []
        buffer = ctypes.create_string_buffer(max(self._check(size), 1))
        size = self._check(self._libc.flistxattr(fd, buffer, ctypes.c_size_t(size), 0))
        return [name for name in buffer.raw[:size].split(b"\0") if name and name not in _OF_SYSTEM]

    def _attribute(self, fd: int, name: bytes) -> bytes:
        size = self._check(self._libc.fgetxattr(fd, name, None, ctypes.c_size_t(0), 0, 0))
        buffer = ctypes.create_string_buffer(max(size, 1))
        size = self._check(self._libc.fgetxattr(fd, name, buffer, ctypes.c_size_t(size), 0, 0))
        return buffer.raw[:size]

    def _acl(self, fd: int) -> bytes | None:
        self._libc.acl_get_fd_np.restype = ctypes.c_void_p
        acl = self._libc.acl_get_fd_np(fd, _ACL_TYPE_EXTENDED)
        if not acl:
            return None
        self._libc.acl_to_text.restype = ctypes.c_void_p
        text = self._libc.acl_to_text(ctypes.c_void_p(acl), None)
        try:
            return ctypes.string_at(text)
        finally:
            self._libc.acl_free(ctypes.c_void_p(text))
            self._libc.acl_free(ctypes.c_void_p(acl))

    def _set_acl(self, fd: int, text: bytes) -> None:
        self._libc.acl_from_text.restype = ctypes.c_void_p
        acl = self._libc.acl_from_text(text)
        try:
            self._check(self._libc.acl_set_fd_np(fd, ctypes.c_void_p(acl), _ACL_TYPE_EXTENDED))
        finally:
            self._libc.acl_free(ctypes.c_void_p(acl))

    def _birth(self, fd: int) -> bytes:
        # The answer begins with its own length (uint32), the timespec follows.
        buffer = ctypes.create_string_buffer(4 + 16)
        self._check(self._libc.fgetattrlist(fd, self._creation(), buffer, ctypes.c_size_t(len(buffer)), 0))
        return buffer.raw[4:]

    def _creation(self) -> object:
        return ctypes.byref(AttrList(bitmapcount=ATTR_BIT_MAP_COUNT, commonattr=_ATTR_CMN_CRTIME))

    def _check(self, result: int) -> int:
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return result
