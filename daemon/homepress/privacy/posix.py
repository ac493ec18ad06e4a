"""Resource limits, which Linux and macOS share."""

import resource

from homepress.privacy.types import Limits

# A core handler that gets its dump through a pipe ignores a limit of 0 but is not started at 1, and 1 byte is
# less than the smallest file (core(5) and `do_coredump` in Linux fs/coredump.c).
_NO_CORE = 1
_CPU_GRACE_SECONDS = 5


def apply_limits(limits: Limits) -> None:
    """Set the limits of a worker irrevocably: memory, processor time, descriptors, no files, no core dump.

    Raises:
        ValueError, OSError: the system does not take one of them.
    """
    limit_memory(limits)
    limit_all_but_memory(limits)


def limit_memory(limits: Limits) -> None:
    """Limit the address space; macOS takes no limit below what is mapped already.

    Raises:
        ValueError, OSError: the system does not take it.
    """
    lower(resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes)


def limit_all_but_memory(limits: Limits) -> None:
    """Set the other limits."""
    lower(resource.RLIMIT_NOFILE, limits.open_files, limits.open_files)
    lower(resource.RLIMIT_FSIZE, 0, 0)
    # At the first bound comes a signal that tells what happened, at the second the end.
    lower(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + _CPU_GRACE_SECONDS)
    forbid_core_dumps()


def forbid_core_dumps() -> None:
    """A crash shall not leave a copy of the memory, which holds pictures, on disk."""
    lower(resource.RLIMIT_CORE, _NO_CORE, _NO_CORE)


def lower(which: int, soft: int, hard: int) -> None:
    """Lower a limit so that it cannot be raised again, or leave it where it is lower already."""
    bound = resource.getrlimit(which)[1]
    if bound != resource.RLIM_INFINITY:
        soft, hard = min(soft, bound), min(hard, bound)
    resource.setrlimit(which, (soft, hard))
