"""The desktop that Wine draws, with its taskbar, and hands on mouse and keyboard there."""

import contextlib
import io
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from homepress.ui.tray.icon import _BODY, Symbol
from support import wait_for
from system.screen import Seen, Window
from windows.rig import Rig, windows_path

SHOTS = os.environ.get("HOMEPRESS_SHOTS", "")
"""A folder for screenshots; empty keeps none."""
SLOW = 600.0
WIDTH, HEIGHT = 1280, 900
_TASKBAR = 20
"""Its height; the icons are at its right end."""
_LOOKS = 10
ROW, SEPARATOR = 17, 9
"""Heights in a menu, with the font that Wine takes where it has none of its own."""
_WATCHED = Path(__file__).parents[2] / "system" / "windowwatch.py"


class Desk:
    """One Homepress on it."""

    def __init__(self, rig: Rig, display: str, folder: Path) -> None:
        self._rig = rig
        self._started: list[subprocess.Popen[bytes]] = []
        self.home = folder / "home"
        self.pictures = folder / "pictures"
        self.pictures.mkdir()
        self._ours = {
            "HOMEPRESS_HOME": windows_path(self.home),
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.environment = {**rig.wine.environment(), **self._ours, "DISPLAY": display}
        self.display = display

    def path(self, path: Path) -> str:
        """As programs there know it."""
        return windows_path(path)

    def start(self, *command: str, program: str = "python.exe") -> "subprocess.Popen[bytes]":
        """Start a Python command line on the desktop."""
        python = str(self._rig.python / program)
        process = subprocess.Popen(
            ("wine", "explorer", f"/desktop=homepress{self.display[1:]},{WIDTH}x{HEIGHT}", python, *command),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._started.append(process)
        return process

    def ask(self, *arguments: str) -> str:
        """A command to its end; what it printed."""
        _, printed = self._rig.run(
            "-m", "homepress", *arguments, within=SLOW, DISPLAY=self.display, **self._ours
        )
        return printed

    def status(self) -> dict[str, Any]:
        """What `homepress status` knows."""
        found: dict[str, Any] = json.loads(self.ask("status", "--json"))
        return found

    # what is seen, and hands

    def shot(self) -> Image.Image:
        """What is on the display now."""
        command = ("import", "-window", "root", "png:-")
        done = subprocess.run(command, env=self.environment, check=True, timeout=90, capture_output=True)
        return Image.open(io.BytesIO(done.stdout)).convert("RGB")

    def keep(self, name: str) -> None:
        """Keep a picture of the desktop, when somebody wants it."""
        if SHOTS:
            last = self.shot()
            for _ in range(_LOOKS):  # until it is painted; a cursor may blink for ever
                before, last = last, self.shot()
                if before == last:
                    break
            last.quantize(96).save(Path(SHOTS, f"{name}.png"), optimize=True)

    def icon(self, symbol: Symbol) -> tuple[int, int] | None:
        """The middle of our icon in the taskbar, if it has the look of a state."""
        top = HEIGHT - _TASKBAR
        image = self.shot().crop((WIDTH // 2, top, WIDTH, HEIGHT))
        colour = Image.new("RGB", image.size, _BODY[symbol][:3])
        near = ImageChops.difference(image, colour).convert("L").point(lambda off: 255 if off < 6 else 0)
        box = near.getbbox()
        if box is None:
            return None
        return WIDTH // 2 + (box[0] + box[2]) // 2, top + (box[1] + box[3]) // 2

    def wait_icon(self, symbol: Symbol) -> tuple[int, int]:
        """Where it is, once it has that look."""
        return wait_for(lambda: self.icon(symbol), within=SLOW, what=f"the icon that says {symbol}")

    def click(self, at: tuple[int, int], button: int = 1) -> None:
        """Press a button of the mouse."""
        self.hands("mousemove", "--sync", *map(str, at), "click", str(button))

    def hands(self, *words: str) -> None:
        """Mouse and keyboard, in the words of xdotool."""
        subprocess.run(("xdotool", *words), env=self.environment, check=True, timeout=90, capture_output=True)

    def open_menu(self, icon: tuple[int, int]) -> tuple[int, int, int, int]:
        """Click the icon with the right button, and wait for what appears: its box."""
        return self.wait_change(lambda: self.click(icon, button=3), "the menu")

    def wait_change(self, deed: Callable[[], None], what: str, least: int = 50) -> tuple[int, int, int, int]:
        """Do something, and wait until a larger part above the taskbar looks different: its box."""
        before = self.shot()
        deed()

        def box() -> tuple[int, int, int, int] | None:
            shot = self.shot().crop((0, 0, WIDTH, HEIGHT - _TASKBAR))
            found = ImageChops.difference(before.crop((0, 0, WIDTH, HEIGHT - _TASKBAR)), shot).getbbox()
            return found if found and min(found[2] - found[0], found[3] - found[1]) >= least else None

        return wait_for(box, within=SLOW, what=what)

    def close(self) -> None:
        """End all that has our home in its environment, and what was started for it."""
        mine = f"HOMEPRESS_HOME={self._ours['HOMEPRESS_HOME']}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mine in (folder / "environ").read_bytes().split(b"\0"):
                    os.kill(int(folder.name), signal.SIGKILL)
        for process in self._started:
            process.wait(30)


class WindowsWindow(Window):
    """The window on that desktop; it tells where its controls are."""

    def __init__(self, desk: Desk, page: str = "") -> None:
        desk.home.mkdir(exist_ok=True)
        self._tree = desk.home / "seen.json"
        self._tree.unlink(missing_ok=True)
        self._errors = desk.home / "window-errors.txt"
        self._errors.touch()
        self.environment = desk.environment
        arguments = [desk.path(_WATCHED), desk.path(self._tree), page, "", "light", "1"]
        # Wine's explorer hands no empty argument on, and no file as a standard stream.
        script = desk.home.with_name("window.py")
        script.write_text(
            # The rig's Qt was compiled for an older numpy, and would say so.
            f"import runpy, sys\nsys.modules['numpy'] = type(sys)('numpy')\nsys.argv = {arguments!r}\n"
            f"sys.stderr = open({desk.path(self._errors)!r}, 'w', encoding='utf-8', buffering=1)\n"
            "runpy.run_path(sys.argv[0], run_name='__main__')\n",
            encoding="utf-8",
        )
        self.process = desk.start(desk.path(script), program="pythonw.exe")
        wait_for(lambda: self.seen(), within=SLOW, what=f"the window; {self.errors()}")

    def wait(self, text: str, kind: str = "", within: float = SLOW) -> Seen:
        """The control with this text, once it is there."""
        return super().wait(text, kind, within)

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something else."""
        wait_for(lambda: bool(condition()), within=SLOW, what=f"{what}; {self.errors()}")
