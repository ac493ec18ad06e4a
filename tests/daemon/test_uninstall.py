"""After `uninstall` nothing of ours is left outside the package, and every picture is as the user chose."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.store.originals import MARKERS, remove_originals_dir
from support import wait_for
from system.pictures import png, write
from system.program import Program


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with nothing in it, and no desktop."""
    folder = tmp_path / "user"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name, place in (("CONFIG", ".config"), ("DATA", ".local/share"), ("STATE", ".local/state")):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / place))
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "XDG_CURRENT_DESKTOP"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def program(user: Path, tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def picture(program: Program, tmp_path: Path) -> Path:
    """A picture that a daemon, which still runs, has replaced."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    program.watch(inbox, quality="lossless")
    program.start()
    file = write(inbox / "a.png", png(1))
    wait_for(lambda: program.status()["compressed_today"] == 1, within=120, what="the picture")
    return file


def files_below(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()]


@pytest.mark.slow
def test_originals_come_back_and_nothing_is_left(program: Program, picture: Path, user: Path) -> None:
    program.run("autostart", "on")
    program.run("file-manager", "on")
    assert files_below(user)
    steps = program.lines("uninstall", "--restore", "--settings", "--yes")
    assert picture.read_bytes() == png(1)
    assert files_below(user) == []
    assert program.daemon is not None
    assert program.daemon.wait(30) == 0
    assert set(os.listdir(program.home)) <= {"stderr.txt"}
    assert {(step["what"], step["outcome"]) for step in steps} >= {
        ("program", "stopped"),
        ("original", "restored"),
        ("start at login", "removed"),
        ("file manager", "removed"),
        ("originals", "removed"),
        ("state", "removed"),
        ("settings", "removed"),
    }


@pytest.mark.slow
def test_accepted_originals_go_and_the_settings_stay(program: Program, picture: Path) -> None:
    small = picture.read_bytes()
    told = program.run("uninstall", "--accept", "--yes")
    assert "accepted  original" in told
    assert "Remove it with:" in told
    assert picture.read_bytes() == small
    assert set(os.listdir(program.home)) <= {"stderr.txt", "settings.toml"}


@pytest.mark.slow
def test_an_original_that_cannot_come_back_keeps_everything(program: Program, picture: Path) -> None:
    (original,) = program.lines("originals", "list")
    stored = Path(original["stored_at"])
    away = stored.rename(stored.with_name("away"))
    steps = program.lines("uninstall", "--restore", "--settings", "--yes", code=1)
    assert ("original", "failed") in {(step["what"], step["outcome"]) for step in steps}
    assert "removed" not in {step["outcome"] for step in steps if step["what"] in ("state", "settings")}
    away.rename(stored)
    program.run("uninstall", "--restore", "--yes")
    assert picture.read_bytes() == png(1)


@pytest.mark.slow
def test_it_has_to_be_decided_and_meant(program: Program, picture: Path) -> None:
    program.run("uninstall", "--yes", code=2)
    program.run("uninstall", "--accept", code=2)
    assert len(program.lines("originals", "list")) == 1


def test_where_nothing_ever_was_nothing_is_made(program: Program, user: Path) -> None:
    program.run("uninstall", "--yes")
    assert not program.home.exists()
    assert files_below(user) == []


@pytest.mark.slow
def test_kept_for_later_nothing_but_what_starts_it_goes(program: Program, picture: Path, user: Path) -> None:
    """As the uninstaller for Windows does it, which may be the first half of an upgrade."""
    program.run("autostart", "on")
    small = picture.read_bytes()
    steps = program.lines("uninstall", "--keep")
    assert files_below(user) == []
    assert program.daemon is not None
    assert program.daemon.wait(30) == 0
    assert {(step["what"], step["outcome"]) for step in steps} == {
        ("program", "stopped"),
        ("start at login", "removed"),
        ("originals", "kept"),
        ("state", "kept"),
        ("settings", "kept"),
    }
    assert picture.read_bytes() == small
    program.run("undo", str(picture))
    assert picture.read_bytes() == png(1)


def test_settings_cannot_be_kept_and_removed(program: Program) -> None:
    program.run("uninstall", "--keep", "--settings", code=2)


@pytest.mark.slow
def test_a_tray_is_ended_before_an_upgrade_with_a_daemon_and_without(program: Program) -> None:
    with tray_that_holds_its_lock(program) as tray:
        program.run("stop", "--all")  # no daemon runs
        assert tray.wait(60) == -signal.SIGTERM
    program.start()
    with tray_that_holds_its_lock(program) as tray:
        program.run("stop", "--all")
        assert tray.wait(60) == -signal.SIGTERM


@pytest.mark.posix("signals")
def test_a_tray_that_outlived_the_daemon_is_ended(program: Program, user: Path) -> None:
    with tray_that_holds_its_lock(program) as tray:
        (step,) = [s for s in program.lines("uninstall", "--yes") if s["what"] == "program"]
        assert step["place"] == f"tray, process {tray.pid}"
        assert tray.wait(60) == -signal.SIGTERM
    assert not program.home.exists()


@contextlib.contextmanager
def tray_that_holds_its_lock(program: Program) -> "Iterator[subprocess.Popen[bytes]]":
    state = program.home / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    # Holds the lock as the tray does, and like it ends when it is told to.
    holds = (
        "import sys, pathlib, time; from homepress.control.instance import InstanceLock; "
        "lock = InstanceLock(pathlib.Path(sys.argv[1])); assert lock.acquire(); print('held', flush=True); "
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", holds, str(state / "tray.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as tray:
        assert tray.stdout is not None
        assert tray.stdout.readline().strip() == b"held"
        yield tray


def test_a_vault_with_something_else_in_it_stays_whole(tmp_path: Path) -> None:
    vault = tmp_path / ".homepress-1000" / "abc"
    for name in (*MARKERS, "recovered-a.jpg"):
        write(vault / name, b"x")
    assert remove_originals_dir(vault) == ["recovered-a.jpg"]
    assert set(os.listdir(vault)) == {*MARKERS, "recovered-a.jpg"}
    (vault / "recovered-a.jpg").unlink()
    assert remove_originals_dir(vault) == []
    assert os.listdir(tmp_path) == []
    assert remove_originals_dir(vault) == []


def test_what_is_logged_while_originals_are_settled_is_not_printed(program: Program) -> None:
    settle = (
        "import logging; from homepress.base.paths import Paths; "
        "from homepress.daemon.commands.uninstall import _opened\n"
        "paths = Paths.from_environment(); paths.ensure()\n"
        "with _opened(paths): logging.getLogger('homepress.store').warning('a line of the log')"
    )
    environment = {**os.environ, "HOMEPRESS_HOME": str(program.home)}
    ran = subprocess.run([sys.executable, "-c", settle], env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
