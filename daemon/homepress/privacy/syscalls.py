"""System calls that Python has no function for: their numbers are those of `calls`."""

import ctypes
import os

_PR_GET_SECCOMP = 21
_PR_SET_NO_NEW_PRIVS = 38
_PR_GET_NO_NEW_PRIVS = 39
_FILTER_MODE = 2
_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _FilterProgram(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class _CapabilityHeader(ctypes.Structure):
    """`struct __user_cap_header_struct` of linux/capability.h."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


Argument = int | bytes | ctypes.Structure | ctypes.Array[ctypes.c_uint32] | None


def call(number: int, *arguments: Argument) -> int:
    """Make a system call by number and give its result; structures and bytes go by address.

    Raises:
        OSError: with the kernel's error number.
    """
    result = int(_libc.syscall(ctypes.c_long(number), *map(_word, arguments)))
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def forbid_new_privileges() -> None:
    """From here on no program that this process starts gains rights (set-user-id and the like)."""
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs refused")


def filtered() -> bool:
    """Whether a seccomp filter and the ban on new privileges are on this thread, by the kernel's word."""
    mode = _libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0)
    return bool(mode == _FILTER_MODE and _libc.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)


def install_filter(seccomp: int, program: bytes) -> None:
    """Put a seccomp filter on every thread of this process, irrevocably.

    Args:
        seccomp: the number of the seccomp call.
        program: what `seccomp.assemble` gives.

    Raises:
        OSError: the kernel has no seccomp, or a thread has a filter that this one does not build on.
    """
    thread = call(seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, filter_program(program))
    if thread > 0:
        raise OSError(f"thread {thread} could not be given the filter")


def filter_program(program: bytes) -> ctypes.Structure:
    """What `seccomp.assemble` gives, as the kernel takes it."""
    return _FilterProgram(len(program) // 8, program)


def drop_capabilities(capset: int) -> None:
    """Give up what root may do beyond others (this thread and those it starts).

    Args:
        capset: the number of the capset call.
    """
    nothing = (ctypes.c_uint32 * 6)()
    call(capset, _CapabilityHeader(_CAPABILITY_VERSION_3, 0), nothing)


def thread_count() -> int:
    """How many threads this process has now."""
    return len(os.listdir("/proc/self/task"))


def _word(argument: Argument) -> object:
    if isinstance(argument, int):
        return ctypes.c_long(argument)
    if isinstance(argument, ctypes.Structure | ctypes.Array):
        return ctypes.byref(argument)
    return argument
