"""Entries for the file managers of Linux desktops, all of them files in the user's own folders.

A launcher with MIME types and actions is read by all; KDE's Dolphin, Nemo, and the scripts of Nautilus and
Caja each have a place of their own. Thunar keeps its actions in one shared file, which is left alone.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.desktop.autostart import Launch
from homepress.desktop.filemanager.interface import FileManagerError
from homepress.desktop.quoting import desktop_exec
from homepress.desktop.starter import Starter
from homepress.desktop.templates import config_home, data_home, filled, write
from homepress.resources import shipped

_MIME_TYPES = "".join(
    f"image/{kind};" for kind in ("jpeg", "png", "webp", "gif", "apng", "bmp", "tiff", "heic", "avif")
)
_ACTIONS = {"compress": "Compress", "restore": "Restore Original", "show": "Show Before and After"}


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    text: str
    executable: bool = False


class DesktopFiles:
    """See `FileManagers`."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._starter = Starter("file-manager")

    def add(self) -> list[str]:
        """See `FileManagers`."""
        try:
            command = self._starter.command(self._launch.command, self._launch.environment)
            files = list(_files(desktop_exec(command), " ".join(map(shlex.quote, command))))
            for file in files:
                write(file.path, file.text, mode=0o755 if file.executable else 0o644)
        except (OSError, ValueError) as error:
            raise FileManagerError(f"the entries cannot be written: {error}") from error
        return [str(file.path) for file in files]

    def remove(self) -> list[str]:
        """See `FileManagers`."""
        removed = []
        try:
            for file in _files("", ""):
                if file.path.exists():
                    file.path.unlink()
                    removed.append(str(file.path))
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
    for action, label in _ACTIONS.items():
        text = filled("linux/homepress.nemo_action", {**entry, "ACTION": action, "LABEL": label})
        yield _File(data / f"nemo/actions/homepress-{action}.nemo_action", text)
        script = filled("linux/homepress-script.sh", {"EXEC": shell_command, "ACTION": action})
        for folder in (data / "nautilus/scripts", config_home() / "caja/scripts"):
            yield _File(folder / f"Homepress: {label}", script, executable=True)
