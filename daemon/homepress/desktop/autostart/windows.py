"""A value of the Run key of the user's registry, and what the Task Manager made of it.

Task Manager and Settings switch start-up programs off with a value of the same name under StartupApproved:
12 bytes, of which the first is even for on and odd for off. That is not documented by Microsoft.
"""

import importlib
import shlex
import tomllib
from typing import Any, Protocol

from homepress.desktop.autostart.command import Launch
from homepress.desktop.autostart.interface import AutostartError, AutostartState
from homepress.desktop.programs import found
from homepress.desktop.quoting import windows_command
from homepress.resources import shipped

_LONGEST = 260
"""Characters that a Run value may have (Microsoft, "Run and RunOnce Registry Keys")."""


class Registry(Protocol):
    """Values beneath HKEY_CURRENT_USER."""

    def read(self, key: str, name: str) -> str | bytes | None:
        """A value, None when there is none."""

    def write(self, key: str, name: str, value: str) -> None:
        """Set a text value, making the key when needed. Raises `OSError`."""

    def remove(self, key: str, name: str) -> None:
        """Take a value out; nothing happens when there is none. Raises `OSError`."""

    def remove_tree(self, key: str) -> None:
        """Take a key out with all beneath it; nothing happens when there is none. Raises `OSError`."""


class RunValue:
    """See `Autostart`."""

    def __init__(self, launch: Launch, registry: Registry) -> None:
        self._launch = launch
        self._registry = registry
        template = tomllib.loads(shipped("service-files/windows/autostart.toml").read_text(encoding="utf-8"))
        self._run_key: str = template["run_key"]
        self._approved_key: str = template["approved_key"]
        self._name: str = template["name"]

    def enable(self) -> None:
        """See `Autostart`; undoes what the Task Manager said."""
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

    def disable(self) -> None:
        """See `Autostart`."""
        self._registry.remove(self._run_key, self._name)
        self._registry.remove(self._approved_key, self._name)

    def mend(self) -> bool:
        """See `Autostart`; what the Task Manager said stays."""
        value = self._registry.read(self._run_key, self._name)
        if not isinstance(value, str) or not _missing_program(value):
            return False
        self._registry.write(self._run_key, self._name, windows_command(self._launch.command))
        return True

    def state(self) -> AutostartState:
        """See `Autostart`."""
        value = self._registry.read(self._run_key, self._name)
        on, reason = isinstance(value, str), ""
        approved = self._registry.read(self._approved_key, self._name)
        if isinstance(value, str) and (gone := _missing_program(value)):
            reason = f"{gone} is not there any more; switch it on again"
        elif on and isinstance(approved, bytes) and _turned_off(approved):
            reason = "it is turned off in the Task Manager, under Startup apps; turn it on there or here"
        place = f"HKEY_CURRENT_USER\\{self._run_key}, value {self._name}"
        return AutostartState("registry", on, on and not reason, reason, place)


def _turned_off(approved: bytes) -> bool:
    return bool(approved) and approved[0] % 2 == 1


def _missing_program(value: str) -> str:
    words = shlex.split(value, posix=False)
    program = words[0].strip('"') if words else "its program"
    return "" if found(program) else program


def system_registry() -> Registry:
    """The registry of this Windows."""
    return _Winreg(importlib.import_module("winreg"))


class _Winreg:
    def __init__(self, winreg: Any) -> None:
        self._winreg = winreg
        self._root = winreg.HKEY_CURRENT_USER

    def read(self, key: str, name: str) -> str | bytes | None:
        """See `Registry`."""
        try:
            with self._winreg.OpenKey(self._root, key) as opened:
                value: str | bytes = self._winreg.QueryValueEx(opened, name)[0]
                return value
        except FileNotFoundError:
            return None

    def write(self, key: str, name: str, value: str) -> None:
        """See `Registry`."""
        with self._winreg.CreateKeyEx(self._root, key, 0, self._winreg.KEY_SET_VALUE) as opened:
            self._winreg.SetValueEx(opened, name, 0, self._winreg.REG_SZ, value)

    def remove(self, key: str, name: str) -> None:
        """See `Registry`."""
        try:
            with self._winreg.OpenKey(self._root, key, 0, self._winreg.KEY_SET_VALUE) as opened:
                self._winreg.DeleteValue(opened, name)
        except FileNotFoundError:
            return

    def remove_tree(self, key: str) -> None:
        """See `Registry`."""
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
