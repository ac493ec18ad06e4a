"""macOS: CLOCK_MONOTONIC (clock_gettime(3)), which goes on during sleep there, and the boot session.

The functions are those of `ClockSystem`.
"""

import ctypes
import time

_LONGEST = 64


def since_boot() -> float:
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def boot_id() -> str:
    """The system's kern.bootsessionuuid (sysctl(3))."""
    buffer = ctypes.create_string_buffer(_LONGEST)
    size = ctypes.c_size_t(_LONGEST)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        failed = library.sysctlbyname(b"kern.bootsessionuuid", buffer, ctypes.byref(size), None, 0)
    except (OSError, AttributeError):
        return ""
    return "" if failed else buffer.value.decode("ascii", "replace")
