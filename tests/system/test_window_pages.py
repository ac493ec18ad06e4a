"""What can be done on the pages of the real window, against a real daemon."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from homepress.base.paths import Paths
from homepress.base.results import ProbeAttempt, ProbedProcess
from homepress.control.probe_server import ProbeServer
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.screen import Opening, Seen, Window, needs_a_screen

pytestmark = needs_a_screen


@pytest.fixture
def done(program: Program, inbox: Path) -> Path:
    """A daemon that has compressed one picture."""
    picture = write(inbox / "holiday.jpg", jpeg(1))
    program.watch(inbox, existing="compress")
    program.start()
    wait_for(lambda: program.status()["compressed_today"] == 1, within=60)
    return picture


@pytest.mark.slow
def test_the_first_run_starts_everything(program: Program, inbox: Path, opened: Opening) -> None:
    """From nothing: no daemon, no settings. It is tried before anything is done."""
    pictures = [write(inbox / f"{number}.jpg", jpeg(number)) for number in range(2)]
    before = [picture.read_bytes() for picture in pictures]
    window = opened("first-run")
    window.wait("Which pictures should Homepress shrink?")
    window.wait_until(lambda: "QLineEdit" in (window.focused() or {"kind": ""})["kind"], "the field")
    window.type(str(inbox))
    window.wait("2 pictures")
    places = _places(window)
    window.click("See what it would save")
    window.wait("Until they expire, originals would need", within=90)
    for quality in ("Safe", "Balanced", "Small"):
        (card,) = [one for one in window.seen() if one["name"] == quality]
        figures = [one["text"] for one in window.seen() if "saves" in one["text"] and _inside(one, card)]
        assert figures, f"{quality} says what it would save"
    assert _places(window) == places, "nothing has moved"
    assert [picture.read_bytes() for picture in pictures] == before
    assert not (program.home / "settings.toml").exists()
    window.click("Also compress the pictures already there", "Switch")
    window.click_in(window.settled(lambda: window.find("What is in the folder", "Choice"), "the list"))
    window.press("Down", "Return")  # in the order of the alphabet: documents
    window.wait("every pixel and all metadata stay")
    window.click("Safe", "_OptionButton")
    window.tab_to("Watch this folder")
    window.press("space")
    window.wait("Safe quality", within=60)
    try:
        wait_for(lambda: all(a.read_bytes() != b for a, b in zip(pictures, before, strict=True)), within=60)
        text = (program.home / "settings.toml").read_text("utf-8")
        assert 'preset = "documents"' in text
        assert 'quality = "safe"' in text
        assert not _autostart_files(program), "start at login was offered, not asked for"
        asked = program.command("autostart", "status", "--json")
        told = subprocess.run(asked, env=window.environment, capture_output=True, timeout=60, check=True)
        assert not json.loads(told.stdout)["on"]
    finally:
        program.run("stop", code=None)


@pytest.mark.slow
def test_start_at_login_is_written_where_it_is_switched_on(
    program: Program, inbox: Path, opened: Opening
) -> None:
    window = opened("first-run")
    window.wait("Which pictures should Homepress shrink?")
    window.wait_until(lambda: "QLineEdit" in (window.focused() or {"kind": ""})["kind"], "the field")
    window.type(str(inbox))
    window.tab_to("Start automatically at login")
    window.press("space")
    window.tab_to("Watch this folder")
    window.press("space")
    try:
        window.wait("Balanced quality", within=60)
        wait_for(lambda: _autostart_files(program), what="the start at login")
    finally:
        program.run("stop", code=None)


def _places(window: Window) -> dict[str, tuple[int, int]]:
    """Where the fields and cards of the page stand."""
    kinds = ("FolderField", "_OptionButton", "Switch", "Choice")
    seen = [one for one in window.seen() if any(kind in one["kind"] for kind in kinds)]
    return {one["name"]: (one["x"], one["y"]) for one in seen}


def _inside(one: Seen, other: Seen) -> bool:
    """Whether the corner of one control lies within another."""
    across = 0 <= one["x"] - other["x"] < other["width"]
    return across and 0 <= one["y"] - other["y"] < other["height"]


def _autostart_files(program: Program) -> list[Path]:
    """What has been written into the home of the window's user, at any of the places that start programs."""
    config = program.home / "user" / "config"
    return [*config.glob("autostart/*"), *config.glob("systemd/user/*")]


@pytest.mark.slow
def test_statistics_are_saved_where_the_dialog_says(
    program: Program, done: Path, opened: Opening, tmp_path: Path
) -> None:
    window = opened("statistics")
    window.wait("saved in total")
    for steps, kind in enumerate(("csv", "json", "png"), 1):
        file = tmp_path / f"figures.{kind}"
        window.tab_to("Save …")
        window.press("space", *["Down"] * steps, "Return")
        window.answer_dialog(str(file))
        window.wait(f"Saved as {file}")
        window.press("Escape")
    with open(tmp_path / "figures.csv", encoding="utf-8-sig", newline="") as stream:
        rows = {row["kind"]: row for row in csv.DictReader(stream)}
    stats = program.json("stats")
    assert int(rows["total"]["saved_bytes"]) == stats["total"]["saved_bytes"] > 0
    assert json.loads((tmp_path / "figures.json").read_bytes())["total"] == stats["total"]
    with Image.open(tmp_path / "figures.png") as image:
        assert image.size == (1200, 400)


@pytest.mark.slow
def test_a_result_is_kept_for_good(program: Program, done: Path, opened: Opening) -> None:
    window = opened("", str(done))
    window.wait("The largest difference", within=40)
    window.click("Delete the original …")
    window.wait("Delete the original?")
    window.press("Escape")  # a second thought
    assert program.lines("history")[0]["original"] == "kept"
    window.click("Delete the original …")
    window.click("Delete the original", "QPushButton")
    window.wait("The original was deleted; the result stays.")
    assert program.lines("history")[0]["original"] == "accepted"


@pytest.mark.slow
def test_what_the_daemon_leaves_open_stands_beside_the_reports(
    program: Program, inbox: Path, opened: Opening
) -> None:
    older = Path(__file__).parent.parent / "privacy" / "oldkernel.py"
    program.prefix = [sys.executable, str(older), "0"]
    program.watch(inbox)
    program.start()
    window = opened("privacy")
    window.wait("Files and other programs are not closed", within=60)
    window.wait("Not everything is closed on this system", within=60)


@pytest.mark.slow
def test_names_are_forgotten_by_place_and_by_day(program: Program, done: Path, opened: Opening) -> None:
    program.run("originals", "accept", "--all", "--yes", code=None)
    window = opened("privacy")
    window.wait("were refused every way out", within=60)
    window.tab_to("Forget the names in")
    window.type(str(done.parent / "elsewhere"))
    window.press("Tab", "Tab")
    window.press("space")
    window.wait("Forget the names in /")
    window.press("Tab", "space")
    window.wait("There was nothing to forget")
    window.press("Escape")
    window.tab_to("Forget all names before")
    window.type("2999-01-01")
    window.wait("has yet to come")
    window.press("ctrl+a")
    window.type("1s")
    window.press("Tab", "space")
    window.wait("Forget all names before 1s?")
    window.press("Tab", "space")
    window.wait("1 entry forgotten")
    assert all("holiday" not in entry["path"] for entry in program.lines("history"))


@pytest.mark.slow
def test_the_tray_is_asked_too(
    program: Program, inbox: Path, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.watch(inbox)
    program.start()
    monkeypatch.setenv("HOMEPRESS_HOME", str(program.home))
    told = ProbedProcess(
        name="tray", pid=4711, tried=[ProbeAttempt(name="TCP", allowed=True, answer="a socket was made")]
    )
    server = ProbeServer(Paths.from_environment().socket, "tray", lambda _: [told])
    try:
        window = opened("privacy")
        window.wait("Not everything is closed on this system", within=60)
        window.wait("The system does not keep it from opening connections")
        window.click("Show technical details")
        window.wait("Tray, process 4711")
        window.wait("0 of 1 refused")
    finally:
        server.close()


@pytest.mark.slow
def test_the_bare_command_starts_everything_once(program: Program, opened: Opening, display: str) -> None:
    window = opened()  # the window is there already: the second start shows that one
    window.wait("Drop pictures or folders here")
    try:
        done = subprocess.run(
            program.command(), env=window.environment, timeout=60, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        window.wait("No folder is watched.", within=60)
        assert window.process.poll() is None
    finally:
        program.run("stop", code=None)


def test_the_bare_command_without_a_display_says_what_to_type(program: Program) -> None:
    environment = {key: value for key, value in program.environment.items() if key != "DISPLAY"}
    done = subprocess.run(program.command(), env=environment, timeout=60, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"homepress folder add" in done.stderr


@pytest.mark.slow
def test_pictures_that_were_left_alone_are_compressed_after_a_question(
    program: Program, inbox: Path, opened: Opening
) -> None:
    picture = write(inbox / "old.jpg", jpeg(1))
    before, settings = picture.read_bytes(), program.home / "settings.toml"
    program.watch(inbox)
    program.start()
    window = opened("folders")
    window.wait("Watching")
    window.click("Settings", "QPushButton")

    def choose_compress() -> None:
        window.click_in(window.beside("Pictures already there", "Choice"))
        window.press("Down", "Return")
        window.wait("Left alone in it until now: 1 picture")

    choose_compress()
    window.press("Escape")
    window.wait_until(lambda: not window.find("Left alone in it until now"), "the question to go")
    field = window.beside("Pictures already there", "Choice")
    assert field["text"] == "Leave them alone"
    assert "compress" not in settings.read_text("utf-8")
    assert picture.read_bytes() == before
    choose_compress()
    window.tab_to("Compress", "QPushButton")  # not the choice behind, which says "Compress them"
    window.press("space")
    window.wait_until(lambda: 'existing = "compress"' in settings.read_text("utf-8"), "it to be written")
    wait_for(lambda: picture.read_bytes() != before, within=60, what="the picture to be compressed")


@pytest.mark.slow
def test_a_picture_is_found_understood_undone_and_done_again_by_keyboard(done: Path, opened: Opening) -> None:
    result = done.read_bytes()
    window = opened("activity")
    window.wait("holiday.jpg\tLooks the same", "HistoryTable")
    window.press("ctrl+f")
    window.type("beach")
    window.wait("Nothing found")
    window.press("ctrl+a")
    window.type("holi")
    window.wait("holiday.jpg", "HistoryTable")
    window.press("Return")
    window.wait_until(lambda: "HistoryTable" in (window.focused() or {"kind": ""})["kind"], "the table")
    window.press("Return")
    window.wait("Kept; it will be deleted")
    window.press("Escape")
    window.take_keyboard()  # without a window manager, nobody gives it back after a dialog
    window.press("Delete")
    window.wait("1 original brought back")
    assert done.read_bytes() == jpeg(1)
    window.wait("Original restored", "HistoryTable")
    window.tab_to("Redo")
    window.press("space")
    window.wait("holiday.jpg made smaller again")
    assert done.read_bytes() == result
