"""The file system that the store works on: that of the operating system we run on."""

import sys

from homepress.store.fs.base import FileSystem


def system_file_system() -> FileSystem:
    """The file system of the operating system that this runs on."""
    if sys.platform == "win32":
        from homepress.store.fs.windows import WindowsFileSystem

        return WindowsFileSystem()
    if sys.platform == "darwin":
        from homepress.store.fs.macos import MacFileSystem

        return MacFileSystem()
    from homepress.store.fs.linux import LinuxFileSystem

    return LinuxFileSystem()
