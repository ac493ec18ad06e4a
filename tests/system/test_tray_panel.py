"""The tray in a real panel: XFCE's, with a real mouse and keyboard, and pictures of what a person sees."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from desktop.buses import FakeProgram
from homepress.desktop.dbus import Call, Reply
from homepress.ui.tray.icon import Symbol
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.screens import SCALE, SHOTS, Screen, colour, keep, need, screen
from system.trays import agents

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Linux tray")

ICON = (1181, 0, 1213, 31)
MENU = (860, 0, 1213, 350)
"""Parts of the display, in its units: the icon, and the menu beneath it."""


@pytest.fixture
def desk(program: Program, tmp_path: Path) -> Iterator[Screen]:
    """A display with a bus that the program uses; the panel is not there yet."""
    need("xfce4-panel")
    with screen(tmp_path, scale=SCALE) as made:
        program.environment |= made.environment
        if SHOTS:
            made.start("xsetroot", "-solid", "#51626f")
        yield made
        program.close()
    wait_for(lambda: not agents(program), what="the agent to end with its session")


@pytest.fixture
def opened(desk: Screen) -> FakeProgram:
    """A file manager that only notes what it is asked to show."""

    def took(call: Call) -> Reply:
        return Reply()

    name, path = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"
    return FakeProgram(desk.address, name, path, {"ShowFolders": took, "ShowItems": took})


def still(desk: Screen, ready: Callable[[Image.Image], bool] = lambda _: True) -> None:
    """Wait until what is on the display does not change any more."""
    box = (600, 0, 1240, 720)
    last = desk.part(*box).tobytes()

    def same() -> bool:
        nonlocal last
        now = desk.part(*box)
        before, last = last, now.tobytes()
        return last == before and ready(now)

    wait_for(same, what="the display to come to rest")


def shown(desk: Screen, state: Symbol) -> tuple[int, int]:
    """Where the icon is, once it shows a state."""
    return wait_for(lambda: desk.find(colour(state)), within=30, what=f"an icon that says {state.value}")


@pytest.mark.slow
def test_a_person_sees_clicks_and_quits(
    program: Program, inbox: Path, desk: Screen, opened: FakeProgram
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    panel = desk.panel()  # later than the program, as it is at login
    x, y = shown(desk, Symbol.IDLE)
    keep(desk, "tray-idle", ICON)

    desk.input("mousemove", str(x), str(y), "click", "1")
    wait_for(lambda: windows(desk) or opened.heard("ShowFolders"), within=40, what="the window")
    for window in windows(desk):  # off the panel: there is nobody who manages windows here
        desk.input("windowmove", "--sync", window, "0", str(420 * SCALE))

    desk.input("mousemove", str(x), str(y), "click", "3")
    still(desk)
    keep(desk, "tray-menu", MENU)
    # After the state and what is saved comes "Pause"; beneath it "For 30 minutes" comes first.
    desk.input("key", "Down", "Down", "Down", "Right")
    still(desk)
    keep(desk, "tray-pause", MENU)
    desk.input("key", "Return")
    wait_for(lambda: program.status()["state"] == "paused", what="the pause that the keyboard picked")
    shown(desk, Symbol.PAUSED)

    desk.end(panel)
    panel = desk.panel()
    x, y = shown(desk, Symbol.PAUSED)  # it comes back with the panel
    keep(desk, "tray-paused", ICON)
    desk.input("mousemove", str(x), str(y), "click", "3")
    still(desk)
    desk.input("key", "Down", "Down", "Down", "Return")
    wait_for(lambda: program.status()["state"] == "idle", what="Resume, which took the place of Pause")
    x, y = shown(desk, Symbol.IDLE)

    desk.input("mousemove", str(x), str(y), "click", "3")
    still(desk)
    desk.input("key", "Up", "Return")  # the last line is "Quit"
    assert program.daemon is not None
    assert program.daemon.wait(60) == 0
    program.daemon = None
    wait_for(lambda: not agents(program), what="the agent to end")
    wait_for(lambda: not windows(desk), what="the window to close")
    wait_for(lambda: not processes(program), what="every process of this home to end")
    wait_for(lambda: desk.find(colour(Symbol.IDLE)) is None, what="the icon to vanish")


def processes(program: Program) -> list[str]:
    """Whatever still runs with this home: daemon, workers, tray, window."""
    home = os.fsencode(f"HOMEPRESS_HOME={program.home}")
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if home in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return [command for command in found if "homepress" in command]


def windows(desk: Screen) -> list[str]:
    """The windows of ours that can be seen; where Qt is missing, the folder is opened instead."""
    command = ["xdotool", "search", "--onlyvisible", "--name", "^Homepress$"]
    done = subprocess.run(command, env=desk.environment, capture_output=True, text=True)
    return done.stdout.split()


PICTURES = {
    "beach": 84,
    "forest": 92,
    "harbour at night": 86,
    "IMG_2041": 95,
    "birthday cake": 90,
    "garden": 88,
}
"""Names of pictures, and the JPEG quality they arrive in."""

SIZE = (2400, 1800) if SHOTS else (800, 600)


@pytest.mark.slow
def test_results_and_problems_are_seen(program: Program, desk: Screen, opened: FakeProgram) -> None:
    desk.panel()
    camera, scans = (Path(desk.environment["HOME"], name) for name in ("Pictures", "Scans"))
    camera.mkdir()
    scans.mkdir()
    program.watch(camera, scans)
    settings = program.home / "settings.toml"
    # A notice would lie beneath the menu in the pictures.
    settings.write_text(f'[daemon]\nnotify = "never"\n{settings.read_text()}')
    program.start(tray=True)
    shown(desk, Symbol.IDLE)
    for number, (name, quality) in enumerate(PICTURES.items()):
        write(camera / f"{name}.jpg", jpeg(number, SIZE, quality))
    shown(desk, Symbol.WORKING)
    keep(desk, "tray-working", ICON)
    program.wait_idle()
    x, y = shown(desk, Symbol.IDLE)
    desk.input("mousemove", str(x), str(y), "click", "3")
    still(desk)
    desk.input("key", *["Down"] * 5, "Right")  # after the state, what is saved, and "Pause"
    still(desk)
    desk.input("key", "Right")
    still(desk)
    keep(desk, "tray-pictures", (350, 0, 1213, 350))
    desk.input("key", "Escape", "Escape", "Escape")
    scans.rename(scans.with_name("Scans of 2025"))
    x, y = shown(desk, Symbol.PROBLEM)
    keep(desk, "tray-problem", ICON)
    desk.input("mousemove", str(x), str(y), "click", "3")
    still(desk)
    keep(desk, "tray-problem-menu", MENU)
    desk.input("key", "Escape")
    program.stop()
    shown(desk, Symbol.STOPPED)
    keep(desk, "tray-stopped", ICON)
    program.start(tray=True)
    program.kill()
    x, y = shown(desk, Symbol.PROBLEM)
    desk.input("mousemove", str(x), str(y), "click", "3")
    still(desk)
    keep(desk, "tray-crashed", MENU)
    desk.input("key", "Escape")
