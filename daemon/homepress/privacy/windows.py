"""What Windows lets a program without administrator's rights do: a job object around each worker.

A job bounds memory, processor time and the number of processes, and ends its processes together with the
daemon. It does not take away the network; that state is "open" and is reported as such.
"""

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from homepress.base.results import ProbeAttempt
from homepress.privacy.types import Check, Limits, Lock, NetworkState, ProcessReport

_NETWORK_OPEN = "Windows refuses no sockets to a program without administrator's rights"

# JOB_OBJECT_LIMIT_*: PROCESS_TIME, ACTIVE_PROCESS, PROCESS_MEMORY, DIE_ON_UNHANDLED_EXCEPTION,
# KILL_ON_JOB_CLOSE.
_LIMIT_FLAGS = 0x2 | 0x8 | 0x100 | 0x400 | 0x2000
_EXTENDED_LIMIT_INFORMATION = 9
_PROCESS_SET_QUOTA_AND_TERMINATE = 0x0100 | 0x0001
_TICKS_PER_SECOND = 10_000_000


class BasicLimits(ctypes.Structure):
    """`JOBOBJECT_BASIC_LIMIT_INFORMATION`."""

    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """`JOBOBJECT_EXTENDED_LIMIT_INFORMATION`; the six counters are `IO_COUNTERS`."""

    _fields_ = (
        ("basic", BasicLimits),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def job_limits(limits: Limits) -> ExtendedLimits:
    """The limits of a worker's job: its memory, its processor time, one process, ended with the daemon."""
    information = ExtendedLimits()
    information.basic.flags = _LIMIT_FLAGS
    information.basic.process_time = limits.cpu_seconds * _TICKS_PER_SECOND
    information.basic.active_processes = 1
    information.process_memory = limits.memory_bytes
    return information


def lock_daemon(socket: Path | None = None) -> Lock:  # noqa: ARG001  nothing to lock
    """See `types.PrivacySystem`."""
    return Lock(False, missing=(_NETWORK_OPEN,))


def lock_client(socket: Path | None = None) -> Lock:  # noqa: ARG001  nothing to lock
    """See `types.PrivacySystem`."""
    return Lock(False, missing=(_NETWORK_OPEN,))


def lock_worker(readable: Sequence[Path], limits: Limits) -> Lock:  # noqa: ARG001  the parent contains it
    """See `types.PrivacySystem`."""
    return Lock(False, missing=(_NETWORK_OPEN,))


def lock_tool(tool: Path, readable: Sequence[Path], limits: Limits) -> Lock:  # noqa: ARG001  as above
    """See `types.PrivacySystem`."""
    return Lock(False, missing=(_NETWORK_OPEN,))


def contain(pid: int, limits: Limits) -> Callable[[], None]:
    """The job lives as long as its handle, so the handle is closed at the end."""
    kernel32 = _kernel32()
    job = kernel32.CreateJobObjectW(None, None)
    information = job_limits(limits)
    process = kernel32.OpenProcess(_PROCESS_SET_QUOTA_AND_TERMINATE, False, pid)
    try:
        done = kernel32.SetInformationJobObject(
            job, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(information), ctypes.sizeof(information)
        ) and kernel32.AssignProcessToJobObject(job, process)
    finally:
        kernel32.CloseHandle(process)
    if not done:
        kernel32.CloseHandle(job)
        raise OSError(f"Windows could not put worker {pid} into a job")
    return lambda: kernel32.CloseHandle(job)


def probe() -> tuple[ProbeAttempt, ...]:
    """See `types.PrivacySystem`."""
    return (ProbeAttempt("TCP", True, _NETWORK_OPEN), ProbeAttempt("UDP", True, _NETWORK_OPEN))


def state() -> NetworkState:
    """See `types.PrivacySystem`."""
    return "open"


def report(pid: int) -> ProcessReport:
    """See `types.PrivacySystem`. `prove` prints the commands that show the sockets of a process."""
    return ProcessReport(pid, "", filtered=False, filters=0, no_new_privileges=False, sockets=None)


def checks(pids: Sequence[int]) -> tuple[Check, ...]:
    """See `types.PrivacySystem`."""
    listed = ",".join(map(str, pids))
    return (
        Check(f"Get-NetTCPConnection -OwningProcess {listed}", "no connection (in PowerShell)"),
        Check(f"Get-NetUDPEndpoint -OwningProcess {listed}", "no endpoint (in PowerShell)"),
        Check("resmon, Network tab", "no line for Homepress"),
        Check("switch on airplane mode, or pull the cable", "Homepress works as before"),
    )


def _kernel32() -> Any:
    """The system library with its handles typed. Other systems' ctypes lack it, hence Any."""
    library = vars(ctypes)["WinDLL"]("kernel32", use_last_error=True)
    for name in ("CreateJobObjectW", "OpenProcess"):
        getattr(library, name).restype = ctypes.c_void_p
    library.SetInformationJobObject.argtypes = (
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_uint32,
    )
    library.AssignProcessToJobObject.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    library.CloseHandle.argtypes = (ctypes.c_void_p,)
    return library
