"""A picture is dropped into a watched folder: it becomes smaller, looks the same, and can be had back."""

import hashlib
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest
from PIL import Image

from homepress.compress.core.library import Loaded
from support import wait_for
from system.pictures import jpeg, png, write
from system.program import Program


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def facts(path: Path) -> tuple[object, ...]:
    """What must be as before after undo: content, mode, mtime, extended attributes."""
    status = path.stat()
    attributes = {}
    if sys.platform == "linux":
        names = [name for name in os.listxattr(path) if name.startswith("user.")]
        attributes = {name: os.getxattr(path, name) for name in names}
    return sha256(path), stat.S_IMODE(status.st_mode), status.st_mtime_ns, attributes


@pytest.mark.slow
def test_dropped_pictures_become_smaller_in_place_and_undo_brings_every_byte_back(
    program: Program, inbox: Path, tmp_path: Path
) -> None:
    program.watch(inbox)
    program.start()
    for number in range(3):
        write(tmp_path / "made" / f"photo {number}.jpg", jpeg(number))
    write(tmp_path / "made" / "deep" / "er" / "screen.png", png(1))
    write(tmp_path / "made" / "notes.txt", b"not a picture")
    for path in (tmp_path / "made").rglob("*.*"):
        path.chmod(0o640)
        os.utime(path, ns=(1_500_000_000_123_456_789, 1_500_000_000_123_456_789))
        if sys.platform == "linux":
            os.setxattr(path, "user.tag", b"holiday")
    shutil.copytree(tmp_path / "made", inbox, dirs_exist_ok=True)
    before = {path: facts(path) for path in inbox.rglob("*.*")}
    pictures = [path for path in before if path.suffix != ".txt"]

    wait_for(lambda: program.status()["compressed_today"] == 4, within=60, what="four results")
    program.wait_idle()
    assert program.status()["engine"] == Loaded.name()

    for path in pictures:
        assert path.stat().st_size < (tmp_path / "made" / path.relative_to(inbox)).stat().st_size
        with Image.open(path) as image:
            image.load()
        assert facts(path)[1:] == before[path][1:]
    assert (inbox / "notes.txt").read_bytes() == b"not a picture"
    stats = program.json("stats")
    assert stats["total"]["images"] == 4
    assert stats["total"]["saved_bytes"] > 0
    assert not list(inbox.rglob(".homepress*"))

    program.run("undo", "--last", "1000")
    assert {path: facts(path) for path in before} == before
    program.run("status")
    # What was taken back is not compressed again, not even after a touch or a restart.
    for path in pictures:
        path.touch()
    program.stop()
    program.start()
    program.wait_idle()
    assert {path: sha256(path) for path in pictures} == {path: before[path][0] for path in pictures}


@pytest.mark.slow
def test_an_output_folder_gets_results_and_sources_stay(
    program: Program, inbox: Path, tmp_path: Path
) -> None:
    output = tmp_path / "smaller"
    program.watch(inbox, mode="output", output=str(output))
    program.start()
    source = write(inbox / "trip" / "photo.jpg", jpeg(5))
    before = facts(source)
    result = output / "trip" / "photo.jpg"
    wait_for(result.exists, within=60, what="the result")
    program.wait_idle()
    assert facts(source) == before
    assert result.stat().st_size < source.stat().st_size
    program.run("undo", "--last", "1000")
    assert not result.exists()
    assert facts(source) == before


@pytest.mark.slow
def test_what_was_there_before_the_folder_was_added_is_left_alone(program: Program, inbox: Path) -> None:
    old = write(inbox / "old.jpg", jpeg(1))
    before = sha256(old)
    program.watch(inbox)
    program.start()
    new = write(inbox / "new.jpg", jpeg(2))
    size = new.stat().st_size
    wait_for(lambda: new.stat().st_size < size, within=60, what="the new picture")
    program.wait_idle()
    assert sha256(old) == before


@pytest.mark.slow
def test_files_that_came_while_it_was_off_are_done_at_the_next_start(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    program.stop()
    path = write(inbox / "late.jpg", jpeg(3))
    size = path.stat().st_size
    program.start()
    wait_for(lambda: path.stat().st_size < size, within=60, what="the picture that came meanwhile")


@pytest.mark.slow
def test_broken_pictures_are_left_alone_and_history_says_why(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    whole = jpeg(1)
    files = {
        inbox / "cut.jpg": whole[: len(whole) // 2],
        inbox / "lying.jpg": b"\xff\xd8\xff" + os.urandom(50_000) + b"\xff\xd9",
        inbox / "text.png": b"not a picture at all" * 2000,
        inbox / "empty.jpg": b"",
    }
    for path, data in files.items():
        write(path, data)
    good = write(inbox / "good.jpg", jpeg(2))
    size = good.stat().st_size
    wait_for(lambda: good.stat().st_size < size, within=60, what="the good picture among the broken ones")

    def all_named() -> bool:
        return {str(p) for p in files if p.name != "empty.jpg"} <= program.outcomes().keys()

    wait_for(all_named, within=120, what="an entry for each broken file")
    for path, data in files.items():
        assert path.read_bytes() == data
        if data:
            entry = program.outcomes()[str(path)]
            assert entry["outcome"] == "unchanged"
            assert entry["reason"]


@pytest.mark.slow
def test_bad_settings_keep_the_last_good_ones_and_are_shown(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    file = program.home / "settings.toml"
    good = file.read_text()
    file.write_text(good + 'qualty = "small"\n')
    wait_for(lambda: program.status()["state"] == "problem", what="the mistake to be noticed")
    assert 'did you mean "quality"' in " ".join(program.status()["problems"])
    path = write(inbox / "still.jpg", jpeg(4))
    size = path.stat().st_size
    wait_for(lambda: path.stat().st_size < size, within=60, what="work with the last good settings")
    file.write_text(good)
    wait_for(lambda: program.status()["state"] == "idle", what="the mended settings to be noticed")


@pytest.mark.slow
def test_pause_holds_new_pictures_back_over_a_restart(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    program.run("pause", "2h")
    path = write(inbox / "held.jpg", jpeg(7))
    before = sha256(path)
    wait_for(lambda: program.status()["waiting"] == 1, what="the picture to wait")
    program.stop()
    program.start()
    assert program.status()["state"] == "paused"
    wait_for(lambda: program.status()["waiting"] == 1, what="the picture to wait again")
    assert sha256(path) == before
    program.run("resume")
    wait_for(lambda: sha256(path) != before, within=60, what="the picture after resuming")


@pytest.mark.slow
def test_once_compresses_what_waits_and_ends(program: Program, inbox: Path) -> None:
    program.watch(inbox, existing="compress")
    path = write(inbox / "one.jpg", jpeg(8))
    size = path.stat().st_size
    program.run("run", "--once", "--no-tray")
    assert path.stat().st_size < size


@pytest.mark.slow
def test_a_second_daemon_is_refused_and_the_first_goes_on(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    program.run("run", "--no-tray", code=1)
    assert program.status()["state"] == "idle"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_of_ours_may_use_the_network(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    assert program.status()["network"] == "locked"
    path = write(inbox / "x.jpg", jpeg(9))
    size = path.stat().st_size
    wait_for(lambda: path.stat().st_size < size, within=60, what="a worker to run")
    assert program.daemon is not None
    status = Path(f"/proc/{program.daemon.pid}/status").read_text()
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status


@pytest.mark.slow
def test_five_undone_results_stop_replacing_in_that_folder_until_the_user_resumes(
    program: Program, inbox: Path
) -> None:
    program.watch(inbox)
    program.start()
    for number in range(5):
        write(inbox / f"{number}.jpg", jpeg(number, size=(400, 300)))
    wait_for(lambda: program.status()["compressed_today"] == 5, within=60, what="five results")
    program.run("undo", "--last", "5")
    assert "homepress resume" in program.status()["folders"][0]["problem"]
    path = write(inbox / "next.jpg", jpeg(9, size=(400, 300)))
    before = sha256(path)
    program.stop()
    program.start()
    assert program.status()["state"] == "problem"
    assert sha256(path) == before
    program.run("resume")
    wait_for(lambda: sha256(path) != before, within=60, what="work after the user has looked")
    assert program.status()["state"] != "problem"
