"""Tray, window and notices of the real program, clicked and looked at.

Wine draws the desktop: what Windows' own shell does with an icon, a notice or a window is not to be seen
here, nor its scaling, its dark mode and its Explorer.
"""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from homepress.ui.tray.icon import Symbol
from support import wait_for
from windows.faces.desk import ROW, SEPARATOR, SLOW, Desk, WindowsWindow

pytestmark = pytest.mark.timeout(2400)


def a_picture(path: Path) -> str:
    """A picture that can become smaller; the hash of its bytes."""
    image = Image.effect_mandelbrot((900, 600), (-2, -1.5, 1, 1.5), 100).convert("RGB")
    image.save(path, quality=97)
    return digest(path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_tray_pauses_and_says_so(desk: Desk) -> None:
    """The menu by a real click on the icon, an entry by another, and the daemon has heard it."""
    desk.start("-m", "homepress", "run")
    icon = desk.wait_icon(Symbol.IDLE)
    top = desk.open_menu(icon)[1]
    desk.keep("tray-menu")
    # Watching nothing, Nothing saved yet; Pause.
    pause = icon[0] - 40, top + 3 + 2 * ROW + SEPARATOR + ROW // 2
    left = desk.wait_change(lambda: desk.click(pause), "the entries of Pause")[0]
    desk.keep("tray-menu-pause")
    desk.click((left + 30, pause[1] + 4 * ROW))  # Until I resume
    desk.wait_icon(Symbol.PAUSED)
    assert desk.status()["state"] == "paused"
    desk.ask("resume")
    desk.wait_icon(Symbol.IDLE)


def test_the_first_success_is_told_by_a_notice_and_a_problem_by_the_icon(desk: Desk) -> None:
    desk.ask("folder", "add", desk.path(desk.pictures))
    desk.start("-m", "homepress", "run")
    desk.wait_icon(Symbol.IDLE)
    was = a_picture(desk.pictures / "holiday.jpg")
    desk.wait_change(lambda: None, "the notice")
    desk.keep("notice")
    assert (desk.home / "state" / "first-success-told").exists()
    assert digest(desk.pictures / "holiday.jpg") != was
    desk.pictures.rename(desk.pictures.with_name("elsewhere"))
    icon = desk.wait_icon(Symbol.PROBLEM)
    desk.open_menu(icon)
    desk.keep("tray-problem")


def test_a_day_with_the_window(desk: Desk) -> None:
    """The first run, a result, its comparison, its undo and another page."""
    desk.start("-m", "homepress", "run", "--no-tray")
    wait_for(lambda: (desk.home / "run" / "control.sock").exists(), within=SLOW, what="the daemon")
    window = WindowsWindow(desk)
    window.wait("Drop pictures or folders here")
    desk.keep("now")
    window.click("Watch a folder …", "QPushButton")
    window.wait("Which pictures should Homepress shrink?")
    desk.keep("first-run")
    window.click("Folder to watch", "QLineEdit")
    window.type(desk.path(desk.pictures))
    window.wait("There are no pictures in it yet")
    window.tab_to("Watch this folder")  # further down than the window reaches
    window.press("space")
    window.wait("Watching")
    window.click("Activity", "QPushButton")
    picture = desk.pictures / "holiday.jpg"
    was = a_picture(picture)
    window.wait("holiday.jpg", "QTableView")
    assert digest(picture) != was
    desk.keep("window-result")
    window.click_in(window.wait("holiday.jpg", "QTableView"), 0.2, 0.15)
    window.click("Before and after", "QPushButton")
    window.wait("The largest difference")
    desk.keep("compare")
    window.click("Undo", "QPushButton")
    window.wait("The original is back")
    assert digest(picture) == was
    desk.keep("undo")
    window.click("Privacy", "QPushButton")
    window.wait("open")
    desk.keep("privacy")
    desk.pictures.rename(desk.pictures.with_name("elsewhere"))
    window.click("Folders", "QPushButton")
    window.wait("Problem")
    desk.keep("window-problem")
    assert "Traceback" not in window.errors(), window.errors()
