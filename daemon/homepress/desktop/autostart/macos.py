"""A LaunchAgent (launchd.plist(5)): a file in ~/Library/LaunchAgents, which launchd reads at login."""

import os
import plistlib
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from homepress.desktop.autostart.command import Launch
from homepress.desktop.autostart.interface import AutostartError, AutostartState
from homepress.desktop.identity import APP_ID
from homepress.resources import shipped

Run = Callable[[Sequence[str]], bool]
"""Runs a command; whether it went well."""


def _run(command: Sequence[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


class LaunchAgent:
    """See `Autostart`. Writing the file is enough: launchd starts it at the next login, not now."""

    def __init__(self, launch: Launch, home: Path | None = None, run: Run = _run) -> None:
        self._launch = launch
        self._home = home or Path.home()
        self._run = run
        self._file = self._home / "Library" / "LaunchAgents" / f"{APP_ID}.plist"

    def enable(self) -> None:
        """See `Autostart`."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new = self._file.with_suffix(".new")
            new.write_bytes(plistlib.dumps(self.contents(), sort_keys=False))
            new.chmod(0o644)  # launchd refuses what others may write
            new.replace(self._file)
        except OSError as error:
            raise AutostartError(f"{self._file} cannot be written: {error.strerror}") from error
        self._run(["launchctl", "enable", self._service()])  # undoes an earlier `disable`

    def disable(self) -> None:
        """See `Autostart`; a daemon that launchd has started is left running."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise AutostartError(f"{self._file} cannot be removed: {error.strerror}") from error

    def mend(self) -> bool:
        """See `Autostart`."""
        stored = self._stored()
        if stored is None or not _missing_program(stored):
            return False
        self.enable()
        return True

    def state(self) -> AutostartState:
        """See `Autostart`."""
        stored = self._stored()
        reason = ""
        if stored is not None and (gone := _missing_program(stored)):
            reason = f"{gone} is not there any more; switch it on again"
        elif stored is not None and stored.get("Disabled"):
            reason = "it is disabled in its file; switch it on again"
        on = stored is not None
        return AutostartState("launch agent", on, on and not reason, reason, str(self._file))

    def contents(self) -> dict[str, Any]:
        """What the file says."""
        template = plistlib.loads(shipped("service-files/macos/homepress.plist").read_bytes())
        logs = self._home / "Library" / "Logs" / "Homepress"
        return {
            **template,
            "Label": APP_ID,
            "ProgramArguments": list(self._launch.command),
            "EnvironmentVariables": {**template["EnvironmentVariables"], **self._launch.environment},
            "StandardOutPath": str(logs / "stdout.log"),
            "StandardErrorPath": str(logs / "stderr.log"),
        }

    def _stored(self) -> dict[str, Any] | None:
        try:
            with open(self._file, "rb") as file:
                stored: dict[str, Any] = plistlib.load(file)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, plistlib.InvalidFileException, ExpatError):
            return {}
        return stored

    def _service(self) -> str:
        return f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}/{APP_ID}"


def _missing_program(stored: dict[str, Any]) -> str:
    command = stored.get("ProgramArguments") or ["its program"]
    return "" if os.access(command[0], os.X_OK) else str(command[0])
