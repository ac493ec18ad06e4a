"""The ways in which a picture comes into a folder, and that each is handed on exactly once."""

import os
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from homepress.watch import Arrival, Waiting
from support import wait_for
from watch.harness import FAST, JPEG, SETTLE, Memory, file_id, picture, watched, watching


@pytest.mark.slow
def test_a_copied_picture_arrives_once_and_whole(tmp_path: Path) -> None:
    with watching(tmp_path) as run:
        started = time.monotonic()
        (tmp_path / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        assert time.monotonic() - started >= SETTLE
        time.sleep(3 * SETTLE)
    assert run.sink.names() == ["a.jpg"]
    arrival = run.sink.arrivals[0]
    assert run.sink.contents == [JPEG]
    assert arrival.file_id == file_id(tmp_path / "a.jpg")
    assert arrival.root == tmp_path.resolve()
    assert arrival.interactive
    assert arrival.ready_at <= time.monotonic()


def test_what_was_there_before_is_found_by_the_first_scan(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("a.jpg", "deep/b.png", "deep/er/c.jpeg"):
        (tmp_path / name).write_bytes(picture("PNG") if name.endswith("png") else JPEG)
    with watching(tmp_path) as run:
        assert sorted(run.sink.names()) == ["a.jpg", "b.png", "c.jpeg"]
        state = run.state()
    assert state.scanned
    assert state.directories == 3
    assert state.waiting == 0


def test_what_the_ledger_knows_is_never_opened_again(tmp_path: Path) -> None:
    memory = Memory()
    for name in ("known.jpg", "changed.jpg"):
        (tmp_path / name).write_bytes(JPEG)
        memory.done(os.fsencode(tmp_path / name), file_id(tmp_path / name).mark)
    (tmp_path / "changed.jpg").write_bytes(picture())
    with watching(tmp_path, memory=memory) as run:
        assert run.sink.names() == ["changed.jpg"]
        # A touch without a change of content still is a change of identity; a chmod is none.
        (tmp_path / "known.jpg").chmod(0o600)
        run.watch.rescan()
        run.wait_settled()
    assert run.sink.names() == ["changed.jpg"]
    assert memory.queries[os.fsencode(tmp_path)] == 2


@pytest.mark.slow
def test_a_browser_download_arrives_under_its_final_name(tmp_path: Path) -> None:
    with watching(tmp_path) as run:
        partial = tmp_path / "photo.jpg.crdownload"
        partial.write_bytes(JPEG)
        (tmp_path / "other.jpg").write_bytes(b"")  # Firefox makes an empty file first
        time.sleep(2 * SETTLE)
        assert run.sink.names() == []
        partial.rename(tmp_path / "photo.jpg")
        run.wait_arrivals(1)
        (tmp_path / "other.jpg.part").write_bytes(JPEG)
        (tmp_path / "other.jpg.part").replace(tmp_path / "other.jpg")
        run.wait_arrivals(2)
    assert run.sink.names() == ["photo.jpg", "other.jpg"]


@pytest.mark.slow
@pytest.mark.posix("rsync")
def test_rsync_and_its_inplace_variant(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    for number in range(3):
        (source / f"{number}.jpg").write_bytes(JPEG)
    with watching(target) as run:
        subprocess.run(["rsync", "-a", f"{source}/", target], check=True)
        run.wait_arrivals(3)
        (source / "9.jpg").write_bytes(JPEG)
        subprocess.run(["rsync", "-a", "--inplace", f"{source}/", target], check=True)
        run.wait_arrivals(4)
        run.wait_settled()
    assert sorted(run.sink.names()) == ["0.jpg", "1.jpg", "2.jpg", "9.jpg"]


def test_mv_from_the_same_and_from_another_file_system(tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    other = Path("/dev/shm") if Path("/dev/shm").is_dir() else tmp_path
    here, there = tmp_path / "here.jpg", other / f"there-{os.getpid()}.jpg"
    here.write_bytes(JPEG)
    there.write_bytes(JPEG)
    with watching(folder) as run:
        here.rename(folder / "here.jpg")
        shutil.move(there, folder / "there.jpg")
        run.wait_arrivals(2)
        run.wait_settled()
    assert sorted(run.sink.names()) == ["here.jpg", "there.jpg"]


def make_tree(top: Path, folders: int, files: int) -> set[Path]:
    made = set()
    for folder in range(folders):
        directory = top / f"n{folder % 7}" / f"m{folder}"
        directory.mkdir(parents=True)
        for number in range(files):
            path = directory / f"{number}.jpg"
            path.write_bytes(JPEG)
            made.add(path.relative_to(top))
    return made


@pytest.mark.slow
def test_a_tree_moved_in_renamed_and_made_in_place(tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    inside = make_tree(tmp_path / "outside", 20, 5)
    with watching(folder) as run:
        (tmp_path / "outside").rename(folder / "moved")
        run.wait_arrivals(100)
        make_tree(folder / "made", 20, 5)
        run.wait_arrivals(200)
        run.wait_settled()
        (folder / "moved").rename(folder / "again")
        run.wait_arrivals(300)
        run.wait_settled()
    expected = [folder / top / path for top in ("moved", "made", "again") for path in inside]
    assert run.sink.paths() == dict.fromkeys(expected, 1)


@pytest.mark.slow
def test_a_folder_renamed_while_it_is_filled(tmp_path: Path) -> None:
    with watching(tmp_path, finishes=True) as run:
        for number in range(40):
            directory = tmp_path / f"x{number}.tmp-name"
            directory.mkdir()
            for file in range(3):
                (directory / f"{file}.jpg").write_bytes(JPEG)
            directory.rename(tmp_path / f"x{number}")
            for file in range(3, 6):
                (tmp_path / f"x{number}" / f"{file}.jpg").write_bytes(JPEG)
        expected = {tmp_path / f"x{n}" / f"{f}.jpg" for n in range(40) for f in range(6)}
        wait_for(lambda: expected <= set(run.sink.paths()), what="all 240 files")
        run.wait_settled()
    assert run.sink.paths() == dict.fromkeys(expected, 1)


@pytest.mark.slow
def test_an_edited_picture_arrives_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with watching(tmp_path) as run:
        path.write_bytes(JPEG)
        run.wait_arrivals(1)
        new = picture()
        (tmp_path / "editor.tmp").write_bytes(new)
        (tmp_path / "editor.tmp").replace(path)
        wait_for(lambda: len(run.sink.arrivals) == 2)
    assert run.sink.contents == [JPEG, new]


@pytest.mark.slow
def test_a_hint_looks_again_later_and_a_scan_does_not_forestall_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with watching(tmp_path, finishes=False) as run:
        path.write_bytes(JPEG)
        run.wait_arrivals(1)
        asked = time.monotonic()
        run.watch.hint(path, 0.8)
        wait_for(lambda: run.watch.waiting())
        assert run.watch.waiting()[0].reason is Waiting.RETRY
        run.watch.rescan()
        wait_for(lambda: len(run.sink.arrivals) == 2)
        assert time.monotonic() - asked >= 0.8


def test_a_file_in_hand_is_not_found_again(tmp_path: Path) -> None:
    with watching(tmp_path, finishes=False) as run:
        (tmp_path / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        run.memory.in_hand.add(os.fsencode(tmp_path / "a.jpg"))
        run.watch.rescan()
        run.wait_settled()
    assert run.sink.names() == ["a.jpg"]


@pytest.mark.slow
def test_reconfigure_starts_and_stops_only_what_changed(tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    for folder in (a, b, c):
        folder.mkdir()
    (a / "1.jpg").write_bytes(JPEG)
    with watching(a, b) as run:
        scans = run.memory.queries[os.fsencode(a)]
        run.watch.reconfigure([watched(a), watched(c)])
        run.wait_settled()
        (b / "no.jpg").write_bytes(JPEG)
        (c / "yes.jpg").write_bytes(JPEG)
        run.wait_arrivals(2)
        assert [state.path for state in run.watch.states()] == [a, c]
        time.sleep(2 * SETTLE)
        assert run.memory.queries[os.fsencode(a)] == scans
    assert run.sink.names() == ["1.jpg", "yes.jpg"]


def test_a_folder_may_be_polled(tmp_path: Path) -> None:
    with watching(watched(tmp_path, watch="poll")) as run:
        assert run.state().watch == "poll"
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        run.wait_settled()
    assert run.sink.names() == ["a.jpg"]


def test_without_recursion_only_the_folder_itself_counts(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    with watching(watched(tmp_path, recursive=False)) as run:
        (tmp_path / "sub" / "no.jpg").write_bytes(JPEG)
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "no.jpg").write_bytes(JPEG)
        (tmp_path / "yes.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        run.watch.rescan()
        run.wait_settled()
    assert run.sink.names() == ["yes.jpg"]


@pytest.mark.slow
def test_early_arrivals_name_the_moment_of_rest(tmp_path: Path) -> None:
    timing = replace(FAST, ahead=1.0)
    with watching(watched(tmp_path, settle_seconds=2.0), early=True, timing=timing) as run:
        (tmp_path / "a.jpg").write_bytes(JPEG)
        written = time.monotonic()
        run.wait_arrivals(1)
        got = time.monotonic()
        arrival = run.sink.arrivals[0]
        assert written + 2.0 - 0.1 <= arrival.ready_at <= written + 2.9
        assert got < arrival.ready_at
        assert got - written >= 1.0 - 0.1


def test_an_import_is_not_fresh_and_a_picture_elsewhere_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with watching(tmp_path) as run:
        make_tree(tmp_path / "import", 30, 10)
        (home / "new.jpg").write_bytes(JPEG)
        run.wait_arrivals(301)
    interactive = {arrival.path.name for arrival in run.sink.arrivals if arrival.interactive}
    assert "new.jpg" in interactive
    assert sum(arrival.interactive for arrival in run.sink.arrivals) < 150


@pytest.mark.slow
def test_scans_rest_while_the_sink_has_no_room_and_events_do_not(tmp_path: Path) -> None:
    (tmp_path / "old.jpg").write_bytes(JPEG)
    with watching(tmp_path, wait=False) as run:
        run.sink.has_room = False
        run.wait_arrivals(0)
    with watching(watched(tmp_path), wait=False) as run:
        run.sink.has_room = True
        run.wait_settled()
        assert run.sink.names() == ["old.jpg"]
        run.sink.has_room = False
        run.sink.arrivals.clear()
        (tmp_path / "old.jpg").write_bytes(picture())
        run.watch.rescan()
        (tmp_path / "new.jpg").write_bytes(JPEG)
        wait_for(lambda: "new.jpg" in run.sink.names())


def test_a_stop_in_the_middle_of_handing_on_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    handed_on, ended = threading.Event(), threading.Event()

    def arrived(_: Arrival) -> None:
        handed_on.set()
        ended.wait(60)
        raise RuntimeError("whom this is handed to has ended")

    with watching(tmp_path) as run:
        monkeypatch.setattr(run.sink, "arrived", arrived)
        (tmp_path / "a.jpg").write_bytes(JPEG)
        assert handed_on.wait(60)
        run.watch.stop()  # which waits for a thread no longer than it has to
        threads = [thread for thread in threading.enumerate() if thread.name == f"watch {tmp_path.name}"]
        ended.set()
        for thread in threads:
            thread.join(60)
    assert threads and not any(thread.is_alive() for thread in threads)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.slow
def test_stop_is_final(tmp_path: Path) -> None:
    with watching(tmp_path) as run:
        run.watch.stop()
        (tmp_path / "late.jpg").write_bytes(JPEG)
        time.sleep(2 * SETTLE)
    assert run.sink.names() == []
