"""Adding, checking and removing folders, as a person does."""

from pathlib import Path

import pytest

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program


@pytest.mark.slow
def test_a_dry_run_tells_what_would_be_saved_and_changes_nothing(program: Program, inbox: Path) -> None:
    paths = [write(inbox / f"{number}.jpg", jpeg(number)) for number in range(3)]
    paths[2].chmod(0o444)
    before = {path: path.read_bytes() for path in paths}
    report = program.json("folder", "check", str(inbox))
    # A read-only file would not be touched.
    assert (report["files"], report["images"], report["tried"], report["to_try"]) == (3, 2, 2, 2)
    assert report["before_bytes"] == len(before[paths[0]]) + len(before[paths[1]])
    assert 0 < report["after_bytes"] < report["before_bytes"]
    assert {path: path.read_bytes() for path in paths} == before


def test_a_dry_run_goes_by_the_patterns_of_the_folder(program: Program, inbox: Path) -> None:
    write(inbox / "in.jpg", jpeg(1))
    write(inbox / "left-out.jpg", jpeg(2))
    program.watch(inbox, exclude=["left*"])
    assert program.json("folder", "check", str(inbox))["images"] == 1


@pytest.mark.slow
def test_adding_a_folder_tells_what_is_in_it_and_leaves_it(program: Program, inbox: Path) -> None:
    path = write(inbox / "old.jpg", jpeg(1))
    before = path.read_bytes()
    said = program.run("folder", "add", str(inbox))
    assert "In it now: 1 picture (" in said
    assert "would save about" in said
    write(inbox / "between.jpg", jpeg(2))
    program.start()
    wait_for(
        lambda: str(inbox / "between.jpg") in program.outcomes(), within=60, what="the one that came after"
    )
    assert path.read_bytes() == before


def test_the_dry_run_goes_by_the_settings_that_the_folder_will_have(program: Program, inbox: Path) -> None:
    """With this preset nothing is compressed below 900 KB, and it counts before it is in the settings."""
    presets = program.home / "presets"
    presets.mkdir()
    (presets / "large.toml").write_text('description = "Large ones"\nmin_size = "900 KB"\n')
    write(inbox / "small.jpg", jpeg(1))
    said = program.run("folder", "add", str(inbox), "--preset", "large")
    assert said.startswith("Nothing in it is a picture that would be compressed")
    assert program.lines("folder", "list")[0]["preset"] == "large"


def test_a_folder_that_is_refused_is_not_looked_through(program: Program, inbox: Path) -> None:
    program.run("folder", "add", str(inbox))
    text = (program.home / "settings.toml").read_text()
    said = program.run("folder", "add", str(inbox), code=4)
    assert said == "", "nothing of what is in it"
    assert (program.home / "settings.toml").read_text() == text


@pytest.mark.slow
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


@pytest.mark.slow
def test_what_was_left_alone_is_done_once_the_settings_want_it(program: Program, inbox: Path) -> None:
    old = write(inbox / "old.jpg", jpeg(1))
    sizes = {old: old.stat().st_size}
    program.watch(inbox, existing="leave", min_size="900 KB")
    program.start()
    wait_for(lambda: program.status()["folders"][0]["state"] == "watching", what="the folder to be watched")
    new = write(inbox / "new.jpg", jpeg(2))
    sizes[new] = new.stat().st_size
    wait_for(lambda: "min_size" in _reason(program, new), within=60, what="it to be too small")
    program.watch(inbox, existing="leave")
    wait_for(lambda: new.stat().st_size < sizes[new], within=60, what="the smaller limit to let it in")
    assert old.stat().st_size == sizes[old]
    program.watch(inbox, existing="compress")
    wait_for(lambda: old.stat().st_size < sizes[old], within=60, what="the old one, wanted after all")


@pytest.mark.slow
def test_folders_that_must_not_be_watched_are_refused(program: Program, inbox: Path) -> None:
    program.run("folder", "add", "/", code=4)
    program.run("folder", "add", str(Path.home()), code=4)
    program.run("folder", "add", str(inbox))
    (inbox / "inner").mkdir()
    program.run("folder", "add", str(inbox / "inner"), code=4)
    program.run("folder", "add", str(inbox.parent / "missing"), code=2)
    assert [folder["path"] for folder in program.lines("folder", "list")] == [str(inbox)]


def _reason(program: Program, path: Path) -> str:
    entry = program.outcomes().get(str(path))
    return entry["reason"] if entry else ""
