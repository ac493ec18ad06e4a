"""A worker's surroundings on Windows. Written from the documentation; not yet run there by this project.

Its life is tied to ours by the job object of the privacy room.
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# CREATE_NO_WINDOW, and IDLE_PRIORITY_CLASS or NORMAL_PRIORITY_CLASS (processthreadsapi.h).
_NO_WINDOW = 0x08000000
_IDLE_PRIORITY = 0x00000040
_NORMAL_PRIORITY = 0x00000020


def popen_options(background: bool) -> Mapping[str, Any]:
    """See `host.Host`."""
    return {"creationflags": _NO_WINDOW | (_IDLE_PRIORITY if background else _NORMAL_PRIORITY)}


def interpreter() -> tuple[str, Mapping[str, str]]:
    """The Python of a virtual environment only starts the real one, which the job would refuse: one process.

    So the real one is started, and told by this variable which environment it is of (CPython PC/launcher.c).
    """
    real = str(getattr(sys, "_base_executable", sys.executable))
    return (sys.executable, {}) if real == sys.executable else (real, {"__PYVENV_LAUNCHER__": sys.executable})


def tool_command(locked: Sequence[str], plain: Sequence[str]) -> Sequence[str]:  # noqa: ARG001
    """See `host.Host`. A process there cannot become another; the job confines the plain one."""
    return plain


def environment_names() -> tuple[str, ...]:
    """See `host.Host`. Without the first, Windows cannot load its own random number generator."""
    return ("SYSTEMROOT", "PATH")


def die_with_parent(parent: int) -> None:
    """See `host.Host`. The job does it."""


def close_from(first: int) -> None:
    """See `host.Host`. Windows hands on no descriptors but the three."""


def readable_behind_lock() -> Sequence[Path]:
    """See `host.Host`."""
    return ()


def yield_to_others() -> None:
    """See `host.Host`. Set by the parent when it starts the process."""


def trim_memory() -> None:
    """See `host.Host`."""


def kill(pid: int) -> None:
    """See `host.Host`. On Windows any signal but the console's two ends a process at once."""
    try:
        os.kill(pid, signal.SIGTERM)
    except OSError:
        return  # It has ended already.


def resident_bytes(pid: int) -> int:  # noqa: ARG001  the job bounds it
    """See `host.Host`."""
    return 0


def waited_seconds(pid: int) -> float:  # noqa: ARG001  not told
    """See `host.Host`."""
    return 0.0
