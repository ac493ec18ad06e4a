"""Opening on Windows: the shell starts the program, or Explorer, which runs already, shows it."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from homepress.desktop.opening.interface import NotOpened


def _start(path: str) -> None:
    os.startfile(path)  # type: ignore[attr-defined,unused-ignore]  # only on Windows


def _explore(command: str) -> None:
    subprocess.Popen(command)


class ShellOpener:
    """See `Opener`."""

    def __init__(
        self, start: Callable[[str], None] = _start, explore: Callable[[str], None] = _explore
    ) -> None:
        self._start = start
        self._explore = explore

    def folder(self, path: Path, token: str = "") -> None:
        """See `Opener`."""
        self.file(path)

    def reveal(self, paths: Sequence[Path], token: str = "") -> None:
        """See `Opener`; Explorer selects one file only, and wants its own way of quoting."""
        try:
            self._explore(f'explorer.exe /select,"{paths[0]}"')
        except OSError as error:
            raise NotOpened(f"{paths[0]} cannot be shown: {error}") from error

    def file(self, path: Path, token: str = "") -> None:
        """See `Opener`."""
        try:
            self._start(str(path))
        except OSError as error:
            raise NotOpened(f"{path} cannot be opened: {error.strerror or error}") from error
