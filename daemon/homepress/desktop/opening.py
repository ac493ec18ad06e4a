"""Opening folders and pictures in the user's own programs.

Never as our child process: a child inherits the network lock, and a browser or file manager could not work.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from homepress.base.files import file_uri
from homepress.base.override import override
from homepress.desktop.dbus import Address, BusError, Connection


class NotOpened(Exception):  # noqa: N818  a state of affairs, not a fault
    """Nothing on this computer would open it; the text says what was tried and what to do."""


class Opener(Protocol):
    """Opens things in other programs. Every method raises `NotOpened` when none would."""

    def folder(self, path: Path, token: str = "") -> None:
        """Show what is in a folder; `token` lets the window come to the front (xdg-activation)."""

    def reveal(self, paths: Sequence[Path], token: str = "") -> None:
        """Show files, selected, in the folder they are in."""

    def file(self, path: Path, token: str = "") -> None:
        """Open a file in the program that the user has for its kind."""


_MANAGER = "org.freedesktop.FileManager1"
_FILE_MANAGER = Address(_MANAGER, "/org/freedesktop/FileManager1", _MANAGER)
_PORTAL = Address(
    "org.freedesktop.portal.Desktop",
    "/org/freedesktop/portal/desktop",
    "org.freedesktop.portal.OpenURI",
)
_PROGRAM_START_SECONDS = 20.0


class BusOpener(Opener):
    """Opening over D-Bus: the bus starts the program, so it is no child of ours and inherits nothing.

    FileManager1 is freedesktop's file manager interface; the OpenURI portal (xdg-desktop-portal) opens files
    and is the second choice for folders.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @override
    def folder(self, path: Path, token: str = "") -> None:
        try:
            self._manage("ShowFolders", [path], token)
        except BusError:
            self._portal("OpenFile", path, token, "no file manager answered")

    @override
    def reveal(self, paths: Sequence[Path], token: str = "") -> None:
        try:
            self._manage("ShowItems", paths, token)
        except BusError:
            self._portal("OpenDirectory", paths[0], token, "no file manager answered")

    @override
    def file(self, path: Path, token: str = "") -> None:
        self._portal("OpenFile", path, token, "the desktop portal is missing (xdg-desktop-portal)")

    def _manage(self, member: str, paths: Sequence[Path], token: str) -> None:
        uris = [file_uri(path) for path in paths]
        self._connection.call(_FILE_MANAGER, member, "ass", (uris, token), timeout=_PROGRAM_START_SECONDS)

    def _portal(self, member: str, path: Path, token: str, why: str) -> None:
        options = {"activation_token": ("s", token)} if token else {}
        try:
            # The portal takes an open file, not a name: so it knows that we may read it.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise NotOpened(f"{path} cannot be opened: {error.strerror}") from error
        try:
            body = ("", descriptor, options)
            self._connection.call(_PORTAL, member, "sha{sv}", body, timeout=_PROGRAM_START_SECONDS)
        except BusError as error:
            raise NotOpened(f"{path} cannot be opened: {why}") from error
        finally:
            os.close(descriptor)


def system_opener() -> Opener:
    """What opens things on Windows and macOS, which have launchers that are not our children."""
    if sys.platform == "win32":
        from homepress.desktop.windows import ShellOpener

        return ShellOpener()
    from homepress.desktop.macos import LaunchServicesOpener

    return LaunchServicesOpener()
