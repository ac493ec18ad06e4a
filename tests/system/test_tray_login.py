"""A real login: the entry that `autostart on` wrote is started by what starts such entries."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import wait_for
from system.program import Program
from system.screens import Screen, need, screen

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="autostart entries of Linux")

ODD = 'it\'s "odd" 100 % of $HOME `x`'


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """The program at a path with everything in it that has to be quoted."""
    folder = tmp_path / ODD
    folder.mkdir()
    made = folder / "homepress"
    log = shlex.quote(str(tmp_path / "logins"))
    python = shlex.quote(sys.executable)
    made.write_text(f'#!/bin/sh\necho began >> {log}\n{python} -m homepress "$@"\necho "ended $?" >> {log}\n')
    made.chmod(0o755)
    return made


@pytest.fixture
def desk(tmp_path: Path, program: Program) -> Iterator[Screen]:
    with screen(tmp_path) as made:
        program.environment |= made.environment
        yield made

        def all_ended() -> bool:
            # Asked again each time: a login still on its way becomes the daemon after the first stop.
            program.run("stop", code=None)
            told = logins(tmp_path)
            return told.count("began") == len(told) / 2

        wait_for(all_ended, within=60, what="the end of every daemon that a login started")


def logins(tmp_path: Path) -> list[str]:
    """What the moved program noted: a line when it began, a line when it ended."""
    file = tmp_path / "logins"
    return file.read_text().splitlines() if file.exists() else []


def write_entry(program: Program, moved: Path) -> None:
    """As `autostart on` does, from the moved program."""
    code = "import sys; from homepress.desktop.autostart import DesktopEntry; "
    code += "from homepress.desktop.launching import Launch; import os; "
    code += "DesktopEntry(Launch((sys.argv[1], 'run', '--login'), "
    code += "{'HOMEPRESS_HOME': os.environ['HOMEPRESS_HOME']})).enable()"
    subprocess.run([sys.executable, "-c", code, str(moved)], env=program.environment, check=True)


def session(program: Program) -> dict[str, str]:
    """The environment of a login: without what only the entry may bring."""
    return {name: value for name, value in program.environment.items() if name != "HOMEPRESS_HOME"}


def test_dex_starts_the_entry(program: Program, inbox: Path, desk: Screen, moved: Path) -> None:
    need("dex")
    program.watch(inbox)
    write_entry(program, moved)
    subprocess.run(["dex", "--autostart", "--environment", "XFCE"], env=session(program), check=True)
    wait_for(lambda: program.status()["state"] == "idle", within=40, what="the daemon")


@pytest.mark.slow
def test_an_openbox_session_starts_the_entry_and_a_second_login_is_no_second_daemon(
    program: Program, inbox: Path, desk: Screen, moved: Path, tmp_path: Path
) -> None:
    need("openbox-session")
    if not Path("/usr/lib/python3/dist-packages/xdg").exists():
        pytest.skip("openbox reads such entries with python3-xdg, which is not installed")
    program.watch(inbox)
    write_entry(program, moved)
    pids = []
    for login in (1, 2):
        openbox = subprocess.Popen(
            ["openbox-session"],
            env=session(program),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for(lambda n=login: logins(tmp_path).count("began") == n, within=40, what="the entry")
            wait_for(lambda: program.status()["state"] == "idle", within=40, what="the daemon")
            if login == 2:
                wait_for(
                    lambda: "ended 0" in logins(tmp_path), within=40, what="the second start to step back"
                )
            pids.append(program.status()["pid"])
        finally:
            openbox.terminate()
            openbox.wait(20)
    assert pids[0] == pids[1]
    assert os.path.exists(f"/proc/{pids[0]}"), "the daemon outlives a window manager"


def test_status_tells_the_truth_before_and_after(program: Program, tmp_path: Path) -> None:
    config = tmp_path / "config"
    program.environment |= {"XDG_CONFIG_HOME": str(config), "XDG_CURRENT_DESKTOP": "GNOME"}
    assert program.json("autostart", "status")["starts_at_next_login"] is False
    assert program.json("autostart", "on")["starts_at_next_login"] is True
    assert program.json("autostart", "status")["on"] is True
    program.environment["XDG_CURRENT_DESKTOP"] = "i3"
    told = program.json("autostart", "status", code=1)
    assert (told["on"], told["starts_at_next_login"]) == (True, False)
    assert "i3" in told["reason"]
    program.run("autostart", "off")
    assert not list(config.rglob("*.desktop"))
