"""A name that a failing disk, or a crash, left empty gets its picture back."""

import contextlib
import os
from pathlib import Path

import pytest

from homepress.store.ledger import journal
from homepress.store.model import StoreError, UndoSelection
from homepress.store.store import Store
from store.kit import (
    Bench,
    Hiding,
    Lacking,
    Probe,
    dying_at,
    in_child,
    picture,
    replace,
    replacement,
    smaller,
    wait_for_days,
)

RESULT = smaller(picture())


def replacing(store: Store, path: Path) -> None:
    replace(store, path)


def converting(store: Store, path: Path) -> None:
    store.replace(store.read(path), replacement(RESULT, suffix=".webp"))


def undoing(store: Store, path: Path) -> None:
    list(store.undo(UndoSelection(last=1), roots=[path.parent]))


def writing_again(store: Store, path: Path) -> None:
    store.write_output(store.read(path), replacement(RESULT[:-1]), path.parent / "out" / path.name)


def writing(store: Store, path: Path) -> None:
    store.write_output(store.read(path), replacement(RESULT), path.parent / "out" / path.name)


WORK = {
    "replace": (replacing, None, "a.jpg"),
    "convert": (converting, None, "a.*"),
    "undo": (undoing, replacing, "a.jpg"),
    "output again": (writing_again, writing, "out/a.jpg"),
}


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True], ids=["refused", "done but refused"])
@pytest.mark.parametrize("lasts", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("name", WORK)
def test_a_disk_that_refuses_renames_and_hides_open_files_leaves_no_name_empty(
    bench: Bench, name: str, lasts: bool, done: bool
) -> None:
    work, before, pattern = WORK[name]
    for step in range(1, 30):
        path = bench.drop()
        if before is not None:
            with bench.store() as store:
                before(store, path)
        fs = Hiding(lambda n, step=step: n == step or (lasts and n > step), done=done)
        with bench.store(fs.fs()) as store:
            fs.armed = True
            with contextlib.suppress(StoreError, OSError):
                work(store, path)
            fs.armed = False
        with bench.store() as store:
            store.recover()
            assert store.recover() == []
        files = [p for p in bench.watched.glob(pattern) if p.is_file()]
        assert files, f"nothing has its name after step {step}"
        contents = {p.read_bytes() for p in files} | set(bench.kept())
        assert {p.read_bytes() for p in files} <= {picture(), RESULT, RESULT[:-1]}
        assert picture() in contents | {path.read_bytes() for path in bench.watched.glob("a.jpg")}
        assert bench.temps() == []
        for each in (*bench.watched.rglob("*"), *bench.originals.glob("*-*"), bench.ledger):
            if each.is_file():
                each.unlink()
        for log in bench.ledger.parent.glob("ledger*"):
            log.unlink()
        if fs.renames < step:
            return
    pytest.fail("it never ended")


def emptied(bench: Bench) -> Path:
    """A picture whose replacing died while it had no name."""
    path = bench.drop()
    fs = Lacking("exchange").fs()
    for step in range(1, 60):

        def work(step: int = step) -> None:
            with bench.store(dying_at(step, fs).fs()) as store:
                replace(store, path)

        in_child(work)
        if not path.exists():
            return path
        with bench.store() as store:
            store.recover()
    pytest.fail("it never was without its name")


@pytest.mark.slow
def test_a_name_on_a_disk_that_is_away_for_months_gets_its_picture_back(bench: Bench) -> None:
    path = emptied(bench)
    away = bench.base / "away"
    bench.watched.rename(away)
    with bench.store() as store:
        store.recover()
        wait_for_days(store, bench.hands, 40)
        assert len(journal.open_jobs(store._context.ledger)) == 1
    away.rename(bench.watched)
    with bench.store() as store:
        store.recover()
    assert (path.read_bytes(), bench.temps()) == (picture(), [])


@pytest.mark.slow
def test_what_somebody_saves_while_the_name_is_empty_keeps_it(bench: Bench) -> None:
    path = emptied(bench)
    path.write_bytes(b"a newer file")
    with bench.store() as store:
        store.recover()
        assert (path.read_bytes(), bench.kept(), bench.temps()) == (b"a newer file", [picture()], [])
        (undone,) = store.undo(UndoSelection(last=1), roots=bench.roots)
    assert (undone.outcome, path.read_bytes()) == ("beside", b"a newer file")


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True], ids=["ledger there", "ledger lost"])
def test_recovery_gives_an_empty_name_its_original_back(bench: Bench, lost: bool) -> None:
    path = emptied(bench)
    if lost:
        for file in bench.ledger.parent.glob("ledger*"):
            file.unlink()
    with bench.store() as store:
        store.recover()
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (picture(), [], [])


def test_a_save_in_the_very_instant_gets_its_name_back_after_a_crash(bench: Bench) -> None:
    """What left the name was not the original any more, and nobody was left to look at it."""
    path = bench.drop()

    def save(number: int, name: str) -> None:
        path.with_name("saving").write_bytes(b"a newer file")
        path.with_name("saving").rename(path)

    def work() -> None:
        fs = Probe(before=save, steps=frozenset({"move"}), fs=Lacking("exchange").fs()).fs()
        die = Probe(after=lambda number, name: os.kill(os.getpid(), 9), fs=fs)
        die.steps = frozenset({"move"})
        with bench.store(die.fs()) as store:
            replace(store, path)

    assert in_child(work) == -9
    assert not path.exists()
    with bench.store() as store:
        store.recover()
    assert (path.read_bytes(), bench.temps()) == (b"a newer file", [])
