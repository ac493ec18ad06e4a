"""Files and folders that are never touched, and how a person learns why."""

import os
import subprocess
import sys
import threading
import time
import unicodedata
from pathlib import Path

import pytest

from homepress.base import units
from homepress.watch import Skip, survey
from homepress.watch.model import this_system
from homepress.watch.pending import Examination, ExamOutcome, examine
from support import THIS_MACHINE_CANNOT, wait_for
from watch.harness import JPEG, SETTLE, file_id, picture, watched, watching, why_left


@pytest.mark.posix("pipes that are files")
def test_special_files_hang_nothing_and_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "before.jpg")
    (tmp_path / "real").mkdir()
    with watching(tmp_path) as run:
        os.mkfifo(tmp_path / "fifo.jpg")
        (tmp_path / "target.txt").write_bytes(JPEG)
        (tmp_path / "link.jpg").symlink_to(tmp_path / "target.txt")
        (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere")
        (tmp_path / "directory.jpg").mkdir()
        (tmp_path / "empty.jpg").touch()
        (tmp_path / "good.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        run.watch.rescan()
        run.wait_settled()
        for name, why in [
            ("fifo.jpg", Skip.NOT_A_FILE),
            ("link.jpg", Skip.NOT_A_FILE),
            ("broken.jpg", Skip.NOT_A_FILE),
            ("empty.jpg", Skip.EMPTY),
            ("target.txt", Skip.NAME),
            ("good.jpg", None),
            ("gone.jpg", Skip.UNREADABLE),
        ]:
            assert why_left(run, tmp_path / name) is why, name
        assert run.state().skipped[Skip.NOT_A_FILE] == 4
    assert run.sink.names() == ["good.jpg"]


@pytest.mark.slow
@pytest.mark.posix("pipes that are files")
def test_a_file_that_becomes_a_fifo_while_it_settles(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with watching(tmp_path) as run:
        path.write_bytes(JPEG)
        path.unlink()
        os.mkfifo(path)
        time.sleep(3 * SETTLE)
        (tmp_path / "b.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
    assert run.sink.names() == ["b.jpg"]


@pytest.mark.posix("pipes that are files, and links")
@pytest.mark.parametrize("kind", ["fifo", "link", "directory", "gone", "changed"])
def test_what_took_the_place_of_a_file_between_two_looks(tmp_path: Path, kind: str) -> None:
    path, system = tmp_path / "a.jpg", this_system()
    path.write_bytes(JPEG)
    seen = file_id(path)
    path.rename(tmp_path / "old")
    make = {
        "fifo": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to(tmp_path / "old"),
        "directory": path.mkdir,
        "gone": lambda: None,
        "changed": lambda: path.write_bytes(JPEG),
    }
    make[kind]()
    found: list[Examination] = []
    thread = threading.Thread(
        target=lambda: found.append(examine(os.fsencode(path), seen, system)), daemon=True
    )
    thread.start()
    thread.join(60)
    assert found, "it hangs"
    expected = {"gone": ExamOutcome.GONE, "changed": ExamOutcome.CHANGED}.get(kind, ExamOutcome.SKIPPED)
    assert found[0].outcome is expected


@pytest.mark.slow
def test_hard_links_and_read_only_files_until_that_changes(tmp_path: Path) -> None:
    with watching(tmp_path) as run:
        (tmp_path / "kept.bin").write_bytes(JPEG)
        os.link(tmp_path / "kept.bin", tmp_path / "linked.jpg")
        (tmp_path / "made.bin").write_bytes(JPEG)
        (tmp_path / "made.bin").chmod(0o444)
        (tmp_path / "made.bin").rename(tmp_path / "locked.jpg")
        wait_for(lambda: len(run.sink.skips) == 2, what="both to be left alone")
        assert run.sink.names() == []
        assert why_left(run, tmp_path / "linked.jpg") is Skip.LINKED
        assert why_left(run, tmp_path / "locked.jpg") is Skip.READ_ONLY
        told = {skipped.path.name: skipped.reason for skipped in run.sink.skips}
        assert told == {"linked.jpg": Skip.LINKED, "locked.jpg": Skip.READ_ONLY}
        run.watch.rescan()
        run.wait_settled()
        assert len(run.sink.skips) == 2
        (tmp_path / "kept.bin").unlink()
        (tmp_path / "locked.jpg").chmod(0o644)
        run.watch.rescan()
        run.wait_arrivals(2)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_the_system_tells_when_what_stood_against_a_file_has_ended(tmp_path: Path) -> None:
    kept, linked, locked = (tmp_path / name for name in ("kept.bin", "linked.jpg", "locked.jpg"))
    with watching(tmp_path) as run:
        kept.write_bytes(JPEG)
        os.link(kept, linked)
        made = tmp_path / "made.bin"
        made.write_bytes(JPEG)
        made.chmod(0o444)
        made.rename(locked)
        wait_for(lambda: len(run.sink.skips) == 2, what="both to be left alone")
        locked.chmod(0o440)
        wait_for(lambda: len(run.sink.skips) == 3, what="a look that finds it as it was")
        run.watch.rescan()
        run.wait_settled()
        assert run.sink.names() == []
        kept.unlink()
        locked.chmod(0o644)
        run.wait_arrivals(2)
    assert sorted(run.sink.names()) == ["linked.jpg", "locked.jpg"]
    assert len(run.sink.skips) == 3


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_a_new_observation_is_asked_to_tell_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    locked = folder / "locked.jpg"
    locked.write_bytes(JPEG)
    locked.chmod(0o444)
    with watching(folder) as run:
        wait_for(lambda: run.sink.skips, what="it to be left alone")
        folder.rename(tmp_path / "away")
        run.wait_state("missing")
        (tmp_path / "away").rename(folder)
        run.wait_state("watching")
        wait_for(lambda: len(run.sink.found_roots) >= 2, what="a new observation")
        run.wait_settled()
        locked.chmod(0o644)
        run.wait_arrivals(1)


@pytest.mark.slow
def test_files_that_stay_may_be_linked_and_read_only(tmp_path: Path) -> None:
    for name in ("before", "after"):
        (tmp_path / f"{name}.bin").write_bytes(JPEG + name.encode())
    os.link(tmp_path / "before.bin", tmp_path / "before.jpg")
    (tmp_path / "before.jpg").chmod(0o444)
    with watching(watched(tmp_path, stays=True)) as run:
        os.link(tmp_path / "after.bin", tmp_path / "after.jpg")
        (tmp_path / "after.jpg").chmod(0o444)
        run.wait_arrivals(2)
        assert why_left(run, tmp_path / "after.jpg") is None
        assert run.sink.skips == []


def test_git_work_trees_are_left_alone_wherever_they_appear(tmp_path: Path) -> None:
    (tmp_path / "site" / "images").mkdir(parents=True)
    (tmp_path / "site" / ".git").mkdir()
    (tmp_path / "site" / "images" / "a.jpg").write_bytes(JPEG)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / ".git").write_text("gitdir: elsewhere")
    with watching(tmp_path) as run:
        (tmp_path / "site" / "images" / "b.jpg").write_bytes(JPEG)
        (tmp_path / "site" / "images" / "new").mkdir()
        (tmp_path / "site" / "images" / "new" / "c.jpg").write_bytes(JPEG)
        (tmp_path / "linked" / "d.jpg").write_bytes(JPEG)
        (tmp_path / "yes.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        run.watch.rescan()
        run.wait_settled()
        assert why_left(run, tmp_path / "site" / "images" / "b.jpg") is Skip.WORK_TREE
    assert run.sink.names() == ["yes.jpg"]


def test_folders_of_programs_and_outputs_are_not_entered(tmp_path: Path) -> None:
    output = tmp_path / "small"
    for name in ("node_modules", ".cache", "My.photoslibrary/originals", "small/deep"):
        (tmp_path / name).mkdir(parents=True)
    with watching(watched(tmp_path, excluded=(output,), exclude=("raw",))) as run:
        for name in ("node_modules", ".cache", "My.photoslibrary/originals", "small/deep"):
            (tmp_path / name / "no.jpg").write_bytes(JPEG)
        (tmp_path / "raw").mkdir()
        (tmp_path / "raw" / "no.jpg").write_bytes(JPEG)
        (tmp_path / "yes.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        run.watch.rescan()
        run.wait_settled()
        assert why_left(run, output / "deep" / "no.jpg") is Skip.DIRECTORY
        assert why_left(run, tmp_path.parent / "outside.jpg") is None
    assert run.sink.names() == ["yes.jpg"]


def test_size_limits_are_told_once_the_file_is_quiet(tmp_path: Path) -> None:
    large = picture(size=(300, 300))
    with watching(watched(tmp_path, min_size=1000, max_size=len(large) - 1)) as run:
        (tmp_path / "small.jpg").write_bytes(picture(size=(8, 8)))
        (tmp_path / "large.jpg").write_bytes(large)
        # On a busy computer the second part may come so late that the first one was quiet by then.
        late: set[str] = set()
        while not (took := grow(tmp_path / f"grows-{len(late)}.jpg")) < SETTLE:
            late.add(f"grows-{len(late)}.jpg")
            assert len(late) < 50, took
        run.wait_arrivals(1 + len(late))
        wait_for(lambda: {"small.jpg", "large.jpg"} <= {skipped.path.name for skipped in run.sink.skips})
        run.watch.rescan()
        run.wait_settled()
    assert set(run.sink.names()) == {f"grows-{len(late)}.jpg", *late}
    told = [
        (skipped.path.name, skipped.reason) for skipped in run.sink.skips if skipped.path.name not in late
    ]
    assert sorted(told) == [("large.jpg", Skip.TOO_LARGE), ("small.jpg", Skip.TOO_SMALL)]
    details = {skipped.path.name: skipped.detail for skipped in run.sink.skips}
    assert (details["small.jpg"], details["large.jpg"]) == ("1.0 KB", units.size(len(large) - 1))


def grow(path: Path) -> float:
    """Write a picture in two parts; how many seconds the first one can have been seen alone."""
    with path.open("wb") as out:
        begin = time.monotonic()
        out.write(JPEG[:100])
        out.flush()
        time.sleep(SETTLE / 2)
        out.write(JPEG[100:])
    return time.monotonic() - begin


@pytest.mark.posix("names that are no UTF-8")
def test_names_that_are_no_utf8_and_both_forms_of_one_name(tmp_path: Path) -> None:
    names = [
        *(unicodedata.normalize(form, "café.jpg").encode() for form in ("NFC", "NFD")),
        b"gr\xfc\xdfe \xff.jpg",
        b"new\nline\t.jpg",
        "画像.jpg".encode(),
        b"x" * 250 + b".jpg",
    ]
    top = os.fsencode(tmp_path)
    (tmp_path / os.fsdecode(b"f\xfcr")).mkdir()
    with watching(tmp_path) as run:
        for name in names:
            for directory in (top, top + b"/f\xfcr"):
                Path(os.fsdecode(directory + b"/" + name)).write_bytes(JPEG)
        run.wait_arrivals(2 * len(names))
        run.watch.rescan()
        run.wait_settled()
    got = sorted(os.fsencode(path) for path in run.sink.paths())
    assert got == sorted(directory + b"/" + name for name in names for directory in (top, top + b"/f\xfcr"))
    assert set(run.sink.paths().values()) == {1}


def test_a_survey_lists_what_would_be_taken_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.jpg", "sub/b.jpg", "c.txt", ".d.jpg", "e.jpg.part"):
        (tmp_path / name).write_bytes(JPEG)
    (tmp_path / "tiny.jpg").write_bytes(b"x")
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    found = dict(survey(watched(tmp_path, min_size=10)))
    assert found == {os.fsencode(tmp_path / name): len(JPEG) for name in ("a.jpg", "sub/b.jpg")}
    assert {path: path.stat().st_mtime_ns for path in before} == {p: s.st_mtime_ns for p, s in before.items()}
    with pytest.raises(FileNotFoundError):
        list(survey(watched(tmp_path / "nowhere")))


@pytest.mark.slow
@pytest.mark.root
def test_an_unmounted_drive_is_missing_and_comes_back(tmp_path: Path) -> None:
    mount = tmp_path / "drive"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", mount], check=False).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount")
    try:
        with watching(mount) as run:
            (mount / "a.jpg").write_bytes(JPEG)
            run.wait_arrivals(1)
            subprocess.run(["umount", "-l", mount], check=True)
            assert "not connected" in run.wait_state("missing").problem
            subprocess.run(["mount", "-t", "tmpfs", "none", mount], check=True)
            run.wait_state("watching")
            (mount / "b.jpg").write_bytes(JPEG)
            run.wait_arrivals(2)
    finally:
        subprocess.run(["umount", mount], check=False)


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    root = tmp_path / "later"
    with watching(root) as run:
        assert run.state().status == "missing"
        assert "homepress folder remove" in run.state().problem
        root.mkdir()
        (root / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        assert run.state().problem == ""
        file = tmp_path / "file"
        file.touch()
        run.watch.reconfigure([watched(file)])
        assert "is a file" in run.wait_state("unreadable").problem


@pytest.mark.slow
def test_a_file_that_was_set_aside_is_left_by_scans_until_it_changes(tmp_path: Path) -> None:
    (path := tmp_path / "a.jpg").write_bytes(JPEG)
    with watching(watched(tmp_path, watch="poll"), finishes=False) as run:
        run.wait_arrivals(1)
        run.watch.set_aside(run.sink.arrivals[0].path)
        scans = run.memory.queries[os.fsencode(tmp_path.resolve())]
        wait_for(lambda: run.memory.queries[os.fsencode(tmp_path.resolve())] > scans + 2)
        time.sleep(2 * SETTLE)
        came = len(run.sink.arrivals)
        wait_for(lambda: run.memory.queries[os.fsencode(tmp_path.resolve())] > scans + 5)
        time.sleep(2 * SETTLE)
        assert len(run.sink.arrivals) == came
        path.chmod(0o600)
        wait_for(lambda: len(run.sink.arrivals) > came, what="another try after a change of permissions")
        run.watch.set_aside(run.sink.arrivals[0].path)
        time.sleep(2 * SETTLE)
        came = len(run.sink.arrivals)
        run.watch.rescan()
        wait_for(lambda: len(run.sink.arrivals) > came, what="another try after a rescan")
