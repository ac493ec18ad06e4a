"""The read-only side gives exactly what `history`, `stats` and `originals list` print."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from homepress.store import reader as reading
from homepress.store.ledger import schema
from homepress.store.ledger.database import open_database
from homepress.store.model import LedgerError, OriginalsSelection, UndoSelection
from homepress.store.reader import HistoryFilter, Reader
from store.kit import Bench, digest, in_child, left, picture, replace, replacement, smaller

HISTORY = [
    "id",
    "time",
    "path",
    "outcome",
    "reason",
    "before_bytes",
    "after_bytes",
    "before_sha256",
    "after_sha256",
    "format",
    "score",
    "score_kind",
    "settings",
    "original",
    "dropped",
    "missed",
    "cause",
    "kind",
    "output",
    "undone",
    "saved_bytes",
]


def left_alone(store, path: Path) -> None:
    store.record(store.read(path), left(path, format="png"), "balanced", path.parent)


def test_without_a_ledger_there_is_nothing(tmp_path: Path) -> None:
    with Reader(tmp_path / "none.sqlite3") as reader:
        assert list(reader.history()) == []
        assert list(reader.originals()) == []
        assert reader.stats().total.images == 0
        assert reader.counters(0).saved_total == 0
        assert (reader.count(), reader.revision(), reader.detail(1)) == (0, 0, None)
    assert list(tmp_path.iterdir()) == []


def test_a_line_of_history(bench: Bench) -> None:
    path = bench.drop()
    before = time.time()
    with bench.store() as store:
        replace(store, path, root=bench.watched)
        with Reader(bench.ledger) as reader:
            (entry,) = reader.history()
    line = msgspec.json.decode(msgspec.json.encode(entry))
    assert list(line) == HISTORY
    assert before <= line.pop("time") <= time.time()
    assert line == {
        "id": 1,
        "path": str(path),
        "outcome": "compressed",
        "reason": "",
        "before_bytes": 30_000,
        "after_bytes": 15_005,
        "before_sha256": digest(picture()),
        "after_sha256": digest(smaller(picture())),
        "format": "jpeg",
        "score": 81.5,
        "score_kind": "sampled",
        "settings": "balanced",
        "original": "kept",
        "dropped": [],
        "missed": False,
        "cause": "",
        "kind": "replace",
        "output": str(path),
        "undone": None,
        "saved_bytes": 14_995,
    }


def test_what_was_undone_or_made_anew_saves_nothing_and_all_together_is_the_sum(bench: Bench) -> None:
    paths = [bench.drop(f"{n}.jpg", picture(n)) for n in range(3)]
    before = time.time()
    with bench.store() as store:
        for path in paths:
            replace(store, path)
        list(store.undo(UndoSelection(paths=(paths[1],)), roots=bench.roots))
        replace(store, paths[1])
        list(store.undo(UndoSelection(paths=(paths[2],)), roots=bench.roots))
    with Reader(bench.ledger) as reader:
        entries, stats = list(reader.history(oldest_first=True)), reader.stats()
    saved = [entry.saved_bytes for entry in entries]
    assert [amount > 0 for amount in saved] == [True, False, False, True]
    assert sum(saved) == stats.total.saved_bytes
    undone = [entry.undone for entry in entries]
    assert [when is not None and before <= when <= time.time() for when in undone] == [
        *(False, True, True),
        False,
    ]


def test_what_was_left_out_and_not_done_stands_in_the_history(bench: Bench) -> None:
    path, other = bench.drop(), bench.drop("b.jpg", picture(2))
    with bench.store() as store:
        replace(store, path, dropped=("hdr", "16-bit"), missed=True)
        for missed in (False, True, True):
            why = left(other, "broken or incomplete", missed=missed, cause="broken")
            store.record(store.read(other), why, "small", None)
    with Reader(bench.ledger) as reader:
        found = [(entry.dropped, entry.missed, entry.cause) for entry in reader.history(oldest_first=True)]
    assert found == [(["hdr", "16-bit"], True, ""), ([], False, "broken"), ([], True, "broken")]


def test_what_became_of_the_original(bench: Bench) -> None:
    paths = [bench.drop(f"{n}.jpg", picture(n)) for n in range(5)]
    with bench.store() as store:
        for path in paths[:3]:
            replace(store, path)
        replace(store, paths[3], keep_days=0)
        left_alone(store, paths[4])
        list(store.undo(UndoSelection(paths=(paths[1],)), roots=bench.roots))
        list(store.accept(OriginalsSelection(paths=(paths[2],))))
        bench.hands.let_pass(60)
        store.maintain()
    with Reader(bench.ledger) as reader:
        states = {Path(entry.path).name: entry.original for entry in reader.history()}
    assert states == {
        "0.jpg": "kept",
        "1.jpg": "restored",
        "2.jpg": "accepted",
        "3.jpg": "expired",
        "4.jpg": "none",
    }


def test_filters_order_and_pages(bench: Bench) -> None:
    (bench.watched / "Trip").mkdir()
    names = ["a_1.jpg", "Trip/b.jpg", "Trip/c%.jpg", "d.jpg"]
    paths = [bench.drop(name, picture(n)) for n, name in enumerate(names)]
    with bench.store() as store:
        for path in paths[:2]:
            replace(store, path)
        middle = time.time()
        for path in paths[2:]:
            left_alone(store, path)

    with Reader(bench.ledger) as reader:

        def found(limit: int | None = None, oldest_first: bool = False, **where) -> list[str]:
            entries = reader.history(HistoryFilter(**where), limit=limit, oldest_first=oldest_first)
            return [Path(entry.path).relative_to(bench.watched).as_posix() for entry in entries]

        assert found() == names[::-1]
        assert found(oldest_first=True, limit=2) == names[:2]
        assert found(limit=2) == ["d.jpg", "Trip/c%.jpg"]
        assert found(below=3) == ["Trip/b.jpg", "a_1.jpg"]
        assert found(path=bench.watched / "Trip") == ["Trip/c%.jpg", "Trip/b.jpg"]
        assert found(path=paths[0]) == ["a_1.jpg"]
        assert found(text="trip") == ["Trip/c%.jpg", "Trip/b.jpg"]
        assert found(text="c%") == ["Trip/c%.jpg"]
        assert found(text="a_") == ["a_1.jpg"]
        assert found(text="__") == []
        assert found(outcome="unchanged") == ["d.jpg", "Trip/c%.jpg"]
        assert found(since=middle) == ["d.jpg", "Trip/c%.jpg"]
        assert found(until=middle, text=f"trip{os.sep}b") == ["Trip/b.jpg"]
        assert reader.count(HistoryFilter(outcome="compressed")) == 2
        for where in (HistoryFilter(), HistoryFilter(text="trip"), HistoryFilter(below=3)):
            ids = [entry.id for entry in reader.history(where)]
            assert list(reader.ids(where)) == ids
            assert list(reader.ids(where, limit=1)) == ids[:1]


def test_stats_count_what_stands(bench: Bench) -> None:
    paths = [bench.drop(f"{n}.jpg", picture(n)) for n in range(3)]
    with bench.store() as store:
        replace(store, paths[0], root=bench.watched)
        replace(store, paths[1], image_format="png")
        replace(store, paths[2])
        list(store.undo(UndoSelection(paths=(paths[2],)), roots=bench.roots))
        counters = store.counters(since=time.time() - 60)
        with Reader(bench.ledger) as reader:
            stats = reader.stats()
            biggest = [Path(entry.path) for entry in reader.biggest(9)]
            assert reader.counters(time.time() - 60) == counters
    assert sorted(biggest) == paths[:2]  # what was undone saves nothing
    saved = 30_000 - 15_005
    assert (counters.compressed_since, counters.saved_since, counters.saved_total) == (
        2,
        2 * saved,
        2 * saved,
    )
    assert counters.originals_bytes == 60_000
    total = {
        "images": 2,
        "before_bytes": 60_000,
        "after_bytes": 30_010,
        "saved_bytes": 2 * saved,
        "originals_bytes": 60_000,
    }
    assert msgspec.to_builtins(stats.total) == total == msgspec.to_builtins(stats.today)
    assert [(day.day, day.images, day.saved_bytes) for day in stats.days] == [
        (time.strftime("%Y-%m-%d"), 2, 2 * saved)
    ]
    assert set(stats.formats) == {"jpeg", "png"}
    assert set(stats.folders) == {"", str(bench.watched)}
    assert stats.folders[str(bench.watched)].images == 1


def test_originals_and_details_name_what_is_there(bench: Bench) -> None:
    path = bench.drop("a.heic")
    with bench.store() as store:
        source = store.read(path)
        receipt = store.replace(source, replacement(smaller(picture()), suffix=".jpg", keep_days=2))
        other = bench.drop("b.jpg", picture(2))
        output = store.write_output(
            store.read(other), replacement(smaller(picture(2))), bench.base / "o" / "b.jpg"
        )
    with Reader(bench.ledger) as reader:
        (original,) = reader.originals()
        assert Path(original.stored_at).read_bytes() == picture()
        assert original.keep_until == pytest.approx(original.time + 2 * 86_400)
        assert (original.id, original.path, original.bytes) == (receipt.entry, str(path), 30_000)
        detail = reader.latest(receipt.path)
        assert detail == reader.detail(receipt.entry) == reader.latest(path)
        assert detail is not None
        assert (detail.entry.kind, detail.entry.output, detail.original_path) == (
            "convert",
            str(receipt.path),
            original.stored_at,
        )
        untouched = reader.detail(output.entry)
        assert untouched is not None
        assert (untouched.entry.kind, untouched.entry.output, untouched.original_path) == (
            "output",
            str(output.path),
            str(other),
        )
        assert reader.latest(bench.watched / "none.jpg") is None


def test_a_moved_home_still_finds_its_originals(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
    bench.ledger.parent.rename(bench.base / "moved")
    moved = Bench(
        bench.base,
        bench.watched,
        bench.base / "moved" / "ledger.sqlite3",
        bench.base / "moved" / "originals",
        bench.roots,
    )
    with moved.store() as store:
        assert store.recover() == []
        with Reader(moved.ledger) as reader:
            (original,) = reader.originals()
            assert Path(original.stored_at).read_bytes() == picture()
        assert [u.outcome for u in store.undo(UndoSelection(last=1), roots=bench.roots)] == ["restored"]


def test_reading_goes_on_while_the_store_writes_and_notices_it(bench: Bench) -> None:
    with bench.store() as store, Reader(bench.ledger) as reader:
        seen = reader.revision()
        replace(store, bench.drop())
        assert reader.revision() != seen
        assert reader.count() == 1
        entries = reader.history()
        next(entries)
        replace(store, bench.drop("b.jpg", picture(2)))
        list(entries)


def test_nothing_can_be_written_through_it(bench: Bench) -> None:
    with bench.store(), Reader(bench.ledger) as reader:
        assert reader._connection is not None
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._connection.execute("DELETE FROM history")


@pytest.mark.root
def test_a_user_who_may_only_read_reads(bench: Bench, as_nobody) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
    home = bench.ledger.parent
    for file in home.iterdir():
        file.chmod(0o644)
    home.chmod(0o755)

    def read() -> None:
        with Reader(bench.ledger) as reader:
            assert reader.count() == 1

    as_nobody(bench, read)


def test_a_damaged_ledger_is_told_in_words(bench: Bench) -> None:
    with bench.store() as store:
        replace(store, bench.drop())
    with bench.ledger.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(bench.ledger.stat().st_size - 4096))
    with Reader(bench.ledger) as reader, pytest.raises(LedgerError, match="damaged"):
        list(reader.history())


@pytest.mark.posix("names that are no UTF-8")
def test_a_path_that_is_no_text_is_given_as_the_system_gives_it(bench: Bench) -> None:
    path = bench.watched / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(picture())
    with bench.store() as store:
        replace(store, path)
    with Reader(bench.ledger) as reader:
        (entry,) = reader.history()
        assert os.fsencode(entry.path) == os.fsencode(path)
    assert in_child(lambda: None) == 0


def _folder(ledger: Path) -> None:
    ledger.mkdir()


def _pipe(ledger: Path) -> None:
    os.mkfifo(ledger)


def _garbage(ledger: Path) -> None:
    ledger.write_bytes(b"no database at all " * 300)


def _another_programs(ledger: Path) -> None:
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.execute("CREATE TABLE notes (text)")


def _newer(ledger: Path) -> None:
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
        connection.execute("CREATE TABLE history (something_else)")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_folder, "is a folder"),
        pytest.param(_pipe, "is not a regular file", marks=pytest.mark.posix("pipes that are files")),
        (_garbage, "is damaged"),
        (_another_programs, "is not a Homepress ledger"),
        (_newer, "newer version"),
    ],
)
def test_what_is_no_ledger_of_ours_is_told_in_words_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    make(ledger)
    before = ledger.read_bytes() if ledger.is_file() else None
    with pytest.raises(LedgerError, match=words) as caught:
        Reader(ledger)
    assert str(ledger) in str(caught.value)
    if make is not _garbage:  # which is put aside for a new one
        with pytest.raises(LedgerError, match=words):
            open_database(ledger)
    assert (ledger.read_bytes() if ledger.is_file() else None) == before


def test_a_ledger_that_another_program_has_locked_is_told_in_words(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 0.05)
    with bench.store():
        pass
    with contextlib.closing(sqlite3.connect(bench.ledger, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match="another program has the ledger locked") as caught:
            Reader(bench.ledger).count()
    assert str(bench.ledger) in str(caught.value)


@pytest.mark.posix("other users")
def test_a_ledger_of_another_user_is_told_in_words(bench: Bench, as_nobody) -> None:
    with bench.store():
        pass
    bench.ledger.parent.chmod(0o755)

    def read() -> None:
        with pytest.raises(LedgerError, match=r"belongs to another user \(number 0\)"):
            Reader(bench.ledger)

    as_nobody(bench, read)
