"""Notices in a real notification service, dunst: seen, pressed, and the original is back."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.desktop.dbus import Connection
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.screens import SCALE, SHOTS, Screen, keep, need, screen
from system.trays import agents

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Linux tray")

_DUNST = """[global]
    width = 380
    origin = top-right
    offset = 20x40
    font = Inter 11
    dmenu = {menu}
    max_icon_size = 48
    scale = {scale}
    show_indicators = no
    corner_radius = 8
    frame_width = 1
    frame_color = "#59636c"
    padding = 12
    horizontal_padding = 14

[urgency_low]
    background = "#2b2f33"
    foreground = "#f0f0f0"

[urgency_normal]
    background = "#2b2f33"
    foreground = "#f0f0f0"
"""


NOTICE = (850, 28, 1280, 108)
"""The part of the display, in its units, where notices come."""


@pytest.fixture
def desk(program: Program, tmp_path: Path) -> Iterator[Screen]:
    """A display with dunst on its bus."""
    need("dunst", "dunstctl")
    with screen(tmp_path, scale=SCALE) as made:
        program.environment |= made.environment
        settings = tmp_path / "dunstrc"
        menu = tmp_path / "menu"
        menu.write_text("#!/bin/sh\nexec grep Undo\n")
        menu.chmod(0o755)
        if SHOTS:
            made.start("xsetroot", "-solid", "#51626f")
        settings.write_text(_DUNST.format(menu=menu, scale=SCALE))
        made.start("dunst", "-conf", str(settings))
        bus = Connection(made.address)
        wait_for(lambda: bus.has_owner("org.freedesktop.Notifications"), what="dunst")
        bus.close()
        yield made
        program.close()
    wait_for(lambda: not agents(program), what="the agent to end with its session")


def dunst(desk: Screen, *words: str) -> str:
    done = subprocess.run(
        ["dunstctl", *words], env=desk.environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def shown(desk: Screen) -> int:
    return int(dunst(desk, "count", "displayed"))


def settings(program: Program, inbox: Path, notify: str) -> None:
    program.watch(inbox)
    file = program.home / "settings.toml"
    file.write_text(f'[daemon]\nnotify = "{notify}"\n{file.read_text()}')


@pytest.mark.slow
def test_the_first_success_is_told_and_its_undo_button_brings_every_byte_back(
    program: Program, inbox: Path, desk: Screen
) -> None:
    settings(program, inbox, "errors")
    program.start(tray=True)
    wait_for(lambda: agents(program))
    original = jpeg(1)
    path = write(inbox / "beach.jpg", original)
    wait_for(lambda: shown(desk) == 1, within=60, what="the notice of the first success")
    assert path.read_bytes() != original
    keep(desk, "notice", NOTICE)
    dunst(desk, "action", "0")  # the first action that dunst lists is the click on the notice itself
    wait_for(lambda: (program.home / "state" / "first-success-told").exists())
    program.run("undo", "--last", "1")
    assert path.read_bytes() == original
    second = write(inbox / "second.jpg", jpeg(2))
    size = second.stat().st_size
    wait_for(lambda: second.stat().st_size < size, within=60, what="the second picture")
    program.wait_idle()
    dunst(desk, "close-all")
    assert shown(desk) == 0, "only the first success is told when only errors are wanted"


@pytest.mark.slow
def test_the_undo_button_of_a_summary_brings_the_batch_back(
    program: Program, inbox: Path, desk: Screen
) -> None:
    settings(program, inbox, "summary")
    (program.home / "state").mkdir(parents=True)
    (program.home / "state" / "first-success-told").touch()
    program.start(tray=True)
    wait_for(lambda: agents(program))
    program.run("pause")
    originals = {inbox / f"{n}.jpg": jpeg(n) for n in range(3)}
    for path, data in originals.items():
        write(path, data)
    wait_for(lambda: program.status()["waiting"] == 3, what="three pictures to wait")
    program.run("resume")
    wait_for(lambda: shown(desk) == 1, within=60, what="the summary")
    program.wait_idle()
    assert shown(desk) == 1
    keep(desk, "notice-summary", NOTICE)
    dunst(desk, "context")  # dunst's menu of buttons, in which our program picks "Undo"
    wait_for(
        lambda: all(path.read_bytes() == data for path, data in originals.items()),
        within=30,
        what="the originals",
    )


@pytest.mark.slow
def test_a_crash_is_told_with_a_button_that_starts_it_and_a_stop_is_not(
    program: Program, inbox: Path, desk: Screen
) -> None:
    settings(program, inbox, "errors")
    program.start(tray=True)
    wait_for(lambda: agents(program))
    program.stop()
    program.start(tray=True)  # which the agent only shows once it has taken note of the stop
    wait_for(lambda: len(agents(program)) == 1)
    assert shown(desk) == 0
    program.kill()
    wait_for(lambda: shown(desk) == 1, within=30, what="the notice of the crash")
    keep(desk, "notice-crashed", NOTICE)
    (desk.folder / "menu").write_text("#!/bin/sh\nexec grep 'Start it again'\n")
    dunst(desk, "context")
    wait_for(lambda: program.status()["state"] == "idle", within=30, what="the daemon to run again")
    program.run("stop")


@pytest.mark.slow
def test_a_problem_is_told_once_and_never_when_nothing_is_wanted(
    program: Program, inbox: Path, desk: Screen
) -> None:
    settings(program, inbox, "errors")
    program.start(tray=True)
    wait_for(lambda: agents(program))
    file = program.home / "settings.toml"
    good = file.read_text()
    file.write_text(good + "wrong = 1\n")
    wait_for(lambda: shown(desk) == 1, within=30, what="the notice of the problem")
    keep(desk, "notice-problem", NOTICE)
    dunst(desk, "close-all")
    program.run("pause")
    program.run("resume")
    assert shown(desk) == 0
    file.write_text(good.replace("errors", "never"))
    wait_for(lambda: program.status()["state"] == "idle")
    file.write_text(file.read_text() + "wrong = 1\n")
    wait_for(lambda: program.status()["state"] == "problem")
    assert shown(desk) == 0
