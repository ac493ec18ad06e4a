"""Starting at login: switched on and off, examined, and repaired when the program has moved.

Everything is the user's own: no file outside the home folder, no rights of an administrator.
"""

import getpass
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from homepress.base.override import override
from homepress.desktop.entries import (
    Starter,
    config_home,
    desktop_exec,
    filled,
    split_desktop_exec,
    systemd_assignment,
    systemd_exec,
    write_entry,
)
from homepress.desktop.launching import PROGRAM, Launch, found, launch


class AutostartError(OSError):
    """It cannot be switched on or off; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class AutostartState:
    """How things stand.

    Attributes:
        kind: "desktop entry", "systemd unit", "launch agent" or "value in the registry".
        on: whether the user asked for it here.
        starts: whether it will really start at the next login.
        reason: why not, or what else is worth knowing; empty when there is nothing to say.
        place: the file or registry value.
    """

    kind: str
    on: bool
    starts: bool
    reason: str
    place: str


class Autostart(Protocol):
    """One way to start at login."""

    def state(self) -> AutostartState:
        """How things stand; changes nothing."""

    def enable(self) -> None:
        """Start at login from now on. Raises `AutostartError`."""

    def disable(self) -> None:
        """Do not start at login any more. Raises `AutostartError`."""

    def repair(self) -> bool:
        """Write it anew when it is on and what it would start is gone; whether it was. Raises as `enable`."""


_STARTS_ENTRIES = {
    "budgie", "cinnamon", "cosmic", "dde", "deepin", "enlightenment", "gnome", "gnome-classic", "kde", "lxde",
    "lxqt", "mate", "pantheon", "trinity", "ukui", "unity", "x-cinnamon", "xfce",
}  # fmt: skip
"""Desktops that start such entries by themselves, as XDG_CURRENT_DESKTOP names them."""


class DesktopEntry(Autostart):
    """A desktop entry in ~/.config/autostart (Desktop Application Autostart Specification): the usual way."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._starter = Starter("start-at-login")
        self._file = config_home() / "autostart" / f"{PROGRAM}.desktop"

    @override
    def enable(self) -> None:
        try:
            write_entry(self._file, self._text())
        except (OSError, ValueError) as error:
            raise AutostartError(f"{self._file} cannot be written: {error}") from error

    @override
    def disable(self) -> None:
        try:
            self._file.unlink(missing_ok=True)
            self._starter.remove()
        except OSError as error:
            raise AutostartError(f"{self._file} cannot be removed: {error.strerror}") from error

    @override
    def repair(self) -> bool:
        entry = _entry(self._file)
        if entry is None or _is_off(entry) or not self._missing_program(entry):
            return False
        self.enable()
        return True

    @override
    def state(self) -> AutostartState:
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


_UNIT = f"{PROGRAM}.service"
_BOOTED = Path("/run/systemd/system")
"""Is there when systemd is the one that started the computer (sd_booted(3))."""

_PROGRAM_KEY = "# Program: "

Run = Callable[[Sequence[str]], bool]
"""Runs a command; whether it went well."""


def _run(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


class UserUnit(Autostart):
    """A systemd user unit: for computers without a desktop, or to be restarted after a crash."""

    def __init__(self, launch: Launch, run: Run = _run, booted: Path = _BOOTED) -> None:
        self._launch = launch
        self._run = run
        self._booted = booted
        folder = config_home() / "systemd" / "user"
        self._file = folder / _UNIT
        self._wanted = folder / "default.target.wants" / _UNIT

    @override
    def enable(self) -> None:
        try:
            write_entry(self._file, self._text())
            # What `systemctl --user enable` does; by hand, it also works before the user's systemd runs.
            self._wanted.parent.mkdir(parents=True, exist_ok=True)
            self._wanted.unlink(missing_ok=True)
            self._wanted.symlink_to(self._file)
        except (OSError, ValueError) as error:
            raise AutostartError(f"{self._file} cannot be written: {error}") from error
        self._reload()

    @override
    def disable(self) -> None:
        try:
            self._wanted.unlink(missing_ok=True)
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise AutostartError(f"{self._file} cannot be removed: {error.strerror}") from error
        self._reload()

    def _reload(self) -> None:
        """Let a running systemd see it now; one that does not run sees it when it starts."""
        self._run(["systemctl", "--user", "daemon-reload"])

    @override
    def repair(self) -> bool:
        if not self._is_on() or not self._missing_program():
            return False
        self.enable()
        return True

    @override
    def state(self) -> AutostartState:
        on = self._is_on()
        starts, reason = on, ""
        if on and (gone := self._missing_program()):
            starts, reason = False, f"{gone} is not there any more; switch it on again"
        elif on and not self._booted.is_dir():
            starts, reason = False, "this computer does not run systemd; use: homepress autostart on"
        elif on and not self._lingers():
            reason = "it starts with your first login; to start with the computer: loginctl enable-linger"
        return AutostartState("systemd unit", on, starts, reason, str(self._file))

    def _is_on(self) -> bool:
        return self._file.is_file() and self._wanted.is_symlink()

    def _missing_program(self) -> str:
        text = self._file.read_text(encoding="utf-8", errors="surrogateescape")
        lines = [line for line in text.splitlines() if line.startswith(_PROGRAM_KEY)]
        program = lines[0].removeprefix(_PROGRAM_KEY) if lines else "its program"
        return "" if found(program) else program

    def _lingers(self) -> bool:
        try:
            return os.path.exists(f"/var/lib/systemd/linger/{getpass.getuser()}")
        except (KeyError, OSError):  # a user without a name
            return False

    def _text(self) -> str:
        environment = [
            f"Environment={systemd_assignment(name, value)}"
            for name, value in self._launch.environment.items()
        ]
        values = {
            "EXEC": systemd_exec(self._launch.command),
            "PROGRAM": self._launch.command[0],
            "ENVIRONMENT": "\n".join(environment) or "# no environment of its own",
        }
        return filled("linux/homepress.service", values)


def autostarts() -> tuple[Autostart, ...]:
    """The ways of this system to start at login, the usual one first."""
    if sys.platform == "win32":
        from homepress.desktop.windows import RunValue, system_registry

        return (RunValue(launch(), system_registry()),)
    if sys.platform == "darwin":
        from homepress.desktop.macos import LaunchAgent

        return (LaunchAgent(launch()),)

    return DesktopEntry(launch()), UserUnit(launch())


def autostart() -> Autostart:
    """The way that is switched on, else the usual one."""
    ways = autostarts()
    return next((way for way in ways if way.state().on), ways[0])
