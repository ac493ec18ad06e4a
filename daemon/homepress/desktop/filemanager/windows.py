"""An entry with a submenu for pictures in Explorer; on Windows 11 under "Show more options"."""

import tomllib
from typing import Any

from homepress.desktop.autostart import Launch
from homepress.desktop.autostart.windows import Registry
from homepress.desktop.filemanager.interface import FileManagerError
from homepress.desktop.quoting import windows_command
from homepress.resources import shipped


class Explorer:
    """See `FileManagers`."""

    def __init__(self, launch: Launch, registry: Registry) -> None:
        self._launch = launch
        self._registry = registry
        text = shipped("service-files/windows/verbs.toml").read_text(encoding="utf-8")
        self._verbs: dict[str, Any] = tomllib.loads(text)
        self._key: str = self._verbs["key"]

    def add(self) -> list[str]:
        """See `FileManagers`."""
        try:
            self._registry.write(self._key, "MUIVerb", self._verbs["name"])
            self._registry.write(self._key, "Icon", f'"{self._launch.command[0]}"')
            self._registry.write(self._key, "SubCommands", "")  # empty: they are beneath this key
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

    def remove(self) -> list[str]:
        """See `FileManagers`."""
        if self._registry.read(self._key, "MUIVerb") is None:
            return []
        try:
            self._registry.remove_tree(self._key)
        except OSError as error:
            raise FileManagerError(f"the registry cannot be written: {error}") from error
        return [f"HKEY_CURRENT_USER\\{self._key}"]
