"""What Windows lets a program without administrator's rights do to its own workers.

From outside, a job object: memory, processor time, no second process, no clipboard, desktop or log-off, and
an end together with the daemon. From inside, when everything is loaded: the lowest integrity level, so that
nothing of the user's can be written; no privileges; no code made at run time. Each step is read back from the
system, and one that is not there is named in `Lock.missing`.

None of that takes away the network or the reading of files. Windows does so for a process that was started in
an AppContainer, which the setting `app_container` asks for, or by a rule of its firewall.
"""

import contextlib
import ctypes
import socket as sockets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from homepress.base.override import override
from homepress.base.results import Gap, ProbeAttempt
from homepress.privacy.types import Check, Limits, Lock, NetworkState, ProcessReport, all_refused

_NETWORK_OPEN = "no rule takes the network away from this process; homepress firewall can add one"

# JOB_OBJECT_LIMIT_*: PROCESS_TIME, ACTIVE_PROCESS, PROCESS_MEMORY, DIE_ON_UNHANDLED_EXCEPTION,
# KILL_ON_JOB_CLOSE.
_LIMIT_FLAGS = 0x2 | 0x8 | 0x100 | 0x400 | 0x2000
_UI_FLAGS = 0xFF
"""JOB_OBJECT_UILIMIT_*: others' handles, clipboard, system parameters, display, atoms, desktops, log-off."""
_UI_RESTRICTIONS = 4
_EXTENDED_LIMIT_INFORMATION = 9
_PROCESS_SET_QUOTA_AND_TERMINATE = 0x0100 | 0x0001
_TICKS_PER_SECOND = 10_000_000

# TOKEN_INFORMATION_CLASS, and the rights to a token (winnt.h).
_TOKEN_PRIVILEGES, _TOKEN_INTEGRITY_LEVEL, _TOKEN_IS_APP_CONTAINER = 3, 25, 29
_TOKEN_QUERY, _TOKEN_ADJUST_PRIVILEGES, _TOKEN_ADJUST_DEFAULT = 0x8, 0x20, 0x80
_UNTRUSTED, _LOW = 0x0000, 0x1000
_SE_GROUP_INTEGRITY = 0x20
_PRIVILEGE_REMOVED = 0x4
_CHANGE_NOTIFY = 23
"""SeChangeNotifyPrivilege, which everybody has: to walk through folders that cannot be listed."""

MITIGATIONS = {
    "making code at run time": (2, 0x1),  # ProcessDynamicCodePolicy: ProhibitDynamicCode
    "add-ons of other programs": (6, 0x1),  # ProcessExtensionPointDisablePolicy
    "fonts that are not the system's": (9, 0x1),  # ProcessFontDisablePolicy
    "libraries from a network or a place of low integrity": (10, 0x3),  # ProcessImageLoadPolicy
}
"""What a process can forbid itself (SetProcessMitigationPolicy): in words, the policy and its flags."""

_JOB_WAIT_SECONDS, _OTHER_JOB_WAIT_SECONDS = 5.0, 0.25
_JOB_LOOK_SECONDS = 0.01
_CONNECT_SECONDS = 5.0
_DISCARD_PORT = 9


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


class WorkerSystem(Protocol):
    """What a worker asks of Windows about itself; each raises `OSError` where the system refuses."""

    def in_container(self) -> bool:
        """Whether this process was started in an AppContainer."""

    def job_flags(self) -> int | None:
        """JOB_OBJECT_LIMIT_* of the job that holds this process; None without any."""

    def mitigate(self, policy: int, flags: int) -> int:
        """SetProcessMitigationPolicy; the flags that GetProcessMitigationPolicy then tells."""

    def drop_privileges(self) -> int:
        """Remove all privileges but one; how many are left."""

    def lower_integrity(self, level: int) -> int:
        """Lower our own integrity level, which cannot be raised again; the level then reported."""


def lock_daemon(socket: Path | None = None) -> Lock:  # noqa: ARG001  nothing to lock
    return Lock(False, missing=(_NETWORK_OPEN,))


def lock_client(socket: Path | None = None) -> Lock:  # noqa: ARG001  nothing to lock
    return Lock(False, missing=(_NETWORK_OPEN,))


def lock_worker(
    readable: Sequence[Path],  # noqa: ARG001  cannot be had
    limits: Limits,  # noqa: ARG001  the parent contains it
    system: WorkerSystem | None = None,
) -> Lock:
    """A step that fails is named, and the others are taken all the same."""
    system = system or _System()
    if _is_contained(system):
        refused = state() == "locked"
        return Lock(refused, files=1, missing=(*(() if refused else (_NETWORK_OPEN,)), *_gaps(system)))
    return Lock(False, missing=(_NETWORK_OPEN, *(gap.brief for gap in gaps()), *_gaps(system)))


def lock_tool(tool: Path, readable: Sequence[Path], limits: Limits) -> Lock:  # noqa: ARG001  as above
    return Lock(False, missing=(_NETWORK_OPEN,))


def _is_contained(system: WorkerSystem) -> bool:
    try:
        return system.in_container()
    except OSError:
        return False


def _gaps(system: WorkerSystem) -> Iterator[str]:
    """Confine this process; what could not be had, in words."""
    for step in (_job_gap, _mitigation_gaps, _privilege_gap, _integrity_gap):
        try:
            yield from step(system)
        except OSError as error:
            yield f"{_STEPS[step]}: {error.strerror or error}"


def _job_gap(system: WorkerSystem) -> Iterator[str]:
    """The daemon puts us into a job right after our start; we may be in another one before."""
    began = time.monotonic()
    while ((flags := system.job_flags()) or 0) & _LIMIT_FLAGS != _LIMIT_FLAGS:
        if time.monotonic() - began > (_JOB_WAIT_SECONDS if flags is None else _OTHER_JOB_WAIT_SECONDS):
            yield "no job object bounds this process" if flags is None else "the job object has no limits"
            return
        time.sleep(_JOB_LOOK_SECONDS)


def _mitigation_gaps(system: WorkerSystem) -> Iterator[str]:
    for name, (policy, flags) in MITIGATIONS.items():
        try:
            if system.mitigate(policy, flags) & flags != flags:
                yield f"{name} is not forbidden: the system took the order and did not carry it out"
        except OSError as error:
            yield f"{name} is not forbidden: {error.strerror or error}"


def _privilege_gap(system: WorkerSystem) -> Iterator[str]:
    if (left := system.drop_privileges()) > 1:
        yield f"{left} privileges could not be given up"


def _integrity_gap(system: WorkerSystem) -> Iterator[str]:
    try:
        level = system.lower_integrity(_UNTRUSTED)
    except OSError:
        level = system.lower_integrity(_LOW)
    if level > _LOW:
        yield f"files can be written too: the integrity level is still {level:#x}"
    elif level > _UNTRUSTED:
        yield "files can be written in the few folders that are open to the low integrity level"


_STEPS: dict[Callable[[WorkerSystem], Iterator[str]], str] = {
    _job_gap: "whether a job object bounds this process is not told",
    _mitigation_gaps: "nothing could be forbidden",
    _privilege_gap: "privileges could not be given up",
    _integrity_gap: "files can be written too: the integrity level could not be lowered",
}


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
        surface = ctypes.c_uint32(_UI_FLAGS)
        kernel32.SetInformationJobObject(job, _UI_RESTRICTIONS, ctypes.byref(surface), 4)
    finally:
        kernel32.CloseHandle(process)
    if not done:
        kernel32.CloseHandle(job)
        raise OSError(f"Windows could not put worker {pid} into a job")
    return lambda: kernel32.CloseHandle(job)


def probe(other: int = 0) -> tuple[ProbeAttempt, ...]:  # noqa: ARG001  no memory is tried here
    """The making of sockets, which the firewall lets pass; in a container, also their use."""
    tried = _connected if _is_contained(_System()) else _made
    return (
        _socket("TCP", sockets.AF_INET, sockets.SOCK_STREAM, tried),
        _socket("UDP", sockets.AF_INET, sockets.SOCK_DGRAM, tried),
        _socket("TCP over IPv6", sockets.AF_INET6, sockets.SOCK_STREAM, tried),
        _socket("UDP over IPv6", sockets.AF_INET6, sockets.SOCK_DGRAM, tried),
    )


def _made(family: int, kind: int) -> None:
    sockets.socket(family, kind).close()


def _connected(family: int, kind: int) -> None:
    """A container refuses the use of a socket, not the making. Only to this computer: nothing leaves it."""
    with sockets.socket(family, kind) as made:
        made.settimeout(_CONNECT_SECONDS)
        # Let through, and nobody listens there: Windows says so after two seconds.
        with contextlib.suppress(ConnectionError, TimeoutError):
            made.connect(("::1" if family == sockets.AF_INET6 else "127.0.0.1", _DISCARD_PORT))


def _socket(name: str, family: int, kind: int, tried: Callable[[int, int], None]) -> ProbeAttempt:
    try:
        tried(family, kind)
    except OSError as error:
        return ProbeAttempt(name, False, f"{error.errno}: {error.strerror}")
    return ProbeAttempt(name, True, "allowed")


def locks_nest() -> bool:
    return True


def set_apart() -> Lock:
    """Nothing is to be had for it by the process itself."""
    return Lock(False)


def gaps() -> tuple[Gap, ...]:
    """A job does not bound what a worker may read."""
    return (
        Gap(
            "files are not closed: Windows would let what reads pictures read whatever you can read, if a "
            "fault in it were used for that",
            "homepress settings set app_container=true, and a restart; nobody has tried that on Windows yet",
            files_open=True,
        ),
    )


def state() -> NetworkState:
    return "locked" if all_refused(probe()) else "open"


def report(pid: int) -> ProcessReport:
    """`prove` prints the commands that show the sockets of a process."""
    return ProcessReport(pid, "", filtered=False, filters=0, no_new_privileges=False, sockets=None)


def checks(pids: Sequence[int]) -> tuple[Check, ...]:
    listed = ",".join(map(str, pids))
    return (
        Check(f"Get-NetTCPConnection -OwningProcess {listed}", "no connection (in PowerShell)"),
        Check(f"Get-NetUDPEndpoint -OwningProcess {listed}", "no endpoint (in PowerShell)"),
        Check("homepress firewall status", "which of its programs a rule of the firewall blocks"),
        Check("resmon, Network tab", "no line for Homepress"),
        Check("switch on airplane mode, or pull the cable", "Homepress works as before"),
    )


class _System(WorkerSystem):
    """The real calls."""

    def __init__(self) -> None:
        self._kernel32 = _kernel32()
        self._advapi32 = _library("advapi32")
        self._advapi32.OpenProcessToken.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)

    @override
    def in_container(self) -> bool:
        with self._token(_TOKEN_QUERY) as token:
            told = self._token_information(token, _TOKEN_IS_APP_CONTAINER)
            return any(bytes(told)[:4])

    @override
    def job_flags(self) -> int | None:
        inside = ctypes.c_int()
        process = self._kernel32.GetCurrentProcess()
        if not self._kernel32.IsProcessInJob(process, None, ctypes.byref(inside)):
            raise _last_error()
        if not inside.value:
            return None
        limits = ExtendedLimits()
        size = ctypes.sizeof(limits)
        asked = (None, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), size, None)
        if not self._kernel32.QueryInformationJobObject(*asked):
            raise _last_error()
        return int(limits.basic.flags)

    @override
    def mitigate(self, policy: int, flags: int) -> int:
        value = ctypes.c_uint32(flags)
        if not self._kernel32.SetProcessMitigationPolicy(policy, ctypes.byref(value), 4):
            raise _last_error()
        told = ctypes.c_uint32()
        process = self._kernel32.GetCurrentProcess()
        if not self._kernel32.GetProcessMitigationPolicy(process, policy, ctypes.byref(told), 4):
            raise _last_error()
        return told.value

    @override
    def drop_privileges(self) -> int:
        with self._token(_TOKEN_QUERY | _TOKEN_ADJUST_PRIVILEGES) as token:
            wanted = _removal([luid for luid in self._privileges(token) if luid != _CHANGE_NOTIFY])
            if not self._advapi32.AdjustTokenPrivileges(token, False, wanted, 0, None, None):
                raise _last_error()
            return len(self._privileges(token))

    @override
    def lower_integrity(self, level: int) -> int:
        with self._token(_TOKEN_QUERY | _TOKEN_ADJUST_DEFAULT) as token:
            # SID S-1-16-LEVEL: revision, count, authority in 6 bytes, one number.
            sid = ctypes.create_string_buffer(
                bytes((1, 1, 0, 0, 0, 0, 0, 16)) + level.to_bytes(4, "little"), 12
            )
            label = _Label(ctypes.addressof(sid), _SE_GROUP_INTEGRITY)
            size = ctypes.sizeof(label) + 12
            taken = self._advapi32.SetTokenInformation(
                token, _TOKEN_INTEGRITY_LEVEL, ctypes.byref(label), size
            )
            if not taken:
                raise _last_error()
            told = self._token_information(token, _TOKEN_INTEGRITY_LEVEL)
            place = _Label.from_buffer(told).sid
            return int.from_bytes(ctypes.string_at(place + 8, 4), "little")

    @contextlib.contextmanager
    def _token(self, rights: int) -> Iterator[ctypes.c_void_p]:
        token = ctypes.c_void_p()
        process = self._kernel32.GetCurrentProcess()
        if not self._advapi32.OpenProcessToken(process, rights, ctypes.byref(token)):
            raise _last_error()
        try:
            yield token
        finally:
            self._kernel32.CloseHandle(token)

    def _token_information(self, token: ctypes.c_void_p, kind: int) -> Any:
        needed = ctypes.c_uint32()
        self._advapi32.GetTokenInformation(token, kind, None, 0, ctypes.byref(needed))
        buffer = ctypes.create_string_buffer(max(needed.value, 16))
        if not self._advapi32.GetTokenInformation(token, kind, buffer, len(buffer), ctypes.byref(needed)):
            raise _last_error()
        return buffer

    def _privileges(self, token: ctypes.c_void_p) -> list[int]:
        """Their LUIDs (TOKEN_PRIVILEGES: a count, then 12 bytes each)."""
        told = bytes(self._token_information(token, _TOKEN_PRIVILEGES))
        count = int.from_bytes(told[:4], "little")
        return [int.from_bytes(told[4 + 12 * i : 12 + 12 * i], "little") for i in range(count)]


class _Label(ctypes.Structure):
    """`TOKEN_MANDATORY_LABEL`."""

    _fields_ = (("sid", ctypes.c_void_p), ("attributes", ctypes.c_uint32))


def _removal(luids: Sequence[int]) -> bytes:
    """`TOKEN_PRIVILEGES` that takes these away."""
    each = (luid.to_bytes(8, "little") + _PRIVILEGE_REMOVED.to_bytes(4, "little") for luid in luids)
    return len(luids).to_bytes(4, "little") + b"".join(each)


def _last_error() -> OSError:
    code = int(getattr(ctypes, "get_last_error")())  # noqa: B009
    error: OSError = getattr(ctypes, "WinError")(code)  # noqa: B009
    return error


def _library(name: str) -> Any:
    """A system library. Other systems' ctypes lack it, hence Any."""
    return vars(ctypes)["WinDLL"](name, use_last_error=True)


def _kernel32() -> Any:
    """The one for processes, its handles typed."""
    library = _library("kernel32")
    for name in ("CreateJobObjectW", "OpenProcess", "GetCurrentProcess"):
        getattr(library, name).restype = ctypes.c_void_p
    library.SetInformationJobObject.argtypes = (
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_uint32,
    )
    library.AssignProcessToJobObject.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    library.IsProcessInJob.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    library.CloseHandle.argtypes = (ctypes.c_void_p,)
    library.GetProcessMitigationPolicy.argtypes = (
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_size_t,
    )
    library.SetProcessMitigationPolicy.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
    return library
