"""A ledger apart: what is done on it comes back whole, once, and never over what was done meanwhile."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from homepress.store.apart import begin_apart
from homepress.store.fs.base import FileSystem
from homepress.store.model import LedgerError, Role, UndoSelection
from homepress.store.reader import Reader
from homepress.store.store import Store
from store.kit import Bench, Probe, digest, dying_at, facts, in_child, left, picture, replacement, smaller

RESULT = smaller(picture())


def place(bench: Bench, name: str = "one") -> Path:
    return bench.base / "apart" / name / "ledger.sqlite3"


@contextmanager
def apart(bench: Bench, name: str = "one", fs: FileSystem | None = None) -> Iterator[Store]:
    """A store on a ledger apart, which is made where there is none yet."""
    ledger = place(bench, name)
    ledger.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not ledger.exists():
        assert begin_apart(bench.ledger, ledger)
    store = Store.open(
        ledger,
        ledger.with_name("originals"),
        roots=bench.roots,
        fs=fs,
        clock=bench.hands.clock(),
        keep_backup=False,
    )
    try:
        yield store
    finally:
        store.close()


def out(bench: Bench, name: str = "a.jpg") -> Path:
    return bench.base / "out" / name


def write_out(store: Store, bench: Bench, path: Path, target: str = "") -> Path:
    """Write the stand-in result of a picture into the output folder; where it is."""
    source = store.read(path, stays=True)
    return store.write_output(source, replacement(smaller(source.data)), out(bench, target or path.name)).path


def written(bench: Bench) -> list[tuple[str, str]]:
    """Names of results and of what the history says was written."""
    with Reader(bench.ledger) as reader:
        return sorted((Path(entry.path).name, str(entry.outcome)) for entry in reader.history())


@pytest.fixture(autouse=True)
def ledger(bench: Bench) -> None:
    """There has to be one before a copy of it can be made."""
    with bench.store():
        pass


def test_without_a_ledger_there_is_none_apart(tmp_path: Path) -> None:
    target = tmp_path / "apart" / "ledger.sqlite3"
    target.parent.mkdir()
    assert not begin_apart(tmp_path / "ledger.sqlite3", target)
    assert list(target.parent.iterdir()) == []


def test_what_was_done_apart_is_known_afterwards(bench: Bench) -> None:
    path = bench.drop()
    before = facts(path)
    with apart(bench) as store:
        assert write_out(store, bench, path) == out(bench)
        other = store.read(bench.drop("b.jpg", picture(1)))
        store.record(other, left(other.path, "it would be bigger"), "balanced", None)
        assert store.copy_output(other, out(bench, "b.jpg")) == out(bench, "b.jpg")
    assert written(bench) == []
    with bench.store() as store:
        assert store.join(place(bench)) == 2
        assert store.recover() == []
        assert store.why_left_alone(digest(RESULT), "") is Role.RESULT
        assert store.why_left_alone(digest(picture(1)), "balanced") is Role.REFUSED
        assert set(store.known(os.fsencode(bench.watched))) == {b"a.jpg", b"b.jpg"}
        # Both are ours: a second run writes over them, and undo takes the result away.
        path.write_bytes(picture(2))
        (bench.watched / "b.jpg").write_bytes(picture(3))
        assert write_out(store, bench, path) == out(bench)
        assert write_out(store, bench, bench.watched / "b.jpg") == out(bench, "b.jpg")
        done = list(store.undo(UndoSelection(paths=(bench.watched / "b.jpg",)), roots=bench.roots))
        assert [each.outcome for each in done] == ["removed"]
        assert not out(bench, "b.jpg").exists()
    assert (facts(path)[0], path.read_bytes()) == (before[0], picture(2))


def test_joined_twice_it_counts_once(bench: Bench) -> None:
    path = bench.drop()
    with apart(bench) as store:
        write_out(store, bench, path)
        for reason in ("one", "other", "one"):
            store.record(store.read(path), left(path, reason, outcome="failed"), "balanced", None)
            bench.hands.let_pass(1)
    with bench.store() as store:
        assert store.join(place(bench)) == 4
        found = written(bench)
        assert store.join(place(bench)) == 0
    assert written(bench) == found


def test_what_the_ledger_learnt_meanwhile_stays(bench: Bench) -> None:
    """The same picture apart and here: what was noted here is newer, and so is what was taken back."""
    path = bench.drop()
    with apart(bench) as aside:
        write_out(aside, bench, path)
        with bench.store() as store:
            source = store.read(path)
            store.replace(source, replacement(RESULT))
            here = store.known(os.fsencode(bench.watched))[b"a.jpg"]
    with bench.store() as store:
        assert store.join(place(bench)) == 1
        store.recover()
        assert store.known(os.fsencode(bench.watched))[b"a.jpg"] == here
        assert path.read_bytes() == RESULT
        # A result elsewhere only goes while its source is whole: first the one, then the other.
        done = [*store.undo(UndoSelection(last=2), roots=bench.roots)]
        done += store.undo(UndoSelection(last=1), roots=bench.roots)
        assert [each.outcome for each in done] == ["failed", "restored", "removed"]
        assert (path.read_bytes(), out(bench).exists()) == (picture(), False)
        assert store.join(place(bench)) == 0
        assert store.why_left_alone(digest(picture()), "") is Role.KEPT


def test_our_earlier_result_is_written_over_apart_and_counts_once(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        write_out(store, bench, path)
    path.write_bytes(picture(1))
    with apart(bench) as store:
        assert write_out(store, bench, path) == out(bench)
    with bench.store() as store:
        store.join(place(bench))
        store.recover()
        counters = store.counters(0.0)
    assert out(bench).read_bytes() == smaller(picture(1))
    assert counters.saved_total == len(picture(1)) - len(smaller(picture(1)))


def test_one_apart_takes_in_another(bench: Bench) -> None:
    """A second run knows the results of the first while the ledger is still not to be had."""
    path = bench.drop()
    with apart(bench) as store:
        write_out(store, bench, path)
    path.write_bytes(picture(1))
    with apart(bench, "two") as store:
        assert store.join(place(bench)) == 1
        assert store.finish_open_jobs() == []
        assert write_out(store, bench, path) == out(bench)
    with bench.store() as store:
        assert store.join(place(bench, "two")) == 2
        assert store.join(place(bench)) == 0
    assert written(bench) == [("a.jpg", "compressed"), ("a.jpg", "compressed")]


def test_two_apart_never_write_over_each_other(bench: Bench) -> None:
    one, other = bench.drop("a.jpg"), bench.drop("b.jpg", picture(1))
    with apart(bench) as first, apart(bench, "two") as second:
        write_out(first, bench, one, "same.jpg")
        with pytest.raises(Exception, match="it is there already"):
            write_out(second, bench, other, "same.jpg")
    assert out(bench, "same.jpg").read_bytes() == RESULT
    assert [path.name for path in out(bench).parent.iterdir()] == ["same.jpg"]


@pytest.mark.slow
def test_killed_at_every_step_it_leaves_nothing_behind(bench: Bench) -> None:
    """Whoever has the ledger next settles it: no temp file, a whole result or none, the source as it was."""
    path = bench.drop()
    before = facts(path)
    step, ended = 0, -9
    while ended == -9:
        step += 1
        name = f"run{step}"

        def work(step: int = step, name: str = name) -> None:
            with apart(bench, name, dying_at(step).fs()) as store:
                write_out(store, bench, path)

        ended = in_child(work)
        with bench.store() as store:
            if place(bench, name).exists():
                store.join(place(bench, name))
            store.recover()
            assert store.recover() == []
        there = [each.name for each in out(bench).parent.glob("*")]
        assert there in ([], ["a.jpg"]), step
        assert len(written(bench)) == len(there), step
        assert (path.read_bytes(), facts(path)) == (picture(), before)
        if there:
            assert out(bench).read_bytes() == RESULT
            with bench.store() as store:
                (undone,) = store.undo(UndoSelection(last=1), roots=bench.roots)
                assert (undone.outcome, out(bench).exists()) == ("removed", False)
                store.forget(None, None)
    assert (ended, step > 15) == (0, True)


def test_killed_while_joining_it_is_joined_the_next_time(bench: Bench) -> None:
    path = bench.drop()
    with apart(bench) as store:
        write_out(store, bench, path)

    def work() -> None:
        probe = Probe()
        with bench.store(probe.fs()) as store:
            probe._before = lambda number, name: os.kill(os.getpid(), 9) if name == "commit" else None
            store.join(place(bench))

    assert in_child(work) == -9
    assert written(bench) == []
    with bench.store() as store:
        assert store.join(place(bench)) == 1
    assert written(bench) == [("a.jpg", "compressed")]


def test_a_result_whose_drive_is_gone_waits_in_the_ledger(bench: Bench) -> None:
    """What was cut off is settled when its folder is back; the ledger apart is not needed for that."""
    path = bench.drop()
    probe = Probe()

    def die(number: int, name: str) -> None:
        if name in ("move", "link"):
            os.kill(os.getpid(), 9)

    def work() -> None:
        with apart(bench, fs=probe.fs()) as store:
            probe._before = die
            write_out(store, bench, path)

    assert in_child(work) == -9
    away = bench.base / "away"
    out(bench).parent.rename(away)
    with bench.store() as store:
        store.join(place(bench))
        place(bench).unlink()
        assert store.recover() == []
        away.rename(out(bench).parent)
        assert store.recover()
    assert list(out(bench).parent.iterdir()) == []


def test_names_forgotten_meanwhile_stay_hidden(bench: Bench) -> None:
    with bench.store() as store:
        write_out(store, bench, bench.drop())
    with apart(bench) as aside:
        path = bench.drop("a.jpg", picture(1))
        write_out(aside, bench, path)
        with bench.store() as store:
            assert store.forget(bench.watched, None) == 1
    with bench.store() as store:
        store.join(place(bench))
    with closing(sqlite3.connect(bench.ledger)) as connection:
        directories = {path for (path,) in connection.execute("SELECT path FROM directory")}
    assert os.fsencode(bench.watched) not in directories


def test_of_a_ledger_begun_anew_only_what_both_can_read_comes(bench: Bench) -> None:
    path = bench.drop()
    with apart(bench) as store:
        write_out(store, bench, path)
    for file in bench.ledger.parent.glob("ledger*"):
        file.unlink()
    with bench.store() as store:
        assert store.join(place(bench)) == 1
        path.write_bytes(picture(1))
        assert write_out(store, bench, path) == out(bench)


def test_a_newer_one_is_left_alone(bench: Bench) -> None:
    with apart(bench) as store:
        write_out(store, bench, bench.drop())
    with closing(sqlite3.connect(place(bench))) as connection:
        connection.execute("PRAGMA user_version = 1000")
    with bench.store() as store, pytest.raises(LedgerError, match="newer"):
        store.join(place(bench))
    assert place(bench).exists()


def test_a_damaged_one_is_lost_and_nothing_else(bench: Bench) -> None:
    with apart(bench) as store:
        write_out(store, bench, bench.drop())
    place(bench).write_bytes(b"\xff" * 9_000)
    with bench.store() as store:
        assert store.join(place(bench)) == 0
        assert store.recover() == []
    assert out(bench).read_bytes() == RESULT
