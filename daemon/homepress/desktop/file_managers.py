"""Entries in the menus of file managers: compress, copies for a purpose, restore, show before and after."""

import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from homepress.base.override import override
from homepress.base.paths import shipped
from homepress.desktop import thunar
from homepress.desktop.entries import Starter, config_home, data_home, desktop_exec, filled, write_entry
from homepress.desktop.launching import Launch


class FileManagerError(OSError):
    """The entries cannot be added or removed; the text says why."""


class FileManagers(Protocol):
    """The file managers of one system."""

    def add(self) -> list[str]:
        """Add the entries; where each now is. Raises `FileManagerError`."""

    def remove(self) -> list[str]:
        """Take all entries away; what was there. Raises `FileManagerError`."""


_MIME_TYPES = "".join(
    f"image/{kind};" for kind in ("jpeg", "png", "webp", "gif", "apng", "bmp", "tiff", "heic", "avif")
)
ENTRIES = {
    "compress": "Compress",
    "under-500-kb": "Copy Under 500 KB",
    "without-location": "Copy Without Location",
    "restore": "Restore Original",
    "show": "Show Before and After",
}
"""The words of each entry, by what `homepress file-manager run` takes."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    text: str
    executable: bool = False


class DesktopFiles(FileManagers):
    """Those of Linux desktops: entries are files in the user's own folders.

    A launcher with MIME types and actions is read by all; KDE's Dolphin, Nemo, and the scripts of Nautilus
    and Caja each have a place of their own. Thunar has one file for its own actions, the user's and ours.
    """

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._starter = Starter("file-manager")

    @override
    def add(self) -> list[str]:
        try:
            command = self._starter.command(self._launch.command, self._launch.environment)
            files = list(_files(desktop_exec(command), " ".join(map(shlex.quote, command))))
            for file in files:
                write_entry(file.path, file.text, mode=0o755 if file.executable else 0o644)
            thunar.add(_thunar_actions(" ".join(map(shlex.quote, command))))
        except (OSError, ValueError) as error:
            raise FileManagerError(f"the entries cannot be written: {error}") from error
        return [*(str(file.path) for file in files), str(thunar.actions_file())]

    @override
    def remove(self) -> list[str]:
        removed = []
        try:
            for file in _files("", ""):
                if file.path.exists():
                    file.path.unlink()
                    removed.append(str(file.path))
            removed += map(str, thunar.remove())
            self._starter.remove()
        except OSError as error:
            raise FileManagerError(f"{error.filename} cannot be removed: {error.strerror}") from error
        return removed


def _files(entry_command: str, shell_command: str) -> Iterator[_File]:
    """All files, with the command as desktop entries have it and as a shell has it."""
    data = data_home()
    entry = {"EXEC": entry_command, "MIME_TYPES": _MIME_TYPES}
    icon = shipped("service-files/icons/homepress.svg").read_text(encoding="utf-8")
    yield _File(data / "icons/hicolor/scalable/apps/homepress.svg", icon)
    yield _File(data / "applications/homepress.desktop", filled("linux/homepress.desktop", entry))
    menu = filled("linux/homepress-servicemenu.desktop", entry)
    # KDE runs what a menu of the user's says only when the file is executable.
    yield _File(data / "kio/servicemenus/homepress.desktop", menu, executable=True)
    for action, label in ENTRIES.items():
        text = filled("linux/homepress.nemo_action", {**entry, "ACTION": action, "LABEL": label})
        yield _File(data / f"nemo/actions/homepress-{action}.nemo_action", text)
        script = filled("linux/homepress-script.sh", {"EXEC": shell_command, "ACTION": action})
        for folder in (data / "nautilus/scripts", config_home() / "caja/scripts"):
            yield _File(folder / f"Homepress: {label}", script, executable=True)


def _thunar_actions(shell_command: str) -> Iterator[thunar.ThunarAction]:
    for action, label in ENTRIES.items():
        yield thunar.ThunarAction(action, f"Homepress: {label}", f"{shell_command} {action} -- %F")


def file_managers() -> FileManagers:
    """Those of this system.

    Raises:
        FileManagerError: this system has none that can be added to.
    """
    from homepress.desktop.launching import launch

    command = launch("file-manager", "run")
    if sys.platform == "win32":
        from homepress.desktop.windows import Explorer, system_registry

        return Explorer(command, system_registry())
    if sys.platform == "darwin":
        from homepress.desktop.macos import Finder

        return Finder(command)

    return DesktopFiles(command)
