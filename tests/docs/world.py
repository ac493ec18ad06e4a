"""A user's home with the folders that the documents speak of, and a shell in it."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from compress import phones
from support import wait_for
from system.pictures import jpeg, png, write

_PHOTOS = (
    "Pictures/Inbox/holiday.jpg",
    "Pictures/Camera/holiday.jpg",
    "Pictures/Phone/dog.jpg",
    "Pictures/Trip/bridge.jpg",
    "Pictures/Private/me.jpg",
    "Pictures/photo.jpg",
    "Pictures/passport.jpg",
    "Documents/passport.jpg",
    "Site/pictures/logo.jpg",
    "Uploads/one.jpg",
)
_DRAWINGS = (
    "Pictures/Screenshots/desktop.png",
    "Documents/passport.png",
    "Scans/letter.png",
    "Outbox/map.png",
)
_FROM_A_PHONE = ("Pictures/passport.heic", "Documents/passport.heic")
_PATIENCE = 120.0


class World:
    """The home, and a daemon if one was asked for."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "user"
        self._daemon: subprocess.Popen[bytes] | None = None
        self._exports: list[str] = []
        for number, name in enumerate(_PHOTOS):
            write(self._new(name), jpeg(number, size=(640, 480)))
        for number, name in enumerate(_DRAWINGS):
            write(self._new(name), png(number))
        for name in _FROM_A_PHONE:
            write(self._new(name), phones.iphone_heic())
        programs = Path(sys.executable).parent
        (self.home / ".venv").mkdir()
        (self.home / ".venv" / "bin").symlink_to(programs)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HOMEPRESS"))
        }
        display = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "CI")
        self._environment = {name: value for name, value in kept.items() if name not in display}
        self._environment |= {
            "HOME": str(self.home),
            "HOMEPRESS_HOME": str(folder / "own"),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "EDITOR": "true",
        }
        # There is something to take back, as there is after a day.
        self.run("homepress compress --in-place ~/Pictures/Inbox ~/Pictures/Camera", (0,))

    def begin_block(self) -> None:
        """What was exported holds no longer."""
        self._exports = []

    def run(self, line: str, codes: tuple[int, ...]) -> str:
        """Run a line of a page; what it printed. Fails unless it ends with one of these exit codes."""
        if line.startswith("export "):
            self._exports.append(line)
        if shlex.split(line)[-2:] == ["homepress", "run"]:
            return self._start()
        script = "\n".join([*self._exports, line])
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.home,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        assert done.returncode in codes, (line, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def has_daemon(self) -> bool:
        """Whether one was started and not stopped again."""
        return self._daemon is not None and self._daemon.poll() is None

    def close(self) -> None:
        """End the daemon."""
        if self.has_daemon() and self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait(60)

    def _start(self) -> str:
        command = ["homepress", "run", "--no-tray"]
        self._daemon = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self._answers, within=60, what="the daemon to answer")
        return ""

    def _answers(self) -> bool:
        done = subprocess.run(
            ["homepress", "status"], env=self._environment, capture_output=True, check=False
        )
        return done.returncode == 0

    def _new(self, name: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
