"""Opening on macOS: `open` hands over to Launch Services, and launchd starts the program."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from homepress.desktop.opening.interface import NotOpened

_OPEN = "/usr/bin/open"


def _run(command: Sequence[str]) -> int:
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True).returncode


class LaunchServicesOpener:
    """See `Opener`."""

    def __init__(self, run: Callable[[Sequence[str]], int] = _run) -> None:
        self._run = run

    def folder(self, path: Path, token: str = "") -> None:
        """See `Opener`."""
        self._open(path, (_OPEN, "--", str(path)))

    def reveal(self, paths: Sequence[Path], token: str = "") -> None:
        """See `Opener`."""
        self._open(paths[0], (_OPEN, "-R", "--", *map(str, paths)))

    def file(self, path: Path, token: str = "") -> None:
        """See `Opener`."""
        self.folder(path)

    def _open(self, path: Path, command: Sequence[str]) -> None:
        if self._run(command) != 0:
            raise NotOpened(f"{path} cannot be opened: macOS knows no program for it, or it is gone")
