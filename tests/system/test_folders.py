"""Adding, checking and removing folders, as a person does."""

from pathlib import Path

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program


def test_a_dry_run_tells_what_would_be_saved_and_changes_nothing(program: Program, inbox: Path) -> None:
    paths = [write(inbox / f"{number}.jpg", jpeg(number)) for number in range(3)]
    paths[2].chmod(0o444)
    before = {path: path.read_bytes() for path in paths}
    report = program.json("folder", "check", str(inbox))
    assert (report["files"], report["tried"]) == (3, 3)
    assert report["before_bytes"] == sum(len(data) for data in before.values())
    untouchable = len(before[paths[2]])
    assert untouchable < report["after_bytes"] < report["before_bytes"]
    assert {path: path.read_bytes() for path in paths} == before


def test_a_folder_added_while_the_daemon_runs_is_watched_at_once(program: Program, inbox: Path) -> None:
    program.start()
    old = write(inbox / "old.jpg", jpeg(1))
    before = old.read_bytes()
    program.run("folder", "add", str(inbox))
    wait_for(lambda: program.status()["folders"][0]["state"] == "watching", what="the folder to be watched")
    new = write(inbox / "new.jpg", jpeg(2))
    size = new.stat().st_size
    wait_for(lambda: new.stat().st_size < size, within=60, what="the new picture")
    assert old.read_bytes() == before
    program.run("folder", "remove", str(inbox))
    assert program.status()["folders"] == []


def test_folders_that_must_not_be_watched_are_refused(program: Program, inbox: Path) -> None:
    program.run("folder", "add", "/", code=4)
    program.run("folder", "add", str(Path.home()), code=4)
    program.run("folder", "add", str(inbox))
    (inbox / "inner").mkdir()
    program.run("folder", "add", str(inbox / "inner"), code=4)
    program.run("folder", "add", str(inbox.parent / "missing"), code=2)
    assert [folder["path"] for folder in program.lines("folder", "list")] == [str(inbox)]
