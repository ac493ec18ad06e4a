"""Defects of watchdog 7.1 that lose files, each brought about for real; its own observer fails each test."""

import ctypes
import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from homepress.watch.folder import Inbox
from homepress.watch.inotify import InotifyObservation, _Tree
from support import THIS_MACHINE_CANNOT, wait_for
from watch.elsewhere import elsewhere
from watch.harness import JPEG, SETTLE, Watching, observation_of, watching

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about inotify")

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


def tree_of(run: Watching) -> _Tree:
    """The watches behind the only folder of a watch."""
    tree = observation_of(run)._tree
    assert isinstance(tree, _Tree)
    return tree


@contextmanager
def blocked_reader(run: Watching) -> Iterator[None]:
    """The reader of events waits as long as the block lasts, as on a computer that is too busy."""
    with tree_of(run)._lock:
        yield


def flood(folder: Path) -> None:
    """More events than the kernel's queue holds, none of them about an image."""
    for number in range(int(QUEUE.read_text()) // 2 + 500):
        (folder / f"{number % 50}.txt").write_bytes(b"")
        (folder / f"{number % 50}.txt").unlink()


@pytest.mark.slow
def test_an_overflow_loses_no_file(memory_path: Path) -> None:
    (memory_path / "flood").mkdir()
    with watching(memory_path) as run:
        first = observation_of(run)
        with blocked_reader(run):
            flood(memory_path / "flood")
            # The queue is full: the kernel drops the events of these.
            for number in range(50):
                (memory_path / f"{number}.jpg").write_bytes(JPEG)
        run.wait_arrivals(50)
        wait_for(lambda: observation_of(run) is not first, what="a new observer")
        (memory_path / "after.jpg").write_bytes(JPEG)
        run.wait_arrivals(51)
        run.wait_settled()
    assert len(run.sink.arrivals) == 51


@pytest.mark.slow
def test_an_overflow_of_more_folders_than_the_queue_holds_comes_to_an_end(memory_path: Path) -> None:
    tree = memory_path
    for number in range(int(QUEUE.read_text()) + 1000):
        os.mkdir(tree / str(number))
    with watching(tree) as run:
        with blocked_reader(run):
            flood(tree)
            (tree / "17" / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        # watchdog alone would remove and add all watches for ever, each time overflowing the queue again.
        overflowed = observation_of(run)
        time.sleep(1.0)
        used = time.process_time()
        time.sleep(1.0)
        used = time.process_time() - used
        assert observation_of(run) is overflowed
        assert observation_of(run).trouble() == ""
        (tree / "18" / "b.jpg").write_bytes(JPEG)
        run.wait_arrivals(2)
    assert used < 0.5


def test_a_dead_reader_is_replaced_within_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(tmp_path) as run:
        first = observation_of(run)

        def key_error(wd: int) -> None:
            raise KeyError(wd)

        # What watchdog does when events of a renamed and re-made folder come in an unlucky order.
        monkeypatch.setattr(tree_of(run), "_remove_watch_internally", key_error)
        (tmp_path / "dir").mkdir()
        wait_for(lambda: first.watches(os.fsencode(tmp_path / "dir")))
        (tmp_path / "dir").rmdir()
        wait_for(lambda: observation_of(run) is not first, what="a new observer")
        (tmp_path / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)


@pytest.mark.slow
def test_a_folder_name_used_over_and_over_loses_no_file(tmp_path: Path) -> None:
    with watching(tmp_path) as run:
        for number in range(300):
            (tmp_path / "New folder").mkdir()
            (tmp_path / "New folder").rename(tmp_path / f"d{number}")
            (tmp_path / "New folder").mkdir()
            (tmp_path / "New folder").rmdir()
        run.wait_settled()
        for number in range(300):
            (tmp_path / f"d{number}" / "x.jpg").write_bytes(JPEG)
        time.sleep(1)
        run.watch.rescan()
        run.wait_arrivals(300)
        run.wait_settled()
        # The scan also sees which folders the observer lost track of.
        wait_for(
            lambda: all(observation_of(run).watches(os.fsencode(tmp_path / f"d{n}")) for n in range(300)),
            what="an observer that knows every folder",
        )
    assert len(run.sink.arrivals) == 300


@pytest.mark.slow
def test_a_folder_that_the_observer_lost_is_noticed_by_the_scan(tmp_path: Path) -> None:
    (tmp_path / "lost").mkdir()
    with watching(tmp_path) as run:
        first, path = observation_of(run), os.fsencode(tmp_path / "lost")
        tree_of(run)._active_callbacks_by_path.pop(path)
        time.sleep(0.4)
        run.watch.rescan()
        wait_for(lambda: observation_of(run) is not first)
        assert observation_of(run).watches(path)
        (tmp_path / "lost" / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)


@pytest.mark.slow
def test_events_under_a_wrong_name_bring_a_scan(tmp_path: Path) -> None:
    (tmp_path / "right").mkdir()
    with watching(tmp_path) as run:
        tree, path = tree_of(run), os.fsencode(tmp_path / "right")
        watch = tree._active_callbacks_by_path.pop(path)
        tree._active_callbacks_by_path[os.fsencode(tmp_path / "wrong")] = watch
        tree._active_callbacks_by_watch[watch] = os.fsencode(tmp_path / "wrong")
        (tmp_path / "right" / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)


def test_a_new_folder_is_scanned_even_when_events_of_its_files_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("homepress.watch.folder.Inbox.file_event", lambda self, path: None)
    with watching(tmp_path) as run:
        (tmp_path / "new" / "deep").mkdir(parents=True)
        (tmp_path / "new" / "a.jpg").write_bytes(JPEG)
        (tmp_path / "new" / "deep" / "b.jpg").write_bytes(JPEG)
        run.wait_arrivals(2)


@pytest.mark.slow
def test_a_root_that_is_a_link_is_watched(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    with watching(link) as run:
        (real / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        assert run.sink.arrivals[0].path == real.resolve() / "a.jpg"
        # The link is made to lead elsewhere.
        other = tmp_path / "other"
        other.mkdir()
        (tmp_path / "new").symlink_to(other)
        (tmp_path / "new").rename(link)
        (other / "b.jpg").write_bytes(JPEG)
        run.wait_arrivals(2)
        wait_for(lambda: observation_of(run).watches(os.fsencode(other.resolve())))
        (other / "c.jpg").write_bytes(JPEG)
        run.wait_arrivals(3)
    assert run.sink.found_roots == [real.resolve(), other.resolve()]


@pytest.mark.slow
def test_a_root_renamed_and_made_again(tmp_path: Path) -> None:
    root, old = tmp_path / "root", tmp_path / "old"
    root.mkdir()
    with watching(root) as run:
        root.rename(old)
        state = run.wait_state("missing")
        assert "is not there" in state.problem
        (old / "elsewhere.jpg").write_bytes(JPEG)
        root.mkdir()
        run.wait_state("watching")
        (root / "here.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        time.sleep(2 * SETTLE)
    assert [arrival.path for arrival in run.sink.arrivals] == [root.resolve() / "here.jpg"]


@pytest.mark.slow
def test_a_root_replaced_between_two_looks(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with watching(root) as run:
        for number in range(3):
            (tmp_path / "next").mkdir()
            root.rename(tmp_path / f"old{number}")
            (tmp_path / "next").rename(root)
            (root / f"{number}.jpg").write_bytes(JPEG)
            run.wait_arrivals(number + 1)
    assert run.sink.names() == ["0.jpg", "1.jpg", "2.jpg"]


@pytest.mark.slow
def test_a_root_deleted_and_made_again(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with watching(root) as run:
        for number in range(3):
            # The new folder often gets the inode of the old one.
            root.rmdir()
            root.mkdir()
            time.sleep(0.3)
            (root / f"{number}.jpg").write_bytes(JPEG)
            run.wait_arrivals(number + 1)
            (root / f"{number}.jpg").unlink()
    assert run.sink.names() == ["0.jpg", "1.jpg", "2.jpg"]


def test_link_loops_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "outside").symlink_to("/usr/share")
    with watching(tmp_path) as run:
        assert run.state().directories == 3
        (tmp_path / "a" / "b" / "x.jpg").write_bytes(JPEG)
        (tmp_path / "a" / "loop").symlink_to(tmp_path)
        run.wait_arrivals(1)
        run.watch.rescan()
        run.wait_settled()
    assert len(run.sink.arrivals) == 1


def own_limits() -> list[str]:
    """The prefix of a command that gives it kernel limits of its own."""
    prefix = ["unshare", "--user", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} make user namespaces")
    return prefix


@pytest.mark.slow
def test_too_few_watches_are_named_with_the_cure_and_scans_cover_the_rest(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"d{number}").mkdir()
    seen = elsewhere("limit", tmp_path, *own_limits())
    assert seen["before"]["status"] == "partly watched"
    assert seen["before"]["problem"].startswith("31 of its folders cannot be observed")
    assert "sudo sysctl fs.inotify.max_user_watches=" in seen["before"]["problem"]
    assert len(seen["after"]["names"]) == seen["arrivals"] == 50


@pytest.mark.slow
def test_without_any_observer_the_folder_is_polled_and_says_why(tmp_path: Path) -> None:
    seen = elsewhere("instances", tmp_path, *own_limits())
    assert seen["status"] == "partly watched"
    assert seen["watch"] == "poll"
    assert "sudo sysctl fs.inotify.max_user_instances=" in seen["problem"]


@pytest.mark.slow
@pytest.mark.root
def test_unreadable_folders_are_named_and_recover(tmp_path: Path) -> None:
    folder = Path("/tmp") / f"homepress-unreadable-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    try:
        seen = elsewhere("unreadable", folder, *prefix)
    finally:
        shutil.rmtree(folder)
    assert seen["first"]["status"] == "unreadable"
    assert "chmod u+rwx" in seen["first"]["problem"]
    assert seen["last"]["problem"].startswith("1 of its folders may not be read")
    assert seen["names"] == ["a.jpg", "b.jpg"]


def test_a_root_that_the_kernel_will_not_show_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*arguments: object) -> int:
        ctypes.set_errno(errno.EACCES)
        return -1

    # watchdog takes this answer for a watch with the number -1.
    monkeypatch.setattr("watchdog.observers.inotify_c.inotify_add_watch", denied)
    with pytest.raises(PermissionError):
        InotifyObservation(str(tmp_path), True, Inbox(), lambda _: False, lambda _: None)


@pytest.mark.slow
def test_one_thread_waits_for_all_folders(tmp_path: Path) -> None:
    """Three observers, one thread between them; what reads events ends when none come."""
    before = set(threading.enumerate())
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    with watching(*folders) as run:
        for folder in folders:
            (folder / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(3)

        def of_observers() -> list[str]:
            threads = (thread.name for thread in set(threading.enumerate()) - before)
            return sorted(name for name in threads if not name.startswith("watch "))

        wait_for(lambda: of_observers() == ["inotify"], what="readers to end")
        (folders[1] / "b.jpg").write_bytes(JPEG)
        run.wait_arrivals(4)


@pytest.mark.slow
def test_a_folder_whose_disk_hangs_holds_up_the_events_of_no_other(tmp_path: Path) -> None:
    """The reader of one folder stands still, as in a call to a disk that does not answer."""
    (tmp_path / "hangs").mkdir()
    (tmp_path / "other").mkdir()
    with watching(tmp_path / "hangs", tmp_path / "other") as run:
        hanging = next(iter(run.watch._folders.values()))._loop.observer._observation
        assert isinstance(hanging, InotifyObservation)
        with hanging._tree._lock, hanging._reader._lock:
            (tmp_path / "hangs" / "a.jpg").write_bytes(JPEG)
            (tmp_path / "other" / "b.jpg").write_bytes(JPEG)
            run.wait_arrivals(1)
            assert run.sink.names() == ["b.jpg"]
        run.wait_arrivals(2)


def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with watching(tmp_path) as run:
        for number in range(3):
            (tmp_path / f"{number}.jpg").write_bytes(JPEG)
        run.wait_arrivals(3)
    wait_for(lambda: set(threading.enumerate()) <= before, what="all threads to end")
