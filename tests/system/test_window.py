"""The real window against a real daemon, driven with mouse and keyboard."""

import hashlib
import subprocess
import time
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
def test_a_folder_is_watched_and_its_settings_changed(program: Program, inbox: Path, opened: Opening) -> None:
    settings = program.home / "settings.toml"
    settings.write_text("# my own words\n", encoding="utf-8")
    program.start()
    window = opened("first-run")
    # The first run asks for a folder; the keyboard is where it is typed.
    window.wait("Which pictures should Homepress shrink?")
    window.wait_until(
        lambda: "QLineEdit" in (window.focused() or {"kind": ""})["kind"], "the field to have focus"
    )
    window.type(str(inbox))
    window.wait("There are no pictures in it yet")
    window.tab_to("Watch this folder")
    window.press("Return")
    window.wait(inbox.name, "ElidedLabel")
    window.wait("Watching")
    assert [folder["path"] for folder in program.status()["folders"]] == [str(inbox)]
    # Values are chosen in words; the user's own words stay in the file.
    window.click("Settings", "QPushButton")
    field = window.beside("Quality", "Choice")
    assert field["text"].startswith("Balanced")
    window.click_in(field)
    window.press("Up", "Return")
    window.wait_until(lambda: 'quality = "safe"' in settings.read_text("utf-8"), "the quality to be written")
    assert "# my own words" in settings.read_text("utf-8")
    # A change can be undone.
    window.wait("Saved: Quality")
    window.click("Undo", "QPushButton")
    window.wait_until(lambda: "quality" not in settings.read_text("utf-8"), "the quality to be as it was")
    window.wait("Balanced", "Choice")
    window.click_in(window.beside("Quality", "Choice"))
    window.press("Up", "Return")
    window.wait_until(lambda: 'quality = "safe"' in settings.read_text("utf-8"), "the quality to be written")
    window.click("More settings")
    window.tab_to("Smallest file")
    window.press("ctrl+a")
    window.type("16 KBit")
    window.wait("500 KB", "QLabel")  # what a size looks like
    window.press("ctrl+a")
    window.type("20 KB")
    window.wait_until(lambda: 'min_size = "20 KB"' in settings.read_text("utf-8"), "the size to be written")
    window.tab_to("Add a conversion")
    window.press("space")
    window.wait_until(lambda: "heic" in settings.read_text("utf-8"), "the conversion to be written")
    window.wait("HEIC", "Choice")
    window.press("alt+2")
    window.tab_to("All folders")
    window.press("space")
    window.wait("Safe quality")


@pytest.mark.slow
def test_what_does_not_apply_is_not_shown(program: Program, inbox: Path, opened: Opening) -> None:
    program.watch(inbox)
    program.start()
    window = opened("folders")
    window.wait("Watching")
    window.click("Settings", "QPushButton")
    window.wait("Keep originals", "QLabel")
    assert window.find("Folder for results") is None
    window.click_in(window.beside("Results", "Choice"))
    window.press("Down", "Return")
    window.wait("Folder for results", "QLabel")
    window.wait_until(lambda: window.find("Keep originals", "QLabel") is None, "the days to go")


@pytest.mark.slow
def test_a_pause_has_a_length(program: Program, inbox: Path, opened: Opening) -> None:
    program.watch(inbox)
    program.start()
    window = opened("folders")
    window.wait("Watching")
    window.tab_to("Pause …")
    window.press("space", "Down", "Down", "Return")  # the second: an hour
    status = wait_for(lambda: (now := program.status())["state"] == "paused" and now, what="the pause")
    assert 3000 < status["paused_until"] - time.time() <= 3600
    window.wait("Until ")
    window.wait("Paused", "QLabel")
    card = window.settled(lambda: window.find(inbox.name, "ElidedLabel"), "the card")
    states = [one for one in window.seen() if one["text"] == "Paused" and abs(one["y"] - card["y"]) < 20]
    assert states, "the card says that it pauses too"
    window.click("Resume", "QPushButton")
    window.wait("Pause …", "QPushButton")
    assert program.status()["state"] == "idle"


@pytest.mark.slow
def test_a_folder_that_moved_is_located(
    program: Program, inbox: Path, opened: Opening, tmp_path: Path
) -> None:
    program.watch(inbox, quality="safe", originals_keep_days=7)
    program.start()
    moved = inbox.rename(tmp_path / "moved")
    window = opened("folders")
    window.wait("it is not there")
    assert not [one["text"] for one in window.seen() if "homepress folder" in one["text"]], "no commands"
    window.click("Locate …")
    window.answer_dialog(str(moved))
    window.wait("Now watching")
    (folder,) = program.status()["folders"]
    assert folder["path"] == str(moved)
    text = (program.home / "settings.toml").read_text("utf-8")
    assert 'quality = "safe"' in text
    assert "originals_keep_days = 7" in text


@pytest.mark.slow
def test_a_day_with_the_keyboard_alone(program: Program, inbox: Path, opened: Opening) -> None:
    pictures = [write(inbox / f"{name}.jpg", jpeg(n)) for n, name in enumerate(("one", "two"))]
    originals = {path: sha256(path) for path in pictures}
    program.watch(inbox, existing="compress")
    program.start()
    wait_for(lambda: all(sha256(path) != originals[path] for path in pictures), within=60)
    window = opened("folders")
    window.wait("Watching")
    window.tab_to("Folders")  # the one stop of the side bar
    window.press("Down", "space")
    window.wait("one.jpg", "QTableView")
    window.tab_to("two.jpg")  # the list
    newest = Path(program.lines("history")[0]["path"])
    window.press("Home", "Delete")
    window.wait("1 original brought back")
    assert sha256(newest) == originals[newest]
    window.press("Down", "Return")
    window.wait("Hidden data")
    window.tab_to("Before and after")
    window.press("space")
    window.wait("The largest difference", within=30)
    window.take_keyboard()
    window.wait_until(lambda: "share" in (window.focused() or {}), "the pictures to have the keyboard")
    window.press("Left", "Left", "Left")
    window.wait_until(
        lambda: any(abs(one.get("share", 0) - 0.44) < 0.001 for one in window.seen()), "the slider to move"
    )
    for key in ("d", "f", "b", "s", "1", "plus", "shift+Right", "w", "0"):
        window.press(key)
    window.press("alt+5")
    window.wait("Saved each day")
    window.press("alt+2")
    window.tab_to("Watch inbox")
    window.press("space")
    wait_for(lambda: program.status()["folders"][0]["state"] == "disabled")
    window.wait("Switched off")
    window.tab_to("Pause …")
    window.press("space", "Up", "Return")
    window.wait("Until you resume")
    window.tab_to("Resume")
    window.press("Return")
    window.wait("Pause …", "QPushButton")


@pytest.mark.slow
@pytest.mark.posix("signals")
def test_results_of_a_killed_window_are_removed_by_the_next(
    program: Program, inbox: Path, opened: Opening
) -> None:
    picture = write(inbox / "one.jpg", jpeg(1))
    before = sha256(picture)
    program.watch(inbox, existing="compress")
    program.start()
    wait_for(lambda: sha256(picture) != before, within=60)
    window = opened("compare")
    window.wait("The largest difference", within=30)
    window.click("Change quality …", "QPushButton")
    window.wait("as it is now")
    window.press("Page_Down")

    def left() -> list[Path]:
        return [path for path in program.home.rglob("window/**/*") if path.is_file()]

    wait_for(left, what="a result of the trial")
    window.process.kill()
    window.process.wait(30)
    assert left()
    opened("activity").wait("one.jpg")
    wait_for(lambda: not left(), what="what the killed window left to be gone")


@pytest.mark.slow
def test_another_quality_is_tried_and_then_put_in_place(
    program: Program, inbox: Path, opened: Opening
) -> None:
    picture = write(inbox / "one.jpg", jpeg(1))
    original = sha256(picture)
    program.watch(inbox, existing="compress")
    program.start()
    wait_for(lambda: sha256(picture) != original, within=60)
    first = sha256(picture)
    window = opened("compare")
    window.wait("The largest difference", within=30)
    window.click("Change quality …", "QPushButton")
    window.wait("as it is now")
    window.press("Page_Down", "Page_Down")
    window.wait_until(
        lambda: (window.find("Use this one", "QPushButton") or {"enabled": False})["enabled"],
        "the trial",
    )
    assert sha256(picture) == first, "nothing is changed by a trial"
    window.click("Use this one", "QPushButton")
    window.wait("The picture is smaller again", within=60)
    assert sha256(picture) not in (first, original)
    newest = program.lines("history")[0]
    assert (newest["settings"], newest["original"]) == ("60", "kept")
    window.wait("Change quality …", "QPushButton")
    window.tab_to("Undo")
    window.press("space")
    window.wait("The original is back")
    assert sha256(picture) == original


def test_a_second_start_hands_over_to_the_first(
    program: Program, inbox: Path, tmp_path: Path, opened: Opening
) -> None:
    program.watch(inbox)
    before = jpeg(1)
    picture = write(tmp_path / "elsewhere" / "one.jpg", before)
    window = opened()
    window.wait("Not running")
    for words, seen in ((("--page", "statistics"), "Saved each day"), ((str(picture),), "one.jpg")):
        second = subprocess.run(
            program.command("window", *words),
            env=window.environment,
            timeout=30,
            capture_output=True,
            check=False,
        )
        assert second.returncode == 0, second.stderr
        window.wait(seen)
    window.wait("−", "PicturesTable")
    assert picture.read_bytes() == before


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
    window.tab_to("Pause …")
    window.press("space", "Up", "Return")
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
    window.wait("It cannot open a connection to the internet", within=60)
    window.click("Show technical details")
    window.wait("This window, process")
    assert window.find("Not everything is closed") is None


def test_without_a_display_the_report_takes_over(program: Program) -> None:
    environment = {key: value for key, value in program.environment.items() if key != "DISPLAY"}
    environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    done = subprocess.run(
        program.command("window"), env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert b"no display" in done.stderr
    assert (program.home / "state" / "report.html").is_file()
