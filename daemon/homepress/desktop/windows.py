"""The desktop of Windows: starting at login, entries in Explorer, opening things, battery saver.

Written from the documentation; registry and programs were tried under Wine, never with Explorer itself.
"""

import ctypes
import importlib
import os
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from homepress.base.override import override
from homepress.base.paths import shipped
from homepress.desktop.autostart import Autostart, AutostartError, AutostartState
from homepress.desktop.entries import windows_command
from homepress.desktop.file_managers import FileManagerError, FileManagers
from homepress.desktop.launching import Launch, found
from homepress.desktop.opening import NotOpened, Opener
from homepress.desktop.power import Looking

_LONGEST = 260
"""Characters that a Run value may have (Microsoft, "Run and RunOnce Registry Keys")."""


class Registry(Protocol):
    """Values under HKEY_CURRENT_USER."""

    def read(self, key: str, name: str) -> str | bytes | None:
        """A value, None when there is none."""

    def write(self, key: str, name: str, value: str) -> None:
        """Set a text value, making the key when needed. Raises `OSError`."""

    def remove(self, key: str, name: str) -> None:
        """Take a value out; nothing happens when there is none. Raises `OSError`."""

    def remove_tree(self, key: str) -> None:
        """Take a key out with all under it; nothing happens when there is none. Raises `OSError`."""


class RunValue(Autostart):
    """A value of the Run key of the user's registry, and what the Task Manager made of it.

    The Task Manager switches start-up programs off with a value of the same name under StartupApproved:
    12 bytes, of which the first is even for on and odd for off. That is not documented by Microsoft.
    """

    def __init__(self, launch: Launch, registry: Registry) -> None:
        self._launch = launch
        self._registry = registry
        template = tomllib.loads(shipped("service-files/windows/autostart.toml").read_text(encoding="utf-8"))
        self._run_key: str = template["run_key"]
        self._approved_key: str = template["approved_key"]
        self._name: str = template["name"]

    @override
    def enable(self) -> None:
        """Undoes what the Task Manager said."""
        command = windows_command(self._launch.command)
        if self._launch.environment:
            names = ", ".join(self._launch.environment)
            raise AutostartError(f"Windows cannot set {names} for a start-up program; run without it")
        if len(command) > _LONGEST:
            raise AutostartError(
                f"the command has more than {_LONGEST} characters: install to a shorter path"
            )
        self._registry.write(self._run_key, self._name, command)
        self._registry.remove(self._approved_key, self._name)

    @override
    def disable(self) -> None:
        self._registry.remove(self._run_key, self._name)
        self._registry.remove(self._approved_key, self._name)

    @override
    def repair(self) -> bool:
        """What the Task Manager said stays."""
        value = self._registry.read(self._run_key, self._name)
        if not isinstance(value, str) or not _missing_program(value):
            return False
        self._registry.write(self._run_key, self._name, windows_command(self._launch.command))
        return True

    @override
    def state(self) -> AutostartState:
        value = self._registry.read(self._run_key, self._name)
        on, reason = isinstance(value, str), ""
        approved = self._registry.read(self._approved_key, self._name)
        if isinstance(value, str) and (gone := _missing_program(value)):
            reason = f"{gone} is not there any more; switch it on again"
        elif on and isinstance(approved, bytes) and _turned_off(approved):
            reason = "it is turned off in the Task Manager, under Startup apps; turn it on there or here"
        place = f"HKEY_CURRENT_USER\\{self._run_key}, value {self._name}"
        return AutostartState("value in the registry", on, on and not reason, reason, place)


def _turned_off(approved: bytes) -> bool:
    return bool(approved) and approved[0] % 2 == 1


def _missing_program(value: str) -> str:
    words = shlex.split(value, posix=False)
    program = words[0].strip('"') if words else "its program"
    return "" if found(program) else program


def system_registry() -> Registry:
    """The registry of this Windows."""
    return _Winreg(importlib.import_module("winreg"))


class _Winreg(Registry):
    def __init__(self, winreg: Any) -> None:
        self._winreg = winreg
        self._root = winreg.HKEY_CURRENT_USER

    @override
    def read(self, key: str, name: str) -> str | bytes | None:
        try:
            with self._winreg.OpenKey(self._root, key) as opened:
                value: str | bytes = self._winreg.QueryValueEx(opened, name)[0]
                return value
        except FileNotFoundError:
            return None

    @override
    def write(self, key: str, name: str, value: str) -> None:
        with self._winreg.CreateKeyEx(self._root, key, 0, self._winreg.KEY_SET_VALUE) as opened:
            self._winreg.SetValueEx(opened, name, 0, self._winreg.REG_SZ, value)

    @override
    def remove(self, key: str, name: str) -> None:
        try:
            with self._winreg.OpenKey(self._root, key, 0, self._winreg.KEY_SET_VALUE) as opened:
                self._winreg.DeleteValue(opened, name)
        except FileNotFoundError:
            return

    @override
    def remove_tree(self, key: str) -> None:
        try:
            with self._winreg.OpenKey(self._root, key) as opened:
                children = [
                    self._winreg.EnumKey(opened, at) for at in range(self._winreg.QueryInfoKey(opened)[0])
                ]
        except FileNotFoundError:
            return
        for child in children:
            self.remove_tree(f"{key}\\{child}")
        self._winreg.DeleteKey(self._root, key)


class Explorer(FileManagers):
    """An entry with a submenu for pictures in Explorer; on Windows 11 under "Show more options"."""

    def __init__(self, launch: Launch, registry: Registry) -> None:
        self._launch = launch
        self._registry = registry
        text = shipped("service-files/windows/verbs.toml").read_text(encoding="utf-8")
        self._verbs: dict[str, Any] = tomllib.loads(text)
        self._key: str = self._verbs["key"]

    @override
    def add(self) -> list[str]:
        self.remove()  # an earlier version had other entries
        try:
            self._registry.write(self._key, "MUIVerb", self._verbs["name"])
            self._registry.write(self._key, "Icon", f'"{self._launch.command[0]}"')
            self._registry.write(self._key, "SubCommands", "")  # empty: they are under this key
            for verb in self._verbs["verb"]:
                key = f"{self._key}\\shell\\{verb['id']}"
                self._registry.write(key, "MUIVerb", verb["label"])
                # Player: for any number of selected files, each of which gets a process.
                self._registry.write(key, "MultiSelectModel", "Player")
                command = windows_command([*self._launch.command, verb["action"], "--"])
                self._registry.write(f"{key}\\command", "", f'{command} "%1"')
        except OSError as error:
            raise FileManagerError(f"the registry cannot be written: {error}") from error
        return [f"HKEY_CURRENT_USER\\{self._key}"]

    @override
    def remove(self) -> list[str]:
        if self._registry.read(self._key, "MUIVerb") is None:
            return []
        try:
            self._registry.remove_tree(self._key)
        except OSError as error:
            raise FileManagerError(f"the registry cannot be written: {error}") from error
        return [f"HKEY_CURRENT_USER\\{self._key}"]


def _start(path: str) -> None:
    os.startfile(path)  # type: ignore[attr-defined,unused-ignore]  # only on Windows


def _explore(command: str) -> None:
    subprocess.Popen(command)


class ShellOpener(Opener):
    """The shell starts the program, or Explorer, which runs already, shows it."""

    def __init__(
        self, start: Callable[[str], None] = _start, explore: Callable[[str], None] = _explore
    ) -> None:
        self._start = start
        self._explore = explore

    @override
    def folder(self, path: Path, token: str = "") -> None:
        self.file(path)

    @override
    def reveal(self, paths: Sequence[Path], token: str = "") -> None:
        """Explorer selects one file only, and wants its own way of quoting."""
        try:
            self._explore(f'explorer.exe /select,"{paths[0]}"')
        except OSError as error:
            raise NotOpened(f"{paths[0]} cannot be shown: {error}") from error

    @override
    def file(self, path: Path, token: str = "") -> None:
        try:
            self._start(str(path))
        except OSError as error:
            raise NotOpened(f"{path} cannot be opened: {error.strerror or error}") from error


class SystemPowerStatus(ctypes.Structure):
    """SYSTEM_POWER_STATUS (winbase.h)."""

    _fields_ = (
        ("ACLineStatus", ctypes.c_ubyte),
        ("BatteryFlag", ctypes.c_ubyte),
        ("BatteryLifePercent", ctypes.c_ubyte),
        ("SystemStatusFlag", ctypes.c_ubyte),
        ("BatteryLifeTime", ctypes.c_uint32),
        ("BatteryFullLifeTime", ctypes.c_uint32),
    )


def saves_power(kernel32: Any) -> bool | None:
    """Whether battery saver is on; None when Windows does not say."""
    status = SystemPowerStatus()
    if not kernel32.GetSystemPowerStatus(ctypes.byref(status)):
        return None
    return bool(status.SystemStatusFlag == 1)


class SystemStatusWatch(Looking):
    """Battery saver: SYSTEM_POWER_STATUS.SystemStatusFlag of GetSystemPowerStatus."""

    def __init__(self) -> None:
        super().__init__(lambda: saves_power(ctypes.windll.kernel32))  # type: ignore[attr-defined,unused-ignore]  # only on Windows
