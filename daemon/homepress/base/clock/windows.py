"""Windows: the tick count, which goes on during sleep, and the number of the boot that the system counts.

The functions are those of `ClockSystem`.
"""

import ctypes
import importlib
from typing import Any

_KEY = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"


def since_boot() -> float:
    """GetTickCount64 (sysinfoapi.h)."""
    library = getattr(ctypes, "WinDLL", ctypes.CDLL)("kernel32", use_last_error=True)
    library.GetTickCount64.restype = ctypes.c_uint64
    return float(library.GetTickCount64() / 1e3)


def boot_id() -> str:
    """The value BootId, which each start of the system raises."""
    try:
        registry: Any = importlib.import_module("winreg")
        with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, _KEY) as key:
            return str(registry.QueryValueEx(key, "BootId")[0])
    except (ImportError, OSError):
        return ""
