"""A systemd user unit: for computers without a desktop, and for who wants a restart after a crash."""

import getpass
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from homepress.desktop.autostart.command import Launch
from homepress.desktop.autostart.interface import AutostartError, AutostartState
from homepress.desktop.identity import PROGRAM
from homepress.desktop.programs import found
from homepress.desktop.quoting import systemd_assignment, systemd_exec
from homepress.desktop.templates import config_home, filled, write

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


class UserUnit:
    """See `Autostart`."""

    def __init__(self, launch: Launch, run: Run = _run, booted: Path = _BOOTED) -> None:
        self._launch = launch
        self._run = run
        self._booted = booted
        folder = config_home() / "systemd" / "user"
        self._file = folder / _UNIT
        self._wanted = folder / "default.target.wants" / _UNIT

    def enable(self) -> None:
        """See `Autostart`."""
        try:
            write(self._file, self._text())
            # What `systemctl --user enable` does; by hand, it also works before the user's systemd runs.
            self._wanted.parent.mkdir(parents=True, exist_ok=True)
            self._wanted.unlink(missing_ok=True)
            self._wanted.symlink_to(self._file)
        except (OSError, ValueError) as error:
            raise AutostartError(f"{self._file} cannot be written: {error}") from error
        self._reload()

    def disable(self) -> None:
        """See `Autostart`."""
        try:
            self._wanted.unlink(missing_ok=True)
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise AutostartError(f"{self._file} cannot be removed: {error.strerror}") from error
        self._reload()

    def _reload(self) -> None:
        """Let a running systemd see it now; one that does not run sees it when it starts."""
        self._run(["systemctl", "--user", "daemon-reload"])

    def mend(self) -> bool:
        """See `Autostart`."""
        if not self._is_on() or not self._missing_program():
            return False
        self.enable()
        return True

    def state(self) -> AutostartState:
        """See `Autostart`."""
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
