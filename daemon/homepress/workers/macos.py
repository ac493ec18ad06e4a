"""A worker's surroundings on macOS. Written from the manual pages; not yet run on a Mac by this project."""

import contextlib
import ctypes
import os
import select
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_LOWEST_PRIORITY = 19
_RUSAGE_INFO_V0 = 0


def popen_options(background: bool) -> Mapping[str, Any]:  # noqa: ARG001  the child does it
    return {"start_new_session": True}


def interpreter() -> tuple[str, Mapping[str, str]]:
    return sys.executable, {}


def use_container() -> None:
    """Only Windows has one; what locks a worker here is the lock it puts on itself."""
    raise OSError("the setting app_container is for Windows alone")


def remove_container() -> None:
    pass


def start_contained(
    command: Sequence[str],  # noqa: ARG001
    environment: Mapping[str, str],  # noqa: ARG001
    background: bool,  # noqa: ARG001
) -> None:
    return None


def tool_command(locked: Sequence[str], plain: Sequence[str]) -> Sequence[str]:  # noqa: ARG001
    return locked


def environment_names() -> tuple[str, ...]:
    return ("DYLD_LIBRARY_PATH",)


def die_with_parent(parent: int) -> None:
    """A thread waits for the parent's end (kqueue(2), EVFILT_PROC)."""
    if os.getppid() != parent:
        os._exit(0)
    threading.Thread(target=_await_end, args=(parent,), daemon=True).start()


def close_from(first: int) -> None:
    """Those that are open: where there is no limit, all numbers are a million calls."""
    for name in os.listdir("/dev/fd"):
        if name.isdecimal() and int(name) >= first:
            with contextlib.suppress(OSError):
                os.close(int(name))  # the one of the listing is closed already


def readable_behind_lock() -> Sequence[Path]:
    """The system loads parts of its own libraries when they are first called."""
    return system_libraries()


def system_libraries() -> Sequence[Path]:
    """dyld(1), and where the shared cache of all of them is: macOS 13 and later, 11 and 12, before."""
    cached = ("/System/Volumes/Preboot/Cryptexes/OS", "/System/Library", "/private/var/db/dyld")
    return tuple(map(Path, ("/usr/lib", *cached)))


def yield_to_others() -> None:
    os.nice(_LOWEST_PRIORITY)


def trim_memory() -> None:
    """The system's allocator gives large blocks back by itself."""


def kept_bytes() -> int:
    return 0


def comes_soon(descriptor: int, seconds: float) -> bool:  # noqa: ARG001  nothing depends on it here
    return True


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def resident_bytes(pid: int) -> int:
    """Its footprint, which is what Activity Monitor shows and the kernel's limits count (proc_pid_rusage)."""
    usage = _ResourceUsage()
    try:
        refused = ctypes.CDLL(None).proc_pid_rusage(pid, _RUSAGE_INFO_V0, ctypes.byref(usage))
    except (OSError, AttributeError):
        return 0
    return 0 if refused else int(usage.footprint)


class _ResourceUsage(ctypes.Structure):
    """`struct rusage_info_v0`, sys/resource.h."""

    _fields_ = (
        ("uuid", ctypes.c_uint8 * 16),
        ("times_wakeups_pageins", ctypes.c_uint64 * 5),
        ("wired", ctypes.c_uint64),
        ("resident", ctypes.c_uint64),
        ("footprint", ctypes.c_uint64),
        ("begun", ctypes.c_uint64),
        ("ended", ctypes.c_uint64),
    )


def bounds_memory() -> bool:
    """RLIMIT_AS is refused there (EINVAL, setrlimit(2))."""
    return False


def waited_seconds(pid: int) -> float:  # noqa: ARG001  not told
    return 0.0


def total_memory() -> int:
    return _system_number("hw.memsize", 8)


def available_memory() -> int:
    """The share that is left before the kernel presses programs (`kern.memorystatus_level`, percent)."""
    return total_memory() * _system_number("kern.memorystatus_level", 4) // 100


def _system_number(name: str, size: int) -> int:
    """A number of sysctl(3); 0 where the system does not tell."""
    value = (ctypes.c_uint8 * size)()
    length = ctypes.c_size_t(size)
    try:
        refused = ctypes.CDLL(None).sysctlbyname(name.encode(), value, ctypes.byref(length), None, 0)
    except (OSError, AttributeError):
        return 0
    return 0 if refused else int.from_bytes(bytes(value)[: length.value], sys.byteorder)


def _await_end(parent: int) -> None:
    # Absent from the types of other systems' Python.
    kqueue, event, constant = (vars(select)[name] for name in ("kqueue", "kevent", "KQ_NOTE_EXIT"))
    watch = event(parent, filter=vars(select)["KQ_FILTER_PROC"], fflags=constant)
    with contextlib.suppress(ProcessLookupError):
        kqueue().control([watch], 1, None)
    os._exit(0)
