"""A worker's surroundings on Linux."""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_IOPRIO_WHO_PROCESS = 1
_IOPRIO_CLASS_IDLE = 3 << 13
# ioprio_set has no function in the C library (linux/ioprio.h).
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}

# A picture crosses the pipe in few steps; the system may grant less.
_PIPE_BYTES = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NANOSECOND = 1e-9

_libc = ctypes.CDLL(None)


def popen_options(background: bool) -> Mapping[str, Any]:  # noqa: ARG001  the child does it
    return {"start_new_session": True, "pipesize": _PIPE_BYTES}


def interpreter() -> tuple[str, Mapping[str, str]]:
    return sys.executable, {}


def tool_command(locked: Sequence[str], plain: Sequence[str]) -> Sequence[str]:  # noqa: ARG001
    return locked


def environment_names() -> tuple[str, ...]:
    """Pythons that were moved find their own library by it."""
    return ("LD_LIBRARY_PATH",)


def die_with_parent(parent: int) -> None:
    """The signal comes when the parent's thread that started us ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def close_from(first: int) -> None:
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def readable_behind_lock() -> Sequence[Path]:
    return ()


def yield_to_others() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    call = _IOPRIO_SET.get(os.uname().machine)
    if call is not None:
        _libc.syscall(ctypes.c_long(call), _IOPRIO_WHO_PROCESS, 0, _IOPRIO_CLASS_IDLE)


def trim_memory() -> None:
    """Only glibc has the call; other C libraries give large blocks back by themselves."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(ctypes.c_size_t(0))


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def resident_bytes(pid: int) -> int:
    """From /proc/PID/statm, proc(5)."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def waited_seconds(pid: int) -> float:
    """Of the thread that waited longest; Linux `Documentation/scheduler/sched-stats.rst`."""
    folder = f"/proc/{pid}/task"
    longest = 0
    try:
        for thread in os.listdir(folder):
            with open(f"{folder}/{thread}/schedstat", encoding="ascii") as file:
                longest = max(longest, int(file.read().split()[1]))
    except (OSError, IndexError):
        pass  # The thread or the process has ended, or the kernel keeps no such count.
    return longest * _NANOSECOND
