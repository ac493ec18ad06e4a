"""Battery saver of Windows: SYSTEM_POWER_STATUS.SystemStatusFlag of GetSystemPowerStatus."""

import ctypes
from typing import Any

from homepress.desktop.power.interface import Looking


class SystemPowerStatus(ctypes.Structure):
    """SYSTEM_POWER_STATUS (winbase.h)."""

    _fields_ = (
        ("ACLineStatus", ctypes.c_ubyte),
        ("BatteryFlag", ctypes.c_ubyte),
        ("BatteryLifePercent", ctypes.c_ubyte),
        ("SystemStatusFlag", ctypes.c_ubyte),
        ("BatteryLifeTime", ctypes.c_uint32),
        ("BatteryFullLifeTime", ctypes.c_uint32),
    )


def saves_power(kernel32: Any) -> bool | None:
    """Whether battery saver is on; None when Windows does not say."""
    status = SystemPowerStatus()
    if not kernel32.GetSystemPowerStatus(ctypes.byref(status)):
        return None
    return bool(status.SystemStatusFlag == 1)


class SystemStatusWatch(Looking):
    """See `PowerWatch`."""

    def __init__(self) -> None:
        super().__init__(lambda: saves_power(ctypes.windll.kernel32))  # type: ignore[attr-defined,unused-ignore]  # only on Windows
