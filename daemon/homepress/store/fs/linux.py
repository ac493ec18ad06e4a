"""Linux: renameat2, leases, extended attributes and inode flags."""

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import struct
from collections.abc import Callable
from pathlib import Path

from homepress.base.override import override
from homepress.base.system_errors import printable
from homepress.store.fs.base import Folder
from homepress.store.fs.posix import UNKNOWN_OPERATION, PosixFileSystem
from homepress.store.model import Busy, Unsupported, probe_name

# linux/fs.h: renameat2(2)
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_SYS_RENAMEAT2 = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "armv7l": 382, "i686": 353}

# linux/magic.h: whatever runs as a program of its own (FUSE_SUPER_MAGIC)
_FUSE = 0x65735546

# linux/ioprio.h: ioprio_set(2), which has no function in the C library; 0 is the calling thread.
_SYS_IOPRIO_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "armv7l": 314, "i686": 289}
_IOPRIO_WHO_PROCESS = 1
_IOPRIO_CLASS_IDLE = 3 << 13

# fcntl(2)
_F_SETSIG = 10

# linux/fs.h: ioctl_iflags(2)
_FS_IOC_GETFLAGS = 0x80086601
_FS_IOC_SETFLAGS = 0x40086602
_FL_IMMUTABLE = 0x10
_FL_APPEND = 0x20
_FL_KEPT = 0x01 | 0x02 | 0x08 | 0x40 | 0x80
"""Secure removal, undelete, synchronous, no dump, no access time: what a user sets and a copy can carry."""
_NO_FLAGS = {errno.ENOTTY, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EACCES}

# linux/magic.h: file systems whose leases say nothing about other machines, or always fail.
_REMOTE = {0x6969, 0xFF534D42, 0xFE534D42, 0x517B, 0x65735546, 0x01021997, 0x00C36400, 0x5346414F}
_NO_LEASE = {errno.EINVAL, errno.EACCES, errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK}

# Names of mount(8); `fuseblk` is ntfs-3g, exfat-fuse and their like.
_WINDOWS_NAMES = {
    "vfat",
    "msdos",
    "exfat",
    "ntfs",
    "ntfs3",
    "cifs",
    "smb3",
    "fuseblk",
    "fuse.exfat",
    "fuse.ntfs",
}

_NO_ATTRIBUTES = {errno.EOPNOTSUPP, errno.ENOSYS}


class LinuxFileSystem(PosixFileSystem):
    """`FileSystem` on Linux."""

    def __init__(self) -> None:
        self._renameat2 = _find_renameat2()

    @override
    def same_mount(self, one: Folder, other: Folder) -> bool:
        # A bind mount has the same device, yet rename(2) refuses to cross it: compare the mount as well.
        return super().same_mount(one, other) and _mount_id(one.fd) == _mount_id(other.fd)

    @override
    def windows_names(self, folder: Folder) -> bool:
        return _mount_type(folder.fd) in _WINDOWS_NAMES

    @override
    def exchange(self, folder: Folder, one: str, other: str) -> None:
        self._rename(folder, one, folder, other, _RENAME_EXCHANGE)

    @override
    def move(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        self._rename(folder, name, to, new, _RENAME_NOREPLACE)

    def _rename(self, folder: Folder, name: str, to: Folder, new: str, flags: int) -> None:
        if _file_system(to.fd) == _FUSE and not self._obeys(to, flags):
            raise Unsupported("renameat2: this driver renames without regard to flags")
        if self._renameat2(folder.fd, os.fsencode(name), to.fd, os.fsencode(new), flags) == 0:
            return
        code = ctypes.get_errno()
        if code in UNKNOWN_OPERATION:
            raise Unsupported(f"renameat2: {os.strerror(code)}")
        raise OSError(code, os.strerror(code), str(folder.path / name), None, str(to.path / new))

    def _obeys(self, folder: Folder, flags: int) -> bool:
        """Whether a FUSE driver does what it is asked to, tried with two files of our own each time.

        Some take the flags, rename all the same, and say that all went well: exfat-fuse 1.4 with libfuse 3
        writes one file over the other. Another driver may be mounted there at any time.
        """
        one, other = probe_name(), probe_name()
        names = [os.fsencode(name) for name in (one, other)]
        try:
            for name in (one, other):
                self.close(self.create_file(folder, name))
            if self._renameat2(folder.fd, names[0], folder.fd, names[1], flags) != 0:
                return flags == _RENAME_NOREPLACE and ctypes.get_errno() == errno.EEXIST
            return flags == _RENAME_EXCHANGE and self._is_there(folder, one)
        finally:
            for name in (one, other):
                with contextlib.suppress(FileNotFoundError):
                    self.unlink(folder, name)

    def _is_there(self, folder: Folder, name: str) -> bool:
        try:
            self.stat_name(folder, name)
        except FileNotFoundError:
            return False
        return True

    @override
    def sync(self, fd: int) -> None:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)

    @override
    def release_cache(self, fd: int) -> None:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)

    @override
    def give_way(self) -> None:
        if (call := _SYS_IOPRIO_SET.get(os.uname().machine)) is not None:
            ctypes.CDLL(None).syscall(ctypes.c_long(call), _IOPRIO_WHO_PROCESS, 0, _IOPRIO_CLASS_IDLE)

    @override
    def flags(self, fd: int) -> int:
        return _inode_flags(fd) & _FL_KEPT

    @override
    def set_flags(self, fd: int, flags: int) -> None:
        present = _inode_flags(fd)
        wanted = (present & ~_FL_KEPT) | flags
        if wanted != present:
            fcntl.ioctl(fd, _FS_IOC_SETFLAGS, struct.pack("II", wanted, 0))

    @override
    def is_locked(self, fd: int) -> bool:
        return bool(_inode_flags(fd) & (_FL_IMMUTABLE | _FL_APPEND))

    @override
    def attributes(self, fd: int) -> dict[bytes, bytes]:
        found = {}
        try:
            for name in os.listxattr(fd):
                found[os.fsencode(name)] = os.getxattr(fd, name)
        except OSError as error:
            # One that goes away while we look changes the identity as well, and that is looked at last.
            if error.errno not in (*_NO_ATTRIBUTES, errno.ENODATA):
                raise
        return found

    @override
    def set_attribute(self, fd: int, name: bytes, value: bytes) -> None:
        os.setxattr(fd, name, value)

    @override
    def remove_attribute(self, fd: int, name: bytes) -> None:
        os.removexattr(fd, name)

    @override
    def take_lease(self, fd: int) -> bool:
        if _file_system(fd) in _REMOTE:
            return False
        try:
            # A lease is broken by a signal, by default SIGIO, which would end the process; SIGURG is
            # ignored unless a program asks for it. Nobody listens: `lease_whole` asks the kernel.
            fcntl.fcntl(fd, _F_SETSIG, signal.SIGURG)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                raise Busy(f"{_name_of(fd)}: a program has it open for writing") from None
            if error.errno in _NO_LEASE:
                return False
            raise
        return True

    @override
    def lease_whole(self, fd: int) -> bool:
        return fcntl.fcntl(fd, fcntl.F_GETLEASE) == fcntl.F_RDLCK

    @override
    def drop_lease(self, fd: int) -> None:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def _find_renameat2() -> Callable[[int, bytes, int, bytes, int], int]:
    """The C library's renameat2, or the system call itself where an older or other C library lacks it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "renameat2"):
        libc.renameat2.argtypes = [
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_uint,
        ]
        found: Callable[[int, bytes, int, bytes, int], int] = libc.renameat2
        return found
    number = _SYS_RENAMEAT2.get(os.uname().machine)

    def by_number(fd: int, name: bytes, to: int, new: bytes, flags: int) -> int:
        if number is None:
            ctypes.set_errno(errno.ENOSYS)
            return -1
        return int(libc.syscall(ctypes.c_long(number), fd, name, to, new, ctypes.c_uint(flags)))

    return by_number


def _inode_flags(fd: int) -> int:
    try:
        # The request is defined with a long, but the kernel reads and writes an int (ioctl_iflags(2)).
        answer = fcntl.ioctl(fd, _FS_IOC_GETFLAGS, struct.pack("II", 0, 0))
    except OSError as error:
        if error.errno in _NO_FLAGS:
            return 0
        raise
    return int(struct.unpack_from("I", answer)[0])


def _mount_id(fd: int) -> str:
    try:
        lines = Path(f"/proc/self/fdinfo/{fd}").read_text(encoding="ascii").splitlines()
    except OSError:
        return ""  # no /proc here: the device alone has to do
    return next((line for line in lines if line.startswith("mnt_id:")), "")


def _mount_type(fd: int) -> str:
    """The name of the file system as mount(8) has it; empty when unknown."""
    number = _mount_id(fd).removeprefix("mnt_id:").strip()
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return ""
    # Number, parent, device, root, point, options, any number of tags, a dash, and the type (proc(5)).
    for fields in (line.split() for line in lines):
        if fields[0] == number.encode() and b"-" in fields:
            return os.fsdecode(fields[fields.index(b"-") + 1])
    return ""


def _file_system(fd: int) -> int:
    """The magic number of the file system, the first word of `struct statfs` (statfs(2)); 0 when unknown."""
    buffer = ctypes.create_string_buffer(256)
    if ctypes.CDLL(None, use_errno=True).fstatfs(fd, buffer) != 0:
        return 0
    return int(struct.unpack_from("l", buffer)[0]) & 0xFFFFFFFF


def _name_of(fd: int) -> str:
    """The path behind a descriptor, for messages."""
    try:
        return printable(os.readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        return "the file"
