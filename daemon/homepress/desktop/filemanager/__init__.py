"""Entries in the menus of file managers: compress, restore the original, show before and after."""

import sys

from homepress.desktop.filemanager.interface import FileManagerError, FileManagers

__all__ = ["FileManagerError", "FileManagers", "file_managers"]


def file_managers() -> FileManagers:
    """Those of this system.

    Raises:
        FileManagerError: this system has none that can be added to.
    """
    from homepress.desktop.autostart import launch

    command = launch("file-manager", "run")
    if sys.platform == "win32":
        from homepress.desktop.autostart.windows import system_registry
        from homepress.desktop.filemanager.windows import Explorer

        return Explorer(command, system_registry())
    if sys.platform == "darwin":
        raise FileManagerError("Finder has no entries of Homepress yet; use the tray or the command line")
    from homepress.desktop.filemanager.linux import DesktopFiles

    return DesktopFiles(command)
