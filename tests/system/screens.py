"""A real desktop for tests: an X server without a screen, a bus, and XFCE's panel, all of their own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from desktop.buses import private_bus
from homepress.ui.tray.icon import _BODY, Symbol
from support import wait_for

SHOTS = os.environ.get("HOMEPRESS_SHOTS", "")
"""A folder for screenshots; empty keeps none."""

SCALE = 2 if SHOTS else 1
"""Pixels of a unit: screenshots are for displays with small pixels."""

_PANEL_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
        <value type="int" value="3"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
    <property name="plugin-3" type="string" value="clock"/>
  </property>
</channel>
"""


_FONT = "[Settings]\ngtk-font-name=Inter 10\n"
"""For screenshots; another font takes its place where this one is missing."""


def need(*programs: str) -> None:
    """Skip the test where one of these programs is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (tests/run.py installs them as root)")


class Screen:
    """A display and a bus, and what runs on them; everything ends with it."""

    def __init__(self, environment: dict[str, str], address: str, folder: Path, scale: int) -> None:
        self.environment = environment
        self.address = address
        self.scale = scale
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """Start a program of the desktop."""
        process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._running.append(process)
        return process

    def panel(self) -> "subprocess.Popen[bytes]":
        """Start the panel."""
        return self.start("xfce4-panel", "--disable-wm-check")

    def end(self, process: "subprocess.Popen[bytes]") -> None:
        """End a program and wait until it has ended."""
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def close(self) -> None:
        """End all that was started."""
        for process in reversed(self._running):
            if process.poll() is None:
                self.end(process)

    def input(self, *words: str) -> None:
        """Move the mouse or press keys, in the words of xdotool."""
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=90)

    def shot(self) -> Image.Image:
        """What is on the display now, pixel by pixel."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            file = Path(folder, "shot.png")
            command = ["scrot", "--overwrite", str(file)]
            subprocess.run(command, env=self.environment, check=True, timeout=90)
            with Image.open(file) as image:
                return image.convert("RGB")

    def part(self, left: int, top: int, right: int, bottom: int) -> Image.Image:
        """A part of it, in units that are `scale` pixels wide."""
        return self.shot().crop(
            (self.scale * left, self.scale * top, self.scale * right, self.scale * bottom)
        )

    def find(self, colour: tuple[int, int, int], rows: int = 34) -> tuple[int, int] | None:
        """The middle of what has a colour on the panel, None when nothing has."""
        image = self.part(640, 0, 1280, rows)
        places = [
            (x, y)
            for y in range(image.height)
            for x in range(image.width)
            if all(abs(a - b) < 6 for a, b in zip(_pixel(image, x, y), colour, strict=True))
        ]
        if len(places) < 20:
            return None
        left = 640 * self.scale
        return left + sum(x for x, _ in places) // len(places), sum(y for _, y in places) // len(places)


@contextmanager
def screen(folder: Path, *, dark: bool = True, scale: int = 1) -> Iterator[Screen]:
    """A display and a bus, in a home of their own beneath `folder`.

    The display is 1280 by 720 units large; a unit has `scale` pixels in each direction.
    """
    need("Xvfb", "dbus-daemon", "xdotool", "scrot")
    home = folder / "desktop-home"
    runtime = folder / "run"
    settings = home / ".config" / "xfce4" / "xfconf" / "xfce-perchannel-xml"
    settings.mkdir(parents=True)
    runtime.mkdir(mode=0o700)
    text = _PANEL_SETTINGS.format(dark=str(dark).lower())
    (settings / "xfce4-panel.xml").write_text(text, encoding="utf-8")
    (home / ".config" / "gtk-3.0").mkdir()
    (home / ".config" / "gtk-3.0" / "settings.ini").write_text(_FONT, encoding="utf-8")
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_CURRENT_DESKTOP": "XFCE",
        "LC_ALL": "C.UTF-8",
        "NO_AT_BRIDGE": "1",
        "GTK_A11Y": "none",
        "GDK_SCALE": str(scale),
    }
    with _display(scale) as display:
        environment["DISPLAY"] = display
        with private_bus(environment) as address:
            made = Screen({**environment, "DBUS_SESSION_BUS_ADDRESS": address}, address, folder, scale)
            try:
                yield made
            finally:
                made.close()


@contextmanager
def _display(scale: int) -> Iterator[str]:
    reading, writing = os.pipe()
    size = f"{1280 * scale}x{720 * scale}x24"
    command: Sequence[str] = (
        *("Xvfb", "-displayfd", str(writing), "-screen", "0", size),
        *("-nolisten", "tcp", "-noreset"),
    )
    server = subprocess.Popen(
        command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with open(reading, encoding="ascii") as answer:
            number = wait_for(answer.readline, what="the X server").strip()
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


def colour(state: Symbol) -> tuple[int, int, int]:
    """Of the icon in a state."""
    return _BODY[state][:3]


def keep(desk: Screen, name: str, box: tuple[int, int, int, int]) -> None:
    """Keep a picture of the corner with the icon, when somebody wants it."""
    if SHOTS:
        image = desk.part(*box)
        image.quantize(96, method=Image.Quantize.MEDIANCUT).save(Path(SHOTS, f"{name}.png"), optimize=True)


def _pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return found
