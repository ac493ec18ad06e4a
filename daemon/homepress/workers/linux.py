"""A worker's surroundings on Linux."""

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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


class _MallocInfo(ctypes.Structure):
    """`struct mallinfo2` (mallinfo(3)); `fordblks` are the bytes that are free and kept."""

    _NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _NAMES.split()]


_UNKNOWN = 1 << 62


def popen_options(background: bool) -> Mapping[str, Any]:  # noqa: ARG001  the child does it
    return {"start_new_session": True, "pipesize": _PIPE_BYTES}


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


def system_libraries() -> Sequence[Path]:
    return tuple(
        map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"))
    )


def yield_to_others() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    call = _IOPRIO_SET.get(os.uname().machine)
    if call is not None:
        _libc.syscall(ctypes.c_long(call), _IOPRIO_WHO_PROCESS, 0, _IOPRIO_CLASS_IDLE)


def trim_memory() -> None:
    """Only glibc has the call; other C libraries give large blocks back by themselves."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(ctypes.c_size_t(0))


def kept_bytes() -> int:
    """Of glibc from 2.33 on; older ones do not tell, so nothing is kept."""
    if not hasattr(_libc, "malloc_trim"):
        return 0
    if not hasattr(_libc, "mallinfo2"):
        return _UNKNOWN
    _libc.mallinfo2.restype = _MallocInfo
    return int(_libc.mallinfo2().fordblks)


def comes_soon(descriptor: int, seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


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


def bounds_memory() -> bool:
    return True


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


# Memory: of the computer (proc(5), /proc/meminfo), and of each control group that we are in, which a
# container or a service manager bounds (Linux Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).

_MEMORY_INFO = Path("/proc/meminfo")
_OWN_GROUPS = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")
_KIB = 1024
_UNBOUNDED = 1 << 60
"""Version 1 has a number near 2^63 where there is no bound."""


def total_memory() -> int:
    bounds = [_memory_info().get("MemTotal", 0), *(bound for bound, _ in _group_bounds())]
    own, _ = resource.getrlimit(resource.RLIMIT_AS)  # workers inherit it
    if own != resource.RLIM_INFINITY:
        bounds.append(own)
    return min((bound for bound in bounds if bound > 0), default=0)


def available_memory() -> int:
    info = _memory_info()
    if "MemAvailable" not in info:
        return 0
    free = (max(1, bound - used) for bound, used in _group_bounds())
    return min(max(1, info["MemAvailable"]), *free, _UNBOUNDED)


def _memory_info() -> Mapping[str, int]:
    """Bytes by name; empty where the system does not tell."""
    found: dict[str, int] = {}
    for name, value in _named(_MEMORY_INFO):
        found[name.rstrip(":")] = value * _KIB
    return found


def _group_bounds() -> Iterator[tuple[int, int]]:
    """Of each control group that bounds us: the bound, and how much of it could not be given back now."""
    for folder, names in _own_groups():
        bounds = [_first_number(folder / name) for name in names.bounds]
        bound = min((each for each in bounds if 0 < each < _UNBOUNDED), default=0)
        if bound:
            cache = dict(_named(folder / "memory.stat")).get(names.cache, 0)
            yield bound, max(0, _first_number(folder / names.used) - cache)


class _GroupNames(NamedTuple):
    """What the files of a control group are called."""

    bounds: Sequence[str]
    used: str
    cache: str


_VERSION_1 = _GroupNames(("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = _GroupNames(("memory.max", "memory.high"), "memory.current", "inactive_file")


def _own_groups() -> Iterator[tuple[Path, _GroupNames]]:
    """The folders of our control groups, from the innermost one up."""
    try:
        lines = _OWN_GROUPS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, inside = rest.partition(":")
        if not controllers:
            top, names = _GROUPS, _VERSION_2
        elif "memory" in controllers.split(","):
            top, names = _GROUPS / "memory", _VERSION_1
        else:
            continue
        # In a container the path may be one of outside, which is not there; the top is ours then.
        group = top / inside.lstrip("/")
        yield from ((folder, names) for folder in (group, *group.parents) if folder.is_relative_to(top))


def _named(file: Path) -> Iterator[tuple[str, int]]:
    """Names and numbers of a file that has a pair in each line; nothing where it cannot be read."""
    with contextlib.suppress(OSError):
        for line in file.read_text(encoding="ascii", errors="replace").splitlines():
            words = line.split()
            if len(words) > 1 and words[1].isdecimal():
                yield words[0], int(words[1])


def _first_number(file: Path) -> int:
    """The number in a file; 0 where it says "max", or cannot be read."""
    try:
        text = file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() else 0
