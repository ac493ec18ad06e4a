"""Raw system calls for deeds: by name, so that no library stands between, and what they need prepared."""

import ctypes
import errno
import mmap
import os
import platform
import struct
from collections.abc import Callable

from homepress.privacy.calls import NUMBERS

_COLUMN = {"x86_64": 0, "aarch64": 1}.get(platform.machine(), 0)

libc = ctypes.CDLL(None, use_errno=True)

Word = int | bytes | None


def has(call: str) -> bool:
    """Whether this machine has a call of that name."""
    return NUMBERS[call][_COLUMN] is not None


def call(name: str | int, *words: Word) -> int:
    """Make a system call; bytes go by address.

    Raises:
        OSError: with the kernel's error number, or the filter's.
    """
    number = NUMBERS[name][_COLUMN] if isinstance(name, str) else name
    assert number is not None
    ctypes.set_errno(0)
    result = int(libc.syscall(ctypes.c_long(number), *map(_word, words)))
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _word(word: Word) -> object:
    return ctypes.c_long(word) if isinstance(word, int) else word


# Made before any lock, as one who has taken a process over has other ways to run code of his own.

_I386_GETPID = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"  # mov $20, %eax; int $0x80; ret


def _machine_code() -> Callable[[], int] | None:
    if platform.machine() != "x86_64":
        return None
    try:
        code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return None
    code.write(_I386_GETPID)
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))


_i386_getpid = _machine_code()


def call_in_32_bits() -> int:
    """getpid by the gate for 32-bit programs (`int $0x80`)."""
    if _i386_getpid is None:
        raise OSError(errno.ENOSYS, "no such gate")
    pid = _i386_getpid()
    if pid <= 0:
        raise OSError(-pid, "the kernel has no 32-bit calls")
    return pid


MOST_THREADS = 700


def start_threads() -> int:
    """As many threads as there may be, each with the smallest stack, asleep; how many.

    Raises:
        OSError: not one may be started.
    """
    attributes = ctypes.create_string_buffer(64)
    libc.pthread_attr_init(attributes)
    libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(1 << 16))
    sleep, seconds = ctypes.cast(libc.sleep, ctypes.c_void_p), ctypes.c_void_p(1000)
    for started in range(MOST_THREADS):
        thread = ctypes.c_ulong()
        code = libc.pthread_create(ctypes.byref(thread), attributes, sleep, seconds)
        if code:
            if started == 0:
                raise OSError(errno.EPERM, os.strerror(code))
            return started
    return MOST_THREADS


_ENOSYS = 0x00050000 | errno.ENOSYS
_LANDLOCK = range(444, 447)
_PR_SET_NO_NEW_PRIVS, _SECCOMP_SET_MODE_FILTER = 38, 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def take_landlock_away() -> None:
    """Put a filter on this process that answers as a kernel without Landlock does."""
    code = [struct.pack("=HBBI", 0x20, 0, 0, 0)]  # load the number
    for number in _LANDLOCK:
        code += [struct.pack("=HBBI", 0x15, 0, 1, number), struct.pack("=HBBI", 0x06, 0, 0, _ENOSYS)]
    code.append(struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    program = _Program(len(code), b"".join(code))
    seccomp = ctypes.c_long(NUMBERS["seccomp"][_COLUMN] or 0)
    if libc.syscall(seccomp, _SECCOMP_SET_MODE_FILTER, 0, ctypes.byref(program)) != 0:
        raise OSError(ctypes.get_errno(), "the kernel took no filter")
