"""Fingerprints in the background: paused, stopped, gone on with, and never in the way."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from homepress.daemon import maintenance
from homepress.daemon.maintenance import Fingerprinting, fingerprint_seconds
from homepress.daemon.state import StateThread
from homepress.store.store import Store
from support import wait_for


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path / "ledger.sqlite3", tmp_path / "originals")
    yield made
    made.close()


ROOTS: set[Path] = set()
"""What is watched."""


def folder_of(base: Path, store: Store, count: int) -> Path:
    base.mkdir()
    ROOTS.add(base)
    for number in range(count):
        (base / f"{number}.jpg").write_bytes(os.urandom(3000))
    store.folders.baseline(base)
    store.folders.added(base)
    return base


def never() -> bool:
    return False


def nothing() -> None:
    pass


@pytest.fixture
def state() -> Iterator[StateThread]:
    made = StateThread()
    yield made
    made.close()


def test_all_folders_are_done_and_no_thread_stays(tmp_path: Path, state: StateThread, store: Store) -> None:
    roots = [folder_of(tmp_path / name, store, 5) for name in ("one", "two")]
    work = Fingerprinting(state, store, lambda: ROOTS, never, nothing)
    for root in roots:
        work.look(root)
    wait_for(lambda: not any(store.folders.pending(root) for root in roots), what="the fingerprints")
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "fingerprints"], what="the end")
    assert [work.left(root) for root in roots] == [0, 0]
    late = roots[0] / "late.jpg"
    late.write_bytes(b"late")
    store.folders.baseline(roots[0])
    work.look(roots[0])
    wait_for(lambda: store.folders.pending(roots[0]) == 0, what="what was added later")
    work.stop()


def test_it_rests_while_there_is_better_to_do_and_goes_on_afterwards(
    tmp_path: Path, state: StateThread, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "_LOOK", 0.01)
    root = folder_of(tmp_path / "pictures", store, 5)
    asked, better = threading.Event(), threading.Event()
    better.set()

    def rests() -> bool:
        asked.set()
        return better.is_set()

    work = Fingerprinting(state, store, lambda: ROOTS, rests, nothing)
    work.look(root)
    assert asked.wait(30)
    assert store.folders.pending(root) == 5
    assert work.left(root) == 5
    better.clear()
    wait_for(lambda: store.folders.pending(root) == 0, what="the rest")
    work.stop()


def test_the_end_of_the_daemon_does_not_wait_and_nothing_is_done_twice(
    tmp_path: Path, state: StateThread, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder_of(tmp_path / "pictures", store, 20)
    reached, done = threading.Event(), []
    step: Callable[[maintenance._Pace, int], None] = maintenance._Pace.step

    def until_the_tenth(pace: maintenance._Pace, count: int) -> None:
        if count:
            done.append(count)
        if len(done) == 10:
            reached.set()
            pace._stopping.wait(30)
        step(pace, count)

    monkeypatch.setattr(maintenance._Pace, "step", until_the_tenth)
    work = Fingerprinting(state, store, lambda: ROOTS, never, nothing)
    work.look(root)
    assert reached.wait(30)
    work.stop()
    assert store.folders.pending(root) == 11, "the one that was being read is read again"
    monkeypatch.undo()
    again = Fingerprinting(state, store, lambda: ROOTS, never, nothing)
    again.look(root)
    wait_for(lambda: store.folders.pending(root) == 0, what="the rest")
    again.stop()


def test_a_disk_that_does_not_answer_holds_up_neither_others_nor_the_end(
    tmp_path: Path, state: StateThread, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "_PATIENCE", 0.1)
    hung, good = (folder_of(tmp_path / name, store, 3) for name in ("hung", "good"))
    held, answered = threading.Event(), threading.Event()
    fs = store._context.fs
    open_folder = fs.open_folder

    def hangs(path: Path, *, create: bool = False):
        if path == hung:
            held.set()
            answered.wait(60)
        return open_folder(path, create=create)

    monkeypatch.setattr(fs, "open_folder", hangs)
    work = Fingerprinting(state, store, lambda: ROOTS, never, nothing)
    work.look(hung)
    assert held.wait(30)
    work.look(good)
    wait_for(lambda: store.folders.pending(good) == 0, what="the other folder")
    work.stop()
    answered.set()
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "fingerprints"], what="the end")
    assert store.folders.pending(hung) > 0


def test_it_ends_in_a_folder_that_is_let_go(tmp_path: Path, state: StateThread, store: Store) -> None:
    root = folder_of(tmp_path / "pictures", store, 5)
    ROOTS.discard(root)
    work = Fingerprinting(state, store, lambda: ROOTS, never, nothing)
    work.look(root)
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "fingerprints"], what="the end")
    assert store.folders.pending(root) == 4
    work.stop()


def test_an_error_is_logged_and_the_folder_can_be_looked_at_again(
    tmp_path: Path,
    state: StateThread,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    root = folder_of(tmp_path / "pictures", store, 3)
    work = Fingerprinting(state, store, lambda: ROOTS, never, nothing)
    with monkeypatch.context() as broken:
        broken.setattr(store.folders, "fingerprints", lambda *_, **__: 1 / 0)
        work.look(root)
        wait_for(lambda: "could not be fingerprinted" in caplog.text, what="the log to tell of it")
    work.look(root)
    wait_for(lambda: store.folders.pending(root) == 0, what="the fingerprints")
    work.stop()


def test_how_long_it_takes_is_measured_on_files_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"picture")
    assert fingerprint_seconds([tmp_path / "gone.jpg", tmp_path / "a.jpg"]) > 0
    assert fingerprint_seconds([tmp_path / "gone.jpg"]) == 0
    assert fingerprint_seconds([]) == 0
