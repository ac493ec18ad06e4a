"""The ledger: private, checked, backed up, mended, and brought to today's schema."""

import os
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from homepress.store.ledger import schema
from homepress.store.ledger.database import backup_path
from homepress.store.model import LedgerError, Role, UndoSelection
from homepress.store.reader import Reader
from homepress.store.store import Store
from store.kit import Bench, Lacking, Probe, digest, picture, replace, replacement, smaller
from store.oldhome import old_home

RESULT = smaller(picture())


def damage(path: Path) -> None:
    """Overwrite the middle of the file."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


def notes_of(bench: Bench) -> str:
    with bench.store() as store:
        return "\n".join(str(note) for note in store.recover())


def is_still_known_and_restorable(bench: Bench, path: Path) -> None:
    with bench.store() as store:
        store.recover()
        assert store.why_left_alone(digest(RESULT), "balanced") is Role.RESULT
        assert [u.outcome for u in store.undo(UndoSelection(last=1), roots=bench.roots)] == ["restored"]
    assert path.read_bytes() == picture()


@pytest.mark.posix("modes")
def test_files_are_private_whatever_the_umask(bench: Bench) -> None:
    old = os.umask(0)
    try:
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
            files = list(bench.ledger.parent.rglob("*"))
            assert len(files) > 8
            for file in files:
                mode = stat.S_IMODE(file.stat().st_mode)
                if file.is_dir() or file.parent != bench.originals:
                    assert mode == (0o700 if file.is_dir() else 0o600), file
    finally:
        os.umask(old)
    assert stat.S_IMODE(bench.ledger.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(backup_path(bench.ledger).stat().st_mode) == 0o600


def test_a_commit_is_flushed_and_bulk_knowledge_is_not(bench: Bench) -> None:
    with bench.store() as store:
        ledger = store._context.ledger
        for durable, expected in ((True, 2), (False, 1)):
            with ledger.transaction(durable=durable) as tx:
                assert tx.execute("PRAGMA synchronous").fetchone() == (expected,)
        assert ledger.query("PRAGMA journal_mode") == [("wal",)]


def test_a_transaction_that_fails_leaves_nothing(bench: Bench) -> None:
    with bench.store() as store:
        ledger = store._context.ledger
        with pytest.raises(ZeroDivisionError), ledger.transaction() as tx:
            tx.execute("INSERT INTO meta VALUES ('x', 'y')")
            raise ZeroDivisionError
        assert ledger.query("SELECT * FROM meta WHERE key = 'x'") == []


def test_a_full_disk_is_told_as_such(bench: Bench) -> None:
    with bench.store() as store:
        ledger = store._context.ledger
        ledger.query("PRAGMA max_page_count = 1")
        with pytest.raises(OSError, match="full") as caught, ledger.transaction() as tx:
            tx.executemany(
                "INSERT INTO content VALUES (?, '', 'x')", ((os.urandom(32),) for _ in range(9999))
            )
        assert (caught.value.errno, caught.value.filename) == (28, str(bench.ledger))


@pytest.mark.parametrize("backup", [True, False], ids=["backup", "no backup"])
@pytest.mark.parametrize("harm", ["damaged", "garbage", "empty", "deleted"])
def test_a_ledger_that_is_lost_loses_no_original_and_compresses_nothing_twice(
    bench: Bench, harm: str, backup: bool
) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
    if not backup:
        backup_path(bench.ledger).unlink()
    if harm == "damaged":
        damage(bench.ledger)
    elif harm == "garbage":
        bench.ledger.write_bytes(b"this is no database" * 1000)
    elif harm == "empty":
        bench.ledger.write_bytes(b"")
    else:
        bench.ledger.unlink()
    said = notes_of(bench)
    assert said, "nothing was said about it"
    kept = list(bench.ledger.parent.glob("*damaged-*"))
    assert bool(kept) == (harm in ("damaged", "garbage"))
    is_still_known_and_restorable(bench, path)


def test_two_damaged_ledgers_of_the_same_second_are_both_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that begins anew at each boot names the same second again and again."""
    monkeypatch.setattr(time, "strftime", lambda _: "19700101-000000")
    with bench.store():
        pass
    for content in (b"first", b"second"):
        bench.ledger.write_bytes(content * 1000)
        notes_of(bench)
    kept = {file.read_bytes()[:6] for file in bench.ledger.parent.glob("*damaged-*.sqlite3")}
    assert kept == {b"firstf", b"second"}


def test_what_happened_since_the_backup_comes_from_the_sidecars(bench: Bench) -> None:
    one, two = bench.drop("1.jpg", picture(1)), bench.drop("2.jpg", picture(2))
    with bench.store() as store:
        replace(store, one)
        store._context.ledger.backup()
        replace(store, two)
        saved = backup_path(bench.ledger).read_bytes()
    backup_path(bench.ledger).write_bytes(saved)
    bench.ledger.unlink()
    assert "1 originals that the ledger did not know" in notes_of(bench)
    with Reader(bench.ledger) as reader:
        assert {Path(original.path).name for original in reader.originals()} == {"1.jpg", "2.jpg"}


def test_a_journal_from_the_backup_is_not_believed(bench: Bench) -> None:
    """It said "nothing but our temp file is there" at the time; by now the temp may be the original."""
    path = bench.drop()
    probe = Probe(steps=frozenset())
    with bench.store(probe.fs()) as store:
        ledger = store._context.ledger
        source = store.read(path)
        state = {"backed up": False}

        def before(number: int, name: str) -> None:
            if name == "create_file" and not state["backed up"]:
                state["backed up"] = True
                ledger.backup()
            elif name == "move":
                raise SystemExit  # after the exchange

        probe._before = before
        probe.steps = frozenset({"create_file", "move", "unlink"})
        with pytest.raises(SystemExit):
            store.replace(source, replacement(RESULT))
        probe.steps = frozenset()
        saved = backup_path(bench.ledger).read_bytes()
    (temp,) = bench.temps()
    (bench.watched / temp).write_bytes(b"the original, edited by a program that still had it open")
    backup_path(bench.ledger).write_bytes(saved)
    bench.ledger.unlink()
    notes_of(bench)
    contents = [p.read_bytes() for p in bench.watched.iterdir()]
    assert b"the original, edited by a program that still had it open" in contents


def test_a_ledger_of_a_newer_version_is_left_alone(bench: Bench) -> None:
    with bench.store():
        pass
    with sqlite3.connect(bench.ledger) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerError, match="newer version"):
        Store.open(bench.ledger, bench.originals)


def test_another_program_s_database_is_left_alone(bench: Bench) -> None:
    bench.ledger.parent.mkdir()
    with sqlite3.connect(bench.ledger) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(LedgerError, match="not a Homepress ledger"):
        Store.open(bench.ledger, bench.originals)


def test_an_older_ledger_is_brought_up_to_date_after_a_copy(bench: Bench, monkeypatch) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE added (x); SELECT 1"))
    monkeypatch.setattr("homepress.store.ledger.database.MIGRATIONS", schema.MIGRATIONS)
    with bench.store() as store:
        assert store._context.ledger.query("SELECT * FROM added") == []
        assert store._context.ledger.query("PRAGMA user_version") == [(len(schema.MIGRATIONS),)]
    assert list(bench.ledger.parent.glob(f"*.version-{len(schema.MIGRATIONS) - 1}.*"))
    is_still_known_and_restorable(bench, path)


def test_a_migration_that_fails_changes_nothing(bench: Bench, monkeypatch) -> None:
    with bench.store():
        pass
    broken = (*schema.MIGRATIONS, "CREATE TABLE added (x); CREATE TABLE history (x)")
    monkeypatch.setattr("homepress.store.ledger.database.MIGRATIONS", broken)
    with pytest.raises(LedgerError, match="up to date"):
        Store.open(bench.ledger, bench.originals)
    monkeypatch.undo()
    with bench.store() as store:
        assert store._context.ledger.query("PRAGMA user_version") == [(len(schema.MIGRATIONS),)]
        assert store._context.ledger.condition == "good"


def test_a_ledger_of_the_first_version_is_used_on(tmp_path: Path) -> None:
    bench = old_home(tmp_path / "old", 3)
    with sqlite3.connect(bench.ledger) as connection:
        connection.execute("DROP INDEX history_standing")
        connection.execute("ALTER TABLE history DROP COLUMN superseded")
        connection.execute("ALTER TABLE folder DROP COLUMN stopped")
        connection.execute("CREATE INDEX history_standing ON history (time) WHERE original <> 'restored'")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with pytest.raises(LedgerError, match="homepress run"):
        Reader(bench.ledger)
    with bench.store() as store:
        assert store.folders.stopped_replacing(bench.watched) == ""
        store.folders.stop_replacing(bench.watched, "the disk may be failing")
    with bench.store() as store:
        assert store.folders.stopped_replacing(bench.watched) == "the disk may be failing"
        store.folders.looked_at(bench.watched)
        assert store.folders.stopped_replacing(bench.watched) == ""
        (undone,) = store.undo(UndoSelection(paths=(bench.watched / "0.jpg",)), roots=bench.roots)
        assert undone.outcome == "restored"


@pytest.mark.posix("names that are no UTF-8")
def test_paths_are_kept_byte_for_byte(bench: Bench) -> None:
    path = bench.watched / os.fsdecode(b"\xff\xfe caf\xe9.jpg")
    path.write_bytes(picture())
    with bench.store(Lacking().fs()) as store:
        replace(store, path)
        assert set(store.known(os.fsencode(bench.watched))) == {b"\xff\xfe caf\xe9.jpg"}
        (undone,) = store.undo(UndoSelection(paths=(path,)), roots=bench.roots)
        assert (undone.outcome, undone.path) == ("restored", str(path))
