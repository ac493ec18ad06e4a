"""Starting at login: asked for, taken back, looked at, and mended when the program has moved.

Everything is the user's own: no file outside the home folder, no rights of an administrator.
"""

import sys

from homepress.desktop.autostart.command import Launch, launch
from homepress.desktop.autostart.interface import Autostart, AutostartError, AutostartState

__all__ = ["Autostart", "AutostartError", "AutostartState", "Launch", "autostart", "autostarts", "launch"]


def autostarts() -> tuple[Autostart, ...]:
    """The ways of this system to start at login, the usual one first."""
    if sys.platform == "win32":
        from homepress.desktop.autostart.windows import RunValue, system_registry

        return (RunValue(launch(), system_registry()),)
    if sys.platform == "darwin":
        from homepress.desktop.autostart.macos import LaunchAgent

        return (LaunchAgent(launch()),)
    from homepress.desktop.autostart.systemd import UserUnit
    from homepress.desktop.autostart.xdg import DesktopEntry

    return DesktopEntry(launch()), UserUnit(launch())


def autostart() -> Autostart:
    """The way that is switched on, else the usual one."""
    ways = autostarts()
    return next((way for way in ways if way.state().on), ways[0])
