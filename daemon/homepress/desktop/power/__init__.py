"""Whether the computer saves power, told whenever that changes; and when it wakes from suspend."""

import sys

from homepress.desktop.power.interface import PowerWatch, Tell, Woke

__all__ = ["PowerWatch", "Tell", "Woke", "power_watch"]


def power_watch() -> PowerWatch:
    """How this system is watched."""
    if sys.platform == "win32":
        from homepress.desktop.power.windows import SystemStatusWatch

        return SystemStatusWatch()
    if sys.platform == "darwin":
        from homepress.desktop.power.macos import LowPowerModeWatch

        return LowPowerModeWatch()
    from homepress.desktop.power.linux import ProfileWatch

    return ProfileWatch()
