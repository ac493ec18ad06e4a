"""A desktop entry in ~/.config/autostart (Desktop Application Autostart Specification): the usual way."""

import os
from pathlib import Path

from homepress.desktop.autostart.command import Launch
from homepress.desktop.autostart.interface import AutostartError, AutostartState
from homepress.desktop.identity import PROGRAM
from homepress.desktop.programs import found
from homepress.desktop.quoting import desktop_exec, split_desktop_exec
from homepress.desktop.starter import Starter
from homepress.desktop.templates import config_home, filled, write

_STARTS_ENTRIES = {
    "budgie", "cinnamon", "cosmic", "dde", "deepin", "enlightenment", "gnome", "gnome-classic", "kde", "lxde",
    "lxqt", "mate", "pantheon", "trinity", "ukui", "unity", "x-cinnamon", "xfce",
}  # fmt: skip
"""Desktops that start such entries by themselves, as XDG_CURRENT_DESKTOP names them."""


class DesktopEntry:
    """See `Autostart`."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._starter = Starter("start-at-login")
        self._file = config_home() / "autostart" / f"{PROGRAM}.desktop"

    def enable(self) -> None:
        """See `Autostart`."""
        try:
            write(self._file, self._text())
        except (OSError, ValueError) as error:
            raise AutostartError(f"{self._file} cannot be written: {error}") from error

    def disable(self) -> None:
        """See `Autostart`."""
        try:
            self._file.unlink(missing_ok=True)
            self._starter.remove()
        except OSError as error:
            raise AutostartError(f"{self._file} cannot be removed: {error.strerror}") from error

    def mend(self) -> bool:
        """See `Autostart`."""
        entry = _entry(self._file)
        if entry is None or _is_off(entry) or not self._missing_program(entry):
            return False
        self.enable()
        return True

    def state(self) -> AutostartState:
        """See `Autostart`."""
        entry = _entry(self._file)
        if entry is None:
            return self._state(False, False, "")
        if _is_off(entry):
            return self._state(False, False, "it is switched off in the desktop's own settings")
        if gone := self._missing_program(entry):
            return self._state(True, False, f"{gone} is not there any more; switch it on again")
        desktops = os.environ.get("XDG_CURRENT_DESKTOP", "")
        if desktops and not _STARTS_ENTRIES & {name.casefold() for name in desktops.split(":")}:
            reason = (
                f"{desktops} does not start such entries by itself; have it run `dex --autostart`, or use: "
                "homepress autostart on --systemd"
            )
            return self._state(True, False, reason)
        return self._state(True, True, "" if desktops else "it starts with the next login to a desktop")

    def _state(self, on: bool, starts: bool, reason: str) -> AutostartState:
        return AutostartState("desktop entry", on, starts, reason, str(self._file))

    def _missing_program(self, entry: dict[str, str]) -> str:
        """The program that the entry would start and that is not there; empty when all is well."""
        words = split_desktop_exec(entry.get("Exec", ""))
        if words and words[0] == "env":
            words = [word for word in words[1:] if "=" not in word] or words
        if not words:
            return "its command"
        program = self._starter.program() if words[0] == str(self._starter.file) else words[0]
        return "" if program and found(program) else program or words[0]

    def _text(self) -> str:
        command = self._starter.command(self._launch.command, self._launch.environment)
        return filled("linux/homepress-autostart.desktop", {"EXEC": desktop_exec(command)})


def _entry(file: Path) -> dict[str, str] | None:
    """The keys of the entry, None when there is none; a file that is no entry has no keys."""
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    keys: dict[str, str] = {}
    group = ""
    for line in text.splitlines():
        if line.startswith("["):
            group = line.strip()
        elif group == "[Desktop Entry]" and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            keys[key.strip()] = value.strip()
    return keys


def _is_off(entry: dict[str, str]) -> bool:
    return entry.get("Hidden") == "true" or entry.get("X-GNOME-Autostart-enabled") == "false"
