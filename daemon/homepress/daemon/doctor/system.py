"""What the doctor needs to know of the operating system: one interface, three systems."""

import sys
from collections.abc import Iterable, Sequence
from typing import Protocol

from homepress.daemon.doctor.finding import Finding
from homepress.settings import FolderSettings


class System(Protocol):
    """One operating system."""

    def file_system(self, path: bytes) -> str:
        """The kind of the file system that a resolved path lies on, such as "ext4"; empty when not told."""

    def file_sandbox(self, version: int) -> Iterable[Finding]:
        """What the version of the file sandbox means that a worker reached; 0 is none."""

    def room_to_watch(self, folders: Sequence[FolderSettings]) -> Iterable[Finding]:
        """Whether the system's limits allow to watch these folders, with all that is in them."""

    def desktop(self, old_tray: bool) -> Iterable[Finding]:
        """What there is of a desktop: bus, tray, notices."""

    def getting(self, thing: str) -> str:
        """The command that installs "tkinter", "gifsicle", "notices", or "x11", the libraries of a window."""


def this_system() -> System:
    """The one we run on."""
    if sys.platform == "win32":
        from homepress.daemon.doctor import windows

        return windows
    if sys.platform == "darwin":
        from homepress.daemon.doctor import macos

        return macos
    from homepress.daemon.doctor import linux

    return linux
