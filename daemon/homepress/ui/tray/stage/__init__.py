"""What the system around the agent offers: a place for the icon, notices, openers, signs of the session."""

import sys

from homepress.ui.tray.stage.interface import MakeIcon, Stage

__all__ = ["MakeIcon", "Stage", "prepare"]


def prepare(home: str) -> Stage:
    """The stage of this system; `home` tells the agents of several Homepress homes apart."""
    if sys.platform == "darwin":
        from homepress.ui.tray.stage.macos import MacosStage

        return MacosStage()
    if sys.platform == "win32":
        from homepress.ui.tray.stage.pystray_only import PystrayStage

        return PystrayStage()
    from homepress.ui.tray.stage.linux import LinuxStage

    return LinuxStage(home)
