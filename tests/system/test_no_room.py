"""The folder of our own state is full or read-only: said when it is so, and over by itself."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import THIS_MACHINE_CANNOT, wait_for
from system.pictures import jpeg, write
from system.program import Program

pytestmark = pytest.mark.root


def run(*command: str | Path) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Program]:
    """A program whose home is a disk of 8 MB."""
    home = tmp_path / "home"
    home.mkdir()
    if run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", home):
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount")
    made = Program(home)
    yield made
    made.close()
    run("umount", "-l", home)


@pytest.fixture
def apart(program: Program) -> Iterator[Program]:
    """A program whose state is on a disk of its own."""
    state = program.home / "state"
    state.mkdir(mode=0o700)
    if run("mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", state):
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount")
    yield program
    program.close()
    run("umount", "-l", state)


def remount(program: Program, how: str) -> None:
    assert run("mount", "-o", f"remount,{how}", program.home / "state") == 0


def fill(home: Path) -> Path:
    filler = home / "filler"
    with filler.open("wb") as file:
        file.write(bytes(shutil.disk_usage(home).free))
    return filler


def launch(program: Program) -> None:
    """Start the daemon where it cannot begin to watch; its output goes elsewhere."""
    errors = open(program.home.parent / "stderr.txt", "wb")  # noqa: SIM115 - the child keeps it
    program.daemon = subprocess.Popen(
        program.command("run", "--no-tray"), env=program.environment, stdout=errors, stderr=errors
    )
    errors.close()
    wait_for(program.answer, within=60, what="the daemon to answer")


def begins_when_it_can(program: Program, inbox: Path, words: str) -> None:
    """The daemon says what stands against it, and refuses what it cannot do."""
    ledger = program.home / "state" / "ledger.sqlite3"
    status = wait_for(
        lambda: s if (s := program.json("status"))["state"] == "problem" else None, what="the problem"
    )
    assert words in status["problems"][0]
    assert str(ledger) in status["problems"][0]
    assert [folder["state"] for folder in status["folders"]] == ["problem"]
    for command in (["pause"], ["undo", "--last", "1"], ["originals", "accept", "--all", "--yes"]):
        program.run(*command, code=1)
    assert program.json("status")["state"] == "problem"
    write(inbox / "a.jpg", jpeg(1))


def goes_on(program: Program, inbox: Path) -> None:
    picture = inbox / "a.jpg"
    size = picture.stat().st_size
    wait_for(lambda: program.json("status")["state"] == "idle", within=60, what="the start to be over")
    another = write(inbox / "b.jpg", jpeg(2))
    before = another.stat().st_size
    wait_for(lambda: another.stat().st_size < before, within=60, what="the result")
    assert picture.stat().st_size <= size
    program.stop()


@pytest.mark.slow
def test_a_start_on_a_full_disk_says_so_and_goes_on_when_there_is_room(small: Program, inbox: Path) -> None:
    small.watch(inbox)
    filler = fill(small.home)
    launch(small)
    begins_when_it_can(small, inbox, "no room for the ledger")
    filler.unlink()
    goes_on(small, inbox)


@pytest.mark.slow
def test_what_came_while_there_was_no_room_for_the_ledger_is_new(small: Program, inbox: Path) -> None:
    before = write(inbox / "before.jpg", jpeg(3))
    old = before.read_bytes()
    small.watch(inbox)
    filler = fill(small.home)
    launch(small)
    begins_when_it_can(small, inbox, "no room for the ledger")
    came = inbox / "a.jpg"
    size = came.stat().st_size
    before.rename(inbox / "renamed.jpg")
    filler.unlink()
    wait_for(lambda: came.stat().st_size < size, within=120, what="the picture that came meanwhile")
    small.wait_idle()
    assert (inbox / "renamed.jpg").read_bytes() == old, "it was there before"
    small.stop()


@pytest.mark.slow
@pytest.mark.parametrize("used", [True, False])
def test_a_start_with_a_read_only_state_says_so_and_goes_on_when_it_can_write(
    apart: Program, inbox: Path, used: bool
) -> None:
    apart.watch(inbox)
    if used:
        apart.start()
        apart.stop()
    remount(apart, "ro")
    launch(apart)
    begins_when_it_can(apart, inbox, "read-only")
    second = subprocess.run(
        apart.command("run", "--no-tray"), env=apart.environment, capture_output=True, check=False
    )
    assert second.returncode in (1, 2, 3, 4)
    assert b"running already" in second.stderr
    remount(apart, "rw")
    goes_on(apart, inbox)


@pytest.mark.slow
def test_a_pause_on_a_full_disk_holds_and_says_that_it_will_not_last(small: Program, inbox: Path) -> None:
    small.watch(inbox)
    small.start()
    filler = fill(small.home)
    assert small.json("pause", "2h")["kept"] is False
    status = small.json("status")
    assert status["state"] == "paused"
    assert "After a restart Homepress works again" in status["pause_fault"]
    picture = write(inbox / "a.jpg", jpeg(1))
    size = picture.stat().st_size
    wait_for(lambda: small.status()["waiting"] == 1, what="the picture to wait")
    assert picture.stat().st_size == size
    filler.unlink()
    assert small.json("pause", "2h")["kept"] is True
    small.stop()
    small.start()
    assert small.json("status")["state"] == "paused"
    small.stop()


@pytest.mark.slow
def test_what_cannot_be_noted_on_a_read_only_disk_fails_and_says_so(apart: Program, inbox: Path) -> None:
    apart.watch(inbox)
    picture = write(inbox.parent / "pictures" / "a.jpg", jpeg(1))
    before = picture.read_bytes()
    apart.run("compress", "--in-place", str(picture))
    result = picture.read_bytes()
    assert result != before
    remount(apart, "ro")
    for command in (
        ["undo", str(picture)],
        ["originals", "accept", "--all", "--yes"],
        ["history", "--forget", str(picture.parent)],
        ["folder", "remove", str(inbox)],
    ):
        apart.run(*command, code=4)
    assert picture.read_bytes() == result
    assert len(apart.lines("history")) == 1
    assert [folder["path"] for folder in apart.lines("folder", "list")] == [str(inbox)]
    remount(apart, "rw")
    apart.run("undo", str(picture))
    assert picture.read_bytes() == before


@pytest.mark.slow
def test_what_cannot_be_forgotten_for_lack_of_room_is_said(small: Program, inbox: Path) -> None:
    small.watch(inbox)
    picture = write(inbox.parent / "pictures" / "a.jpg", jpeg(1))
    small.start()
    small.run("compress", "--output", str(inbox.parent / "out"), str(picture))
    filler = fill(small.home)
    small.run("history", "--forget", str(picture.parent), code=1)
    filler.unlink()
    small.run("history", "--forget", str(picture.parent))
    assert small.lines("history") == []
    small.stop()
