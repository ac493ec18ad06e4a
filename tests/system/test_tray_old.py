"""The icon in a tray of the old kind (XEmbed), for desktops that know no other."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from homepress.ui.tray.icon import Symbol
from support import REPOSITORY, wait_for
from system.screens import Screen, colour, need, screen

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Linux tray")

# The plain X icon alone, which tells what is clicked.
_PROGRAM = """
import sys
sys.path[:0] = sys.argv[1:]
from homepress.base.results import FolderStatus
from homepress.control.service import Status
from homepress.ui.tray import legacy
from homepress.ui.tray.icon import PanelTheme
from homepress.ui.tray.menu import TrayState
folders = [FolderStatus(path="/p", mode="replace", state="watching")]
state = TrayState(Status(state="idle", pid=1, version="0", folders=folders))
for make in legacy.old_icons():
    shown = make(lambda action: print(action, flush=True))
    shown.show(state, PanelTheme.DARK)
    print("kind", type(shown._icon).__name__, flush=True)
    shown.run(lambda: shown.show(state, PanelTheme.DARK))
"""


@pytest.mark.slow
def test_a_click_reaches_the_icon_also_after_the_tray_came_again(tmp_path: Path) -> None:
    need("xfce4-panel")
    heard = tmp_path / "heard.txt"
    with screen(tmp_path) as desk:
        panel = desk.panel()
        with open(heard, "wb") as out:
            wait_for(lambda: _has_tray(desk.environment), what="the tray")
            program = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(REPOSITORY / "daemon")],
                env=desk.environment,
                stdout=out,
                stderr=out,
            )
        try:
            for clicks in (1, 2):
                wait_for(
                    lambda wanted=clicks: _click(desk, heard, wanted),
                    within=40,
                    what=f"click {clicks}: {heard.read_text()}",
                )
                desk.end(panel)
                wait_for(lambda: not _has_tray(desk.environment))
                panel = desk.panel()
        finally:
            program.kill()
            program.wait(10)


def _click(desk: Screen, heard: Path, wanted: int) -> bool:
    """Click where the icon is, as a person who misses clicks again: a panel that starts moves its icons."""
    before = heard.read_text().count("OpenWindow")
    if before >= wanted:
        return True
    spot = desk.find(colour(Symbol.IDLE))
    if spot is not None:
        desk.input("mousemove", *map(str, spot), "click", "1")
        with contextlib.suppress(AssertionError):
            wait_for(lambda: heard.read_text().count("OpenWindow") > before, within=3)
    return heard.read_text().count("OpenWindow") >= wanted


def _has_tray(environment: dict[str, str]) -> bool:
    code = "from homepress.ui.tray.legacy import has_old_tray; print(has_old_tray())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    return done.stdout.strip() == "True"
