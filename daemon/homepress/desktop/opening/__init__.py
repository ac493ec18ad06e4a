"""Opening folders and pictures in the user's own programs.

Never as our child process: a child inherits the network lock, and a browser or file manager could not work.
"""

import sys

from homepress.desktop.opening.interface import NotOpened, Opener
from homepress.desktop.opening.linux import BusOpener

__all__ = ["BusOpener", "NotOpened", "Opener", "system_opener"]


def system_opener() -> Opener:
    """What opens things on Windows and macOS, which have launchers that are not our children."""
    if sys.platform == "win32":
        from homepress.desktop.opening.windows import ShellOpener

        return ShellOpener()
    from homepress.desktop.opening.macos import LaunchServicesOpener

    return LaunchServicesOpener()
