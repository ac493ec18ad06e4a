"""The real window against a real daemon, driven with mouse and keyboard."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.screen import Opening, needs_a_screen

pytestmark = needs_a_screen


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_a_day_with_mouse_and_keyboard(program: Program, inbox: Path, opened: Opening) -> None:
    (program.home / "settings.toml").write_text("# my own words\n", encoding="utf-8")
    program.start()
    window = opened()
    # The first run asks for a folder; the keyboard is where it is typed.
    window.wait("Which pictures shall become smaller?")
    window.wait_until(lambda: (window.focused() or {}).get("kind") == "TEntry", "the field to have focus")
    window.type(str(inbox))
    window.wait("There are no pictures in it yet")
    window.click("Watch this folder")
    window.wait(inbox.name, "TLabel")
    window.wait("Watching")
    assert [folder["path"] for folder in program.status()["folders"]] == [str(inbox)]
    # Quality is changed in the folder's settings, and the user's own words stay in the file.
    window.click("Settings", "TButton")
    field = window.beside("The least a result may score", "TCombobox")
    assert field["text"] == "balanced"
    window.click_in(field, 0.3)
    window.press("ctrl+a")
    window.type("balancd")
    window.wait('did you mean "balanced"?')
    window.press("ctrl+a")
    window.type("safe")
    settings = program.home / "settings.toml"
    window.wait_until(lambda: 'quality = "safe"' in settings.read_text("utf-8"), "the quality to be written")
    assert "# my own words" in settings.read_text("utf-8")
    window.click("All folders")
    window.wait("Quality safe")
    # Pictures that come are seen in the list.
    window.click("Activity", "TButton")
    picture = write(inbox / "holiday.jpg", jpeg(1))
    original = sha256(picture)
    window.wait("holiday.jpg", "Canvas", within=60)
    assert sha256(picture) != original
    # Before and after: the slider follows the mouse.
    window.click_in(window.wait("holiday.jpg", "Canvas"), 0.4, 30 / 480, times=2)
    window.wait("The largest difference", within=30)
    view = window.settled(
        lambda: next((one for one in window.seen() if "share" in one), None), "the pictures"
    )
    assert view["share"] == 0.5
    window.drag(view, 0.5, 0.8)
    window.wait_until(
        lambda: any(abs(one.get("share", 0) - 0.8) < 0.03 for one in window.seen()), "the slider to move"
    )
    # One is undone, byte for byte.
    window.click("Restore original")
    window.wait("The original is back")
    assert sha256(picture) == original
    # Pause and resume.
    window.click("Pause", "TButton")
    window.wait("Until you resume")
    assert program.status()["state"] == "paused"
    window.click("Resume", "TButton")
    window.wait("Pause", "TButton")
    assert program.status()["state"] == "idle"


@pytest.mark.slow
def test_a_day_with_the_keyboard_alone(program: Program, inbox: Path, opened: Opening) -> None:
    pictures = [write(inbox / f"{name}.jpg", jpeg(n)) for n, name in enumerate(("one", "two"))]
    originals = {path: sha256(path) for path in pictures}
    program.watch(inbox, existing="compress")
    program.start()
    wait_for(lambda: all(sha256(path) != originals[path] for path in pictures), within=60)
    window = opened()
    window.wait("Watching")
    window.tab_to("Activity")
    window.press("space")
    window.wait("one.jpg", "Canvas")
    window.tab_to("two.jpg")  # the list
    newest = Path(program.lines("history")[0]["path"])
    window.press("Home", "Delete")
    window.wait("1 original brought back")
    assert sha256(newest) == originals[newest]
    window.press("Down", "Return")
    window.wait("The largest difference", within=30)
    window.wait_until(lambda: "share" in (window.focused() or {}), "the pictures to have the keyboard")
    window.press("Left", "Left", "Left")
    window.wait_until(
        lambda: any(abs(one.get("share", 0) - 0.44) < 0.001 for one in window.seen()), "the slider to move"
    )
    for key in ("d", "f", "b", "s", "1", "plus", "shift+Right", "w", "0"):
        window.press(key)
    window.press("alt+4")
    window.wait("Saved each day")
    window.press("alt+1")
    window.tab_to("On")
    window.press("space")
    wait_for(lambda: program.status()["folders"][0]["state"] == "disabled")
    window.wait("Switched off")
    window.tab_to("Pause")
    window.press("space")
    window.wait("Until you resume")
    window.tab_to("Resume")
    window.press("Return")
    window.wait("Pause", "TButton")


def test_a_second_start_hands_over_to_the_first(program: Program, inbox: Path, opened: Opening) -> None:
    program.watch(inbox)
    window = opened()
    window.wait("Not running")
    second = subprocess.run(
        program.command("window", "--page", "statistics"),
        env=window.environment,
        timeout=30,
        capture_output=True,
        check=False,
    )
    assert second.returncode == 0, second.stderr
    window.wait("Saved each day")


@pytest.mark.slow
def test_the_daemon_may_come_and_go(program: Program, inbox: Path, opened: Opening) -> None:
    program.watch(inbox)
    program.start()
    window = opened("folders")
    window.wait("Watching")
    program.kill()
    window.wait("Nothing is compressed until it runs again")
    program.start()
    window.wait("Up to date")
    window.click("Pause", "TButton")
    window.wait("Until you resume")


def test_a_mistake_in_the_settings_is_shown_where_it_matters(
    program: Program, inbox: Path, opened: Opening
) -> None:
    program.watch(inbox)
    program.start()
    window = opened("folders")
    window.wait("Watching")
    file = program.home / "settings.toml"
    file.write_text(file.read_text("utf-8").replace("min_size", "min_sise"), encoding="utf-8")
    window.wait("min_size")


@pytest.mark.slow
def test_the_window_itself_is_locked(program: Program, inbox: Path, opened: Opening) -> None:
    program.watch(inbox)
    program.start()
    window = opened("privacy")
    window.wait("were refused every way to a network", within=60)
    window.wait("This window, process")
    assert window.find("Not every way") is None


def test_without_a_display_the_report_takes_over(program: Program) -> None:
    environment = {key: value for key, value in program.environment.items() if key != "DISPLAY"}
    environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    done = subprocess.run(
        program.command("window"), env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert b"no display" in done.stderr
    assert (program.home / "state" / "report.html").is_file()
