"""A worker's surroundings on Windows. Run under Wine; not yet on Windows itself by this project.

Its life is tied to ours by the job object of the privacy room.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from homepress.workers.appcontainer import ContainedProcess, Container

# CREATE_NO_WINDOW, and IDLE_PRIORITY_CLASS or NORMAL_PRIORITY_CLASS (processthreadsapi.h).
_NO_WINDOW = 0x08000000
_IDLE_PRIORITY = 0x00000040
_NORMAL_PRIORITY = 0x00000020
_QUERY_LIMITED_INFORMATION = 0x1000


def popen_options(background: bool) -> Mapping[str, Any]:
    return {"creationflags": _NO_WINDOW | (_IDLE_PRIORITY if background else _NORMAL_PRIORITY)}


def interpreter() -> tuple[str, Mapping[str, str]]:
    """The Python of a virtual environment only starts the real one, which the job would refuse: one process.

    So the real one is started, and told by this variable which environment it is of (CPython PC/launcher.c).
    """
    real = str(getattr(sys, "_base_executable", sys.executable))
    return (sys.executable, {}) if real == sys.executable else (real, {"__PYVENV_LAUNCHER__": sys.executable})


_container: list["Container"] = []
"""The one that workers are started in, when the settings ask for it."""


def use_container() -> None:
    from homepress.workers.appcontainer import Container

    if not _container:
        _container.append(Container())


def remove_container() -> None:
    from homepress.workers.appcontainer import Container

    Container.remove()


def start_contained(
    command: Sequence[str], environment: Mapping[str, str], background: bool
) -> "ContainedProcess | None":
    if not _container:
        return None
    return _container[0].start(command, environment, popen_options(background)["creationflags"])


def tool_command(locked: Sequence[str], plain: Sequence[str]) -> Sequence[str]:  # noqa: ARG001
    """A process there cannot become another; the job confines the plain one."""
    return plain


def environment_names() -> tuple[str, ...]:
    """Without the first, Windows cannot load its own random number generator."""
    return ("SYSTEMROOT", "PATH")


def die_with_parent(parent: int) -> None:
    """The job does it."""


def close_from(first: int) -> None:
    """Windows hands on no descriptors but the three."""


def readable_behind_lock() -> Sequence[Path]:
    return ()


def system_libraries() -> Sequence[Path]:
    return ()


def yield_to_others() -> None:
    """Set by the parent when it starts the process."""


def trim_memory() -> None:
    pass


def kept_bytes() -> int:
    return 0


def comes_soon(descriptor: int, seconds: float) -> bool:  # noqa: ARG001  nothing depends on it here
    return True


def kill(pid: int) -> None:
    """On Windows any signal but the console's two ends a process at once."""
    try:
        os.kill(pid, signal.SIGTERM)
    except OSError:
        return  # It has ended already.


def resident_bytes(pid: int) -> int:
    """Its working set (GetProcessMemoryInfo)."""
    kernel32 = vars(ctypes)["WinDLL"]("kernel32")
    kernel32.OpenProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(kernel32.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid))
    if not process:
        return 0
    try:
        counters = _MemoryCounters()
        size = ctypes.sizeof(counters)
        told = kernel32.K32GetProcessMemoryInfo(process, ctypes.byref(counters), size)
        return int(counters.working_set) if told else 0
    finally:
        kernel32.CloseHandle(process)


class _MemoryCounters(ctypes.Structure):
    """`PROCESS_MEMORY_COUNTERS`."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("page_faults", ctypes.c_uint32),
        ("peak_working_set", ctypes.c_size_t),
        ("working_set", ctypes.c_size_t),
        ("others", ctypes.c_size_t * 6),
    )


def bounds_memory() -> bool:
    return True


def waited_seconds(pid: int) -> float:  # noqa: ARG001  not told
    return 0.0


class _MemoryStatus(ctypes.Structure):
    """`MEMORYSTATUSEX`."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total_physical", ctypes.c_uint64),
        ("available_physical", ctypes.c_uint64),
        ("total_commit", ctypes.c_uint64),
        ("available_commit", ctypes.c_uint64),
        ("total_virtual", ctypes.c_uint64),
        ("available_virtual", ctypes.c_uint64),
        ("available_extended", ctypes.c_uint64),
    )


def total_memory() -> int:
    return int(_memory_status().total_physical)


def available_memory() -> int:
    """What the job bounds is committed memory, so that it has to fit there too."""
    status = _memory_status()
    return int(min(status.available_physical, status.available_commit))


def _memory_status() -> _MemoryStatus:
    """GlobalMemoryStatusEx; zeros where it fails."""
    status = _MemoryStatus()
    status.length = ctypes.sizeof(status)
    kernel32 = vars(ctypes)["WinDLL"]("kernel32")
    return status if kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else _MemoryStatus()
